"""Which folders below a root are projects of their own: those with a version file, a devbox.toml or a Dockerfile.

Names alone decide; nothing is opened. Where git cannot list, a bounded walk does (security.md 3.2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from devbox.project.discovery import DEVCONTAINER_FILES, DOCKERFILE, FILE
from devbox.project.pins import mise_names, nvmrc, package_json, python_version

ENTRIES = 400_000
"""Names that a walk looks at."""
DEPTH = 24
SECONDS = 4.0
_OTHERS = (
    "go.mod", "go.work", "rust-toolchain", "rust-toolchain.toml", ".ruby-version", ".java-version", ".sdkmanrc",
    "global.json", ".terraform-version", ".node-version", "pyproject.toml", ".python-versions", ".tool-versions",
)
_NAMES = (
    FILE, DOCKERFILE, python_version.NAME, nvmrc.NAME, package_json.NAME, *_OTHERS, *DEVCONTAINER_FILES,
    *mise_names.config_names(mise_names.Naming()), *(name for names in mise_names.IDIOMATIC.values() for name in names),
)
_FLAT = frozenset(os.fsencode(name) for name in _NAMES if "/" not in name)
_NESTED = sorted({os.fsencode(f"/{name}") for name in _NAMES if "/" in name and "*" not in name}, key=len)[::-1]
"""Names that stand in a folder of their own, longest first: `.config/mise/config.toml` is of what `.config` is in."""
_LAST = frozenset(name.rpartition(b"/")[2] for name in _NESTED)
_PASSED = frozenset(("node_modules", "venv", "site-packages", "__pycache__", "bower_components", "target", "vendor"))
"""Folders of other people's code, where no ignore file tells."""


def project_folders(names: Iterable[bytes]) -> tuple[str, ...]:
    """The folders of these files, relative like the files, sorted; the root is `.`."""
    folders: set[bytes] = set()
    for name in names:
        folder, _, last = name.rpartition(b"/")
        whole = b"/" + name
        nested = next((one for one in _NESTED if whole.endswith(one)), None) if last in _LAST else None
        if nested is not None:
            folders.add(whole[: -len(nested)][1:])
        elif last in _FLAT:
            folders.add(folder)
    return tuple(sorted(os.fsdecode(folder) or "." for folder in folders))


def walk(
    root: str, clock: Callable[[], float], refused: Callable[[str], object] = lambda folder: None
) -> Iterator[bytes]:
    """The names of files below the root; not through symlinks, mount points, dot-folders and `node_modules`.

    Ends quietly at its bounds. `clock` gives seconds; `refused` hears of each folder that cannot be listed.
    """
    end = clock() + SECONDS
    seen = 0
    todo = [("", 0)]
    device = os.stat(root).st_dev
    while todo:
        folder, depth = todo.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    seen += 1
                    if seen > ENTRIES or clock() > end:
                        return
                    name = os.path.join(folder, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if depth < DEPTH and _enters(entry, device):
                            todo.append((name, depth + 1))
                    else:
                        yield os.fsencode(name)
        except PermissionError:
            refused(folder)
        except (OSError, ValueError):
            continue


def _enters(entry: os.DirEntry[str], device: int) -> bool:
    name = entry.name
    hidden = name.startswith(".") and name not in (".config", ".mise", ".devcontainer")
    return not hidden and name not in _PASSED and entry.stat(follow_symlinks=False).st_dev == device
