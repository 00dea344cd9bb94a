"""The bundled project of `devbox demo`: a copy of it in a folder of its own, its two edits, its removal.

The copy lives below devbox's cache folder, because that is where every engine on this machine can mount from: `/tmp` is
another place to an engine from snap, and unknown to one in a virtual machine. Runs nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.core.labels import project_id
from devbox.host.loopback import free_port
from devbox.store.paths import StateDirs, storage_error

PREFERRED_PORT = 8000
SOURCE = "greeting.py"
"""The mounted file that the tour edits."""
DEPENDENCIES = "requirements.txt"
GREETING = "Hello from the box"
NEW_GREETING = "Hello again, from the very same container"
_RUN, _KEPT = "run-", "kept-"

_LOCAL = """\
# Written by `devbox demo` for this machine: the base image that is at hand, a port that is free.
[box]
args = {{ BASE = "{base}" }}
ports = ["{port}:8000"]

[sidecars.cache]
args = {{ BASE = "{base}" }}
"""


@dataclass(frozen=True, slots=True)
class DemoCopy:
    """One copy of the demo project, this process's as long as it lives."""

    root: Path
    """Canonical, as a workspace wants it."""
    port: int = PREFERRED_PORT
    """On the host's loopback address."""

    def edit_source(self) -> None:
        """Change what the service says, as an editor would: in place."""
        path = self.root / SOURCE
        path.write_text(path.read_text(encoding="utf-8").replace(GREETING, NEW_GREETING), encoding="utf-8")

    def edit_dependencies(self, mark: str) -> None:
        """Add a line that no earlier run can have added, so that no cache of an earlier run holds it."""
        with (self.root / DEPENDENCIES).open("a", encoding="utf-8") as file:
            file.write(f"\n# added by the tour, {mark}\nhumanize==4.12.3\n")

    def settle(self, *, base: str, preferred: int = PREFERRED_PORT) -> DemoCopy:
        """Write what this machine decides into the copy's devbox.local.toml: base image and free port."""
        port = free_port(preferred)
        (self.root / "devbox.local.toml").write_text(_LOCAL.format(base=base, port=port), encoding="utf-8")
        return replace(self, port=port)


def copy_demo(source: Path, state: StateDirs, *, keep: bool = False) -> DemoCopy:
    """Copy the bundled project into a fresh private folder and hold it until this process ends.

    Modes come from the caller's umask, not from the installed package, which may be read-only. Raises ExhaustedError or
    ConfigError where devbox's cache folder can't be written.
    """
    parent = _folder(state)
    try:
        new = Path(tempfile.mkdtemp(prefix="new-", dir=state.ensure(parent)))
        # Held before it has the name that `abandoned` looks for.
        _hold(new)
        root = new.rename(new.with_name((_KEPT if keep else _RUN) + new.name.removeprefix("new-"))).resolve()
        for path in sorted(source.rglob("*")):
            target = root / path.relative_to(source)
            if "__pycache__" in path.parts:
                continue
            if path.is_dir():
                target.mkdir()
            else:
                shutil.copyfile(path, target)
    except OSError as error:
        raise storage_error(error, parent) from error
    return DemoCopy(root)


def abandoned(state: StateDirs) -> tuple[Path, ...]:
    """Copies whose demo ended without clearing away, killed for one: not to be kept, and held by nobody any more."""
    found = []
    for path in sorted(_folder(state).glob(f"{_RUN}*")):
        with suppress(OSError):
            os.close(_hold(path))
            found.append(path.resolve())
    return tuple(found)


def remove_copy(root: Path) -> None:
    """Remove a copy; what can't be removed raises ConfigError with its path, what is gone is no error."""
    try:
        shutil.rmtree(root)
    except FileNotFoundError:
        return
    except OSError as error:
        summary = f"the demo's copy could not be removed: {error.strerror}"
        raise ConfigError(summary, path=str(root), hint=f"`rm -rf {root}`") from error


def forget(root: Path, state: StateDirs, uid: int) -> None:
    """Remove what devbox noted of a removed copy: its lock and its containers' saved logs."""
    identity = project_id(str(root), uid)
    for path in (state.locks / f"{identity}.lock", *state.logs.glob(f"*-{identity[:8]}-*.log")):
        with suppress(OSError):
            path.unlink()


def _folder(state: StateDirs) -> Path:
    return state.cache / "demo"


def _hold(path: Path) -> int:
    """Lock the folder until the descriptor is closed, by the process's end at the latest. OSError if it is held."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
