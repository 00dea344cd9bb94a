"""The last output of removed containers, below `logs/` of the state folder (contract.md, Files).

Text arrives masked and cleaned; this module only writes it whole or not at all and forgets the oldest.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from devbox.store.atomic import write_atomic
from devbox.store.paths import StateDirs

KEPT = 50
"""Files; the oldest go."""


def save_container_log(state: StateDirs, container: str, text: bytes) -> Path:
    """Write `<container>.log`, replacing an older one of that name.

    Raises ExhaustedError or ConfigError when the folder can't be written.
    """
    folder = state.ensure(state.logs)
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in container).lstrip(".")[:200]
    path = folder / f"{name or 'container'}.log"
    write_atomic(path, text)
    _forget_oldest(folder)
    return path


def _forget_oldest(folder: Path) -> None:
    with contextlib.suppress(OSError):
        saved = sorted(folder.glob("*.log"), key=lambda path: path.lstat().st_mtime)
        for path in saved[:-KEPT]:
            path.unlink(missing_ok=True)
