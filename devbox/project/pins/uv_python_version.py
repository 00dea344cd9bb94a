"""`.python-version` and `.python-versions` as uv finds and reads them (spec/toolchains.md 3.2).

Source: `crates/uv-python/src/version_files.rs`. Whether a line is a request that uv supports, core/toolchain/uv tells.
"""

from __future__ import annotations

import os

from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.python_version import Word

PLURAL = ".python-versions"
"""The file that only uv and mise read."""
_NAMES = (".python-version", PLURAL)


def find(files: VersionFiles, cwd: str, user_config: str) -> str | None:
    """The nearest file, not past the project root (the nearest pyproject.toml); else the user's own."""
    for folder in folders_up(cwd):
        found = _in_folder(files, folder)
        if found is not None:
            return found
        if files.is_file(os.path.join(folder, "pyproject.toml")):
            break
    return _in_folder(files, user_config)


def _in_folder(files: VersionFiles, folder: str) -> str | None:
    for name in _NAMES:
        path = os.path.join(folder, name)
        files.note_irregular(path)
        if files.is_file(path):
            return path
    return None


def parse(data: bytes) -> tuple[Word, ...] | None:
    """Every line that is neither blank nor a comment, whole; None where the file is not UTF-8, which uv refuses."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = ((line.removesuffix("\r"), number) for number, line in enumerate(text.split("\n"), start=1))
    return tuple(Word(line, number) for line, number in lines if line.strip() and not line.strip().startswith("#"))
