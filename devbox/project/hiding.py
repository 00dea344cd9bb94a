"""Modules at the top of a project whose names are taken by the standard library or by an installed package.

Python puts the folder of a script first on its search path, so `random.py` beside it is what `import random` finds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from devbox.core.environment_checks import Hiding
from devbox.project.reading import list_project_folder

_ENVIRONMENTS = (".venv", "venv")


def hiding_modules(root: str, names: Iterable[str]) -> tuple[Hiding, ...]:
    """What hides something, among the names in the canonical folder `root`."""
    modules = [(name, name.removesuffix(".py")) for name in names if _is_module(root, name)]
    standard = [
        Hiding(name, module, "the standard library") for name, module in modules if module in sys.stdlib_module_names
    ]
    files = [(name, module) for name, module in modules if name.endswith(".py") and module not in _OWN]
    return (*standard, *_installed(root, files)) if files else tuple(standard)


_OWN = frozenset({"setup", "conftest", "noxfile", "manage", "tasks", "__init__", "__main__"})
"""Modules that stand at the top of projects by convention; packages install some of them by mistake."""


def _is_module(root: str, name: str) -> bool:
    if name.endswith(".py"):
        return True
    return name in sys.stdlib_module_names and os.path.isfile(os.path.join(root, name, "__init__.py"))


def _installed(root: str, files: list[tuple[str, str]]) -> Iterator[Hiding]:
    """Files that a package of the project's own virtual environment has too, unless it is the project itself."""
    for folder in _package_folders(root):
        listed = list_project_folder(root, folder)
        if not isinstance(listed, tuple):
            continue
        present = set(listed)
        for name, module in files:
            if (name in present or module in present) and not _from_here(root, folder, module, listed):
                yield Hiding(name, module, folder)


def _package_folders(root: str) -> Iterator[str]:
    for environment in _ENVIRONMENTS:
        versions = list_project_folder(root, f"{environment}/lib")
        for version in versions if isinstance(versions, tuple) else ():
            if version.startswith("python3"):
                yield f"{environment}/lib/{version}/site-packages"


def _from_here(root: str, folder: str, module: str, listed: Iterable[str]) -> bool:
    """Whether the package of that name was installed from a folder: the project itself."""
    for name in listed:
        if name.lower().replace("-", "_").startswith(f"{module.lower()}_") and name.endswith(".dist-info"):
            return os.path.isfile(os.path.join(root, folder, name, "direct_url.json"))
    return False
