"""A git checkout read as data: its index, configuration and attributes, and what should be in its folders.

Nothing is run, and a path that the repository wrote (a `.git` file's) is looked at, never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from devbox.core.frozen import dataclass
from devbox.core.git_checks import REGULAR, SUBMODULE, Setting, Tracked
from devbox.project.git_config import filters_lfs, settings, settles_line_endings
from devbox.project.git_index import parse_index
from devbox.project.pins.files import folders_up
from devbox.project.reading import Absent, Refused, list_project_folder, read_outside_file, read_project_file

VERSION_FILES = (
    ".python-version", ".python-versions", ".nvmrc", ".node-version", ".ruby-version", ".java-version", ".sdkmanrc",
    ".tool-versions", "mise.toml", ".mise.toml", "rust-toolchain", "rust-toolchain.toml", "global.json",
    ".terraform-version", ".go-version", "devbox.toml", "devbox.lock.toml",
)
"""Files whose only purpose is to tell teammates a version; personal variants (`*.local.*`) are not among them."""
_POINTER = b"version https://git-lfs.github.com/spec/v1"
_POINTER_SIZES = range(100, 1025)
"""Bytes (git-lfs spec: a pointer is shorter than 1024; version, oid and size take more than 100)."""
_LOOK_LIMIT = 200
"""Files of one kind that are looked at."""


class NotRead(Exception):
    """The index is not read as data; the text is why."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where a checkout is, and where the project is in it."""

    root: str
    """Absolute."""
    inside: str
    """The project's folder relative to the checkout; empty where they are the same."""
    git_dir: str | None = None
    """Where a `.git` file leads; None where `.git` is a folder."""

    def path(self, name: str) -> str:
        """A file of the project as git names it."""
        return f"{self.inside}/{name}" if self.inside else name

    def shown(self, path: str) -> str | None:
        """A tracked path relative to the project; None outside it."""
        if not self.inside:
            return path
        return path[len(self.inside) + 1 :] if path.startswith(f"{self.inside}/") else None


def find_checkout(root: str) -> Checkout | None:
    """The checkout around the canonical folder `root`; None outside one, and where `.git` holds no repository."""
    for folder in folders_up(root):
        place = os.path.join(folder, ".git")
        if not os.path.lexists(place):
            continue
        inside = os.path.relpath(root, folder)
        inside = "" if inside == "." else inside
        if os.path.isdir(place):
            return Checkout(folder, inside) if os.path.lexists(os.path.join(place, "HEAD")) else None
        content = read_project_file(folder, ".git")
        if isinstance(content, bytes) and content.startswith(b"gitdir:"):
            target = content[7:].strip().decode("utf-8", "surrogateescape")
            return Checkout(folder, inside, os.path.normpath(os.path.join(folder, target)))
        return None
    return None


def read_index(checkout: Checkout) -> tuple[Tracked, ...]:
    """The tracked files. Raises NotRead where only git can tell them."""
    if checkout.git_dir is not None:
        _not_read("its index lies outside the checkout")
    config = read_project_file(checkout.root, ".git/config")
    if isinstance(config, bytes) and "sha256" in settings(config, "extensions", "objectformat"):
        _not_read("it is a SHA-256 repository")
    content = read_project_file(checkout.root, ".git/index")
    if isinstance(content, Absent):
        return ()  # nothing was ever added
    if isinstance(content, Refused):
        _not_read(f"its index {content.sentence}")
    try:
        return parse_index(content)
    except ValueError as error:
        _not_read(f"its index: {error}")


def present_version_files(checkout: Checkout, root: str) -> Iterator[str]:
    """Version files at the project's top, as git names them."""
    return (checkout.path(name) for name in VERSION_FILES if os.path.isfile(os.path.join(root, name)))


def empty_submodules(checkout: Checkout, tracked: Iterable[Tracked]) -> tuple[str, ...]:
    """Submodules of the project whose folder is absent or empty."""
    modules = [one.path for one in tracked if one.mode == SUBMODULE and checkout.shown(one.path)][:_LOOK_LIMIT]
    return tuple(path for path in modules if list_project_folder(checkout.root, path) in ((), Absent()))


def lfs_pointers(checkout: Checkout, tracked: Sequence[Tracked]) -> tuple[str, ...]:
    """Files that hold a pointer where git should have put their content; asked only where attributes name Git LFS."""
    attributes = [one.path for one in tracked if one.path.rpartition("/")[2] == ".gitattributes"][:_LOOK_LIMIT]
    contents = (read_project_file(checkout.root, path) for path in attributes)
    if not any(isinstance(content, bytes) and filters_lfs(content) for content in contents):
        return ()
    small = (one.path for one in tracked if one.mode & 0o170000 == REGULAR & 0o170000 and _is_small(checkout, one))
    candidates = [path for path, _ in zip(small, range(_LOOK_LIMIT), strict=False)]
    return tuple(path for path in candidates if _is_pointer(checkout.root, path))


def autocrlf(checkout: Checkout, user_files: Iterable[str]) -> Setting | None:
    """core.autocrlf as git would take it: `user_files` from the weakest, then the repository's own."""
    chosen: Setting | None = None
    for path in user_files:
        content = read_outside_file(path)
        for value in settings(content, "core", "autocrlf") if isinstance(content, bytes) else ():
            chosen = Setting(value, path)
    local = read_project_file(checkout.root, ".git/config") if checkout.git_dir is None else Absent()
    for value in settings(local, "core", "autocrlf") if isinstance(local, bytes) else ():
        chosen = Setting(value, ".git/config")
    return chosen


def line_endings_settled(checkout: Checkout) -> bool:
    """Whether the checkout's own .gitattributes decides line endings for every file."""
    content = read_project_file(checkout.root, ".gitattributes")
    return isinstance(content, bytes) and settles_line_endings(content)


def safe_directories(user_files: Iterable[str]) -> tuple[str, ...]:
    """Checkouts of other owners that the user's configuration accepts; an empty value forgets those before it."""
    found: list[str] = []
    for path in user_files:
        content = read_outside_file(path)
        for value in settings(content, "safe", "directory") if isinstance(content, bytes) else ():
            found = [*found, value] if value else []
    return tuple(found)


def _not_read(why: str) -> NoReturn:
    raise NotRead(why)


def _is_small(checkout: Checkout, one: Tracked) -> bool:
    if one.size is not None:
        return one.size in _POINTER_SIZES
    try:
        return os.lstat(os.path.join(checkout.root, one.path)).st_size in _POINTER_SIZES
    except (OSError, ValueError):
        return False


def _is_pointer(root: str, path: str) -> bool:
    content = read_project_file(root, path, limit=_POINTER_SIZES.stop)
    return isinstance(content, bytes) and content.startswith(_POINTER)
