"""Where devbox keeps its own files: the only folders it may write without being asked (security.md 8.1).

Each is `devbox` under one of the XDG base directories, absolute and owned by the user, else refused. Folders are made
on demand, so that a command which stores nothing leaves nothing behind. Knows no file format.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from devbox.core.errors import ConfigError, DevboxError, ExhaustedError
from devbox.core.frozen import dataclass

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class StateDirs:
    """The four folders of contract.md, "Files". Nothing in them needs to exist."""

    state: Path
    """What must survive: the ledger, trust, locks, logs of removed containers, crash reports."""
    cache: Path
    """Safe to delete at any time."""
    config: Path
    """The user's settings."""
    runtime: Path
    """Sockets; gone after logout."""

    @property
    def ledger(self) -> Path:
        """Builds, steps, keys and durations."""
        return self.state / "ledger.sqlite3"

    @property
    def trust(self) -> Path:
        """Folder trust, one file per identity."""
        return self.state / "trust"

    @property
    def locks(self) -> Path:
        """One lock file per project identity."""
        return self.state / "locks"

    @property
    def logs(self) -> Path:
        """The last output of removed containers."""
        return self.state / "logs"

    @property
    def crash(self) -> Path:
        """Reports of internal errors."""
        return self.state / "crash"

    @property
    def settings(self) -> Path:
        """The user's config.toml."""
        return self.config / "config.toml"

    @classmethod
    def from_environment(cls, env: Mapping[str, str], home: Path) -> StateDirs:
        """The folders by the XDG base directory rules.

        Raises ConfigError for a relative base directory. Without XDG_RUNTIME_DIR sockets live below the state folder.
        """
        state = (_base(env, "XDG_STATE_HOME") or home / ".local" / "state") / "devbox"
        cache = _base(env, "XDG_CACHE_HOME") or home / ".cache"
        config = _base(env, "XDG_CONFIG_HOME") or home / ".config"
        runtime = _base(env, "XDG_RUNTIME_DIR")
        return cls(
            state=state, cache=cache / "devbox", config=config / "devbox",
            runtime=state / "run" if runtime is None else runtime / "devbox",
        )

    def ensure(self, folder: Path) -> Path:
        """Make `folder` (one of ours, or below) with mode 0700 and check that it really is ours.

        Raises ConfigError where it can't be ours (a link, another owner, no permission), ExhaustedError where the disk
        is full or read-only.
        """
        top = next((own for own in self._tops if folder == own or own in folder.parents), None)
        if top is None:
            raise ValueError(f"not one of devbox's folders: {folder}")
        chain = [top, *(top / part for part in _prefixes(folder.relative_to(top)))]
        try:
            os.makedirs(top.parent, mode=PRIVATE, exist_ok=True)
            for path in chain:
                _make_private(path)
        except OSError as error:
            raise storage_error(error, folder) from error
        return folder

    @property
    def _tops(self) -> tuple[Path, ...]:
        return (self.runtime, self.state, self.cache, self.config)


def storage_error(error: OSError, path: Path | str) -> DevboxError:
    """What an OSError while writing at `path` means for the user: a used-up resource with its remedy, or a folder that
    can't be used (security.md 8.4)."""
    import errno  # built in, but only failures need it

    name = str(path)
    exhausted = {
        errno.ENOSPC: ("no space left on the disk", "free some space: `df -h` shows what is full"),
        errno.EDQUOT: ("the disk quota is used up", "free some space: `quota -s` shows what is used"),
        errno.EROFS: ("the file system is read-only", "point XDG_STATE_HOME and XDG_CACHE_HOME at a writable folder"),
        errno.EMFILE: ("too many open files", "raise the limit: `ulimit -n 4096`"),
        errno.ENFILE: ("too many open files on this machine", "raise the limit: `sysctl fs.file-max` shows it"),
    }
    if error.errno in exhausted:
        what, hint = exhausted[error.errno]
        return ExhaustedError(f"cannot write {name}: {what}", hint=hint, path=name)
    reason = error.strerror or type(error).__name__
    return ConfigError(
        f"cannot use {name}: {reason}", path=name,
        hint="make it a folder of your own, or point XDG_STATE_HOME, XDG_CACHE_HOME and XDG_RUNTIME_DIR elsewhere",
    )


def _base(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name)
    if not text:
        return None
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise ConfigError(
            f"{name} is not an absolute path", path=f"env:{name}", hint=f"unset it: `unset {name}`"
        )
    return path


def _prefixes(relative: Path) -> list[Path]:
    """`a/b/c` → `a`, `a/b`, `a/b/c`."""
    return [*reversed([parent for parent in relative.parents if parent.parts]), relative] if relative.parts else []


def _make_private(path: Path) -> None:
    with suppress(FileExistsError):
        path.mkdir(mode=PRIVATE)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"{path} is not a folder", path=str(path), hint="move it away and try again")
    if found.st_uid != os.geteuid():
        raise ConfigError(
            f"{path} belongs to another user (uid {found.st_uid})", path=str(path),
            hint="run devbox as that user, or set XDG_STATE_HOME to a folder of your own",
        )
    if stat.S_IMODE(found.st_mode) != PRIVATE:
        path.chmod(PRIVATE)
