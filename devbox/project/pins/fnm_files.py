"""Where fnm finds a version: `.nvmrc`, `.node-version`, `package.json` of a folder (spec/toolchains.md 4.3).

Source: `version_files.rs`. A file whose text fnm does not understand is passed over.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.toolchain.fnm import Request, parse_request
from devbox.project.pins import package_json
from devbox.project.pins.files import VersionFiles, folders_up

NAMES = (".nvmrc", ".node-version")
_ENCODINGS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Found:
    """The file that decides: a request, or the npm range of `engines.node`."""

    declared: Declared
    request: Request | None = None


def find(files: VersionFiles, cwd: str, *, upwards: bool, engines: Callable[[str], bool] | None) -> Found | None:
    """The first file that yields a version, in the working directory, or upwards too.

    `engines` says whether a text is an npm range; None where fnm is told to leave package.json alone.
    """
    for folder in folders_up(cwd) if upwards else (cwd,):
        for name in NAMES:
            found = _version_file(files, os.path.join(folder, name))
            if found is not None:
                return found
        found = _engines(files, os.path.join(folder, package_json.NAME), engines) if engines else None
        if found is not None:
            return found
    return None


def decode(data: bytes) -> str | None:
    """The text by its byte order mark, UTF-8 without one; None where it is none."""
    mark, encoding = next(((mark, name) for mark, name in _ENCODINGS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        return None


def _version_file(files: VersionFiles, path: str) -> Found | None:
    text = _text(files, path)
    stripped = (text or "").strip()
    request = parse_request(stripped)
    if text is None or request is None:
        return None
    line = text[: text.index(stripped)].count("\n") + 1
    return Found(Declared(files.shown(path), line, stripped), request)


def _engines(files: VersionFiles, path: str, is_range: Callable[[str], bool]) -> Found | None:
    text = _text(files, path)
    document = package_json.read(text.encode()) if text is not None else None
    if not isinstance(document, package_json.PackageJson):
        return None
    wanted = document.get("engines", "node")
    if not isinstance(wanted, str) or not is_range(wanted):
        return None
    return Found(Declared(files.shown(path), document.line("engines", "node"), wanted))


def _text(files: VersionFiles, path: str) -> str | None:
    files.note_irregular(path)
    data = files.read(path) if files.is_file(path) else None
    return decode(data) if data is not None else None
