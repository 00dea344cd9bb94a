"""A build context as a stream of tar: for builders that take no directory (spec/buildkit.md 2.1, 2.2).

The ignore file is applied here, because such a builder does not. Symlinks are sent, never followed; owners are 0, as
BuildKit sends them; GNU format, because the daemon does not recognise a tar that starts with a PAX header.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator

from devbox.core.errors import BuildError, ConfigError
from devbox.core.frozen import dataclass
from devbox.project.ignore import IgnoreRules, Verdict, parse_ignore
from devbox.project.reading import Absent, Refused, read_project_file

IGNORE_FILE = ".dockerignore"
OUTSIDE_NAME = ".dockerfile.devbox"
"""What a Dockerfile from outside the context is called in the tar."""
ENTRY_LIMIT = 2_000_000
_BLOCK = 1 << 18
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class PackedContext:
    """A context ready to be sent."""

    dockerfile: str
    """The Dockerfile's name in the tar."""
    blocks: Iterator[bytes]


def pack_context(
    context: str, dockerfile: str, *, ignore_text: str | None = None, dockerfile_text: str | None = None
) -> PackedContext:
    """The context directory as tar. `ignore_text` is the Dockerfile's own ignore file, where there is one.

    Raises ConfigError for an ignore file or Dockerfile that can't be read, BuildError while streaming for a file that
    can't be.
    """
    text = _project_text(context, IGNORE_FILE) if ignore_text is None else ignore_text
    rules = parse_ignore(text or "")
    inside = os.path.relpath(dockerfile, context)
    extra: dict[str, bytes] = {}
    if dockerfile_text is not None or inside.startswith(".."):
        if dockerfile_text is None:
            dockerfile_text = _project_text(os.path.dirname(dockerfile), os.path.basename(dockerfile)) or ""
        inside = OUTSIDE_NAME
        # The daemon takes away what its .dockerignore names once it has read the Dockerfile.
        extra[IGNORE_FILE] = f"{text or ''}\n{OUTSIDE_NAME}\n{IGNORE_FILE}\n".encode("utf-8", "surrogateescape")
        extra[OUTSIDE_NAME] = dockerfile_text.encode("utf-8", "surrogateescape")
    always = [name for name in (inside, IGNORE_FILE) if name not in extra]
    return PackedContext(inside, _readable(context, _tar(context, rules.and_always(always), extra)))


def _project_text(folder: str, name: str) -> str | None:
    found = read_project_file(folder, name)
    if isinstance(found, Absent):
        return None
    if isinstance(found, Refused):
        raise ConfigError(f"{name} {found.sentence}", path=name)
    return found.decode("utf-8", "surrogateescape")


def _readable(context: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from blocks
    except OSError as error:
        raise BuildError(f"cannot read the build context {context}: {error.strerror}", path=context) from error


def _tar(context: str, rules: IgnoreRules, extra: dict[str, bytes]) -> Iterator[bytes]:
    for name, content in extra.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        yield _header(entry) + content + _padding(len(content))
    sent: set[str] = set()
    for path, status in _entries(context, rules):
        if path in extra:
            continue
        for folder in _folders_above(path):
            if folder not in sent:
                sent.add(folder)
                yield _header(_entry(folder, os.lstat(os.path.join(context, folder))))
        if stat.S_ISDIR(status.st_mode):
            if path not in sent:
                sent.add(path)
                yield _header(_entry(path, status))
        elif stat.S_ISLNK(status.st_mode):
            entry = _entry(path, status)
            entry.linkname = os.readlink(os.path.join(context, path))
            yield _header(entry)
        elif stat.S_ISREG(status.st_mode):
            yield from _file(context, path)
        elif stat.S_ISFIFO(status.st_mode):
            yield _header(_entry(path, status))
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _entries(context: str, rules: IgnoreRules) -> Iterator[tuple[str, os.stat_result]]:
    """Everything that is sent, folders before what is in them, names sorted."""
    waiting: list[tuple[str, Verdict]] = [("", Verdict(False))]
    count = 0
    while waiting:
        folder, above = waiting.pop()
        folders = []
        for name, status in _listing(context, folder):
            count += 1
            if count > ENTRY_LIMIT:
                raise BuildError(f"the build context {context} holds more than {ENTRY_LIMIT} files")
            path = f"{folder}/{name}" if folder else name
            verdict = rules.judge(path, above)
            if stat.S_ISDIR(status.st_mode) and (not verdict.ignored or rules.takes_back):
                folders.append((path, verdict))
            if not verdict.ignored:
                yield path, status
        waiting.extend(reversed(folders))


def _listing(context: str, folder: str) -> list[tuple[str, os.stat_result]]:
    try:
        with os.scandir(os.path.join(context, folder)) as entries:
            return sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
    except FileNotFoundError:
        return []  # gone since its folder was listed
    except OSError as error:
        raise BuildError(f"cannot read {folder or context}: {error.strerror}", path=folder or None) from error


def _file(context: str, path: str) -> Iterator[bytes]:
    """One regular file; what it loses or gains while it is read does not shift what follows."""
    try:
        descriptor = os.open(os.path.join(context, path), _FLAGS)
    except OSError as error:
        raise BuildError(
            f"cannot read {path}: {error.strerror}", path=path, hint="make it readable, or name it in .dockerignore"
        ) from error
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        entry = _entry(path, status)
        yield _header(entry)
        left = entry.size
        while left and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
        while left:
            block = b"\0" * min(_BLOCK, left)
            left -= len(block)
            yield block
    yield _padding(entry.size)


def _entry(path: str, status: os.stat_result) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode = stat.S_IMODE(status.st_mode)
    entry.mtime = int(status.st_mtime)
    entry.type = {stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFIFO: tarfile.FIFOTYPE}.get(
        stat.S_IFMT(status.st_mode), tarfile.REGTYPE
    )
    entry.size = status.st_size if entry.isreg() else 0
    return entry


def _header(entry: tarfile.TarInfo) -> bytes:
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]

