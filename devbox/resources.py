"""Where the files that travel with devbox lie: styles, profiles, the demo project.

In a checkout styles and profiles are folders beside the package; in the wheel the build backend puts them inside it
(pyproject.toml, force-include). Only finds; reading them is for whoever asked.
"""

from __future__ import annotations

from pathlib import Path

from devbox.core.errors import DevboxError

PACKAGE = Path(__file__).resolve().parent


def styles_folder() -> Path:
    """The folder of Textual stylesheets, one per screen."""
    return _folder("styles")


def profiles_folder() -> Path:
    """The folder of shipped profiles, `<name>.toml` each."""
    return _folder("profiles")


def demo_folder() -> Path:
    """The bundled demo project; a read-only original, to be copied before use."""
    return PACKAGE / "demo_project"


def _folder(name: str) -> Path:
    installed = PACKAGE / f"_{name}"
    folder = installed if installed.is_dir() else PACKAGE.parent / name
    if not folder.is_dir():
        raise DevboxError(
            f"devbox's own {name} are missing from this installation", path=str(installed),
            hint="reinstall it: `pip install --force-reinstall devbox-tui`",
        )
    return folder
