"""Changes of files as the system tells them: nothing is looked at between two events.

The one door to `watchfiles`. Knows paths only; what a change means is the caller's business.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator

MOST = 20_000
"""Folders that are watched; a system allows a user some ten thousand to some hundred thousand in all."""
_TURN = 500
"""Milliseconds after which an empty group is handed over."""
_TOGETHER = 400
"""Milliseconds that changes are gathered for: an editor that saves makes several."""
_STEP = 50
"""Milliseconds of silence that end a group."""

Wanted = Callable[[str, bool], bool]
"""Whether a change of this path counts; the second says that it came or went."""


class Unwatchable(Exception):
    """The system tells nothing here, with the reason."""


def file_events(folders: Iterable[str], wanted: Wanted, stop: threading.Event) -> Iterator[frozenset[str]]:
    """The paths that changed directly in these folders, in groups, until `stop` is set. The first group comes only when
    watching has begun; an empty one comes from time to time. Raises Unwatchable."""
    if os.uname().release.lower().endswith("microsoft-standard-wsl2"):
        raise Unwatchable("WSL tells no changes of Windows' folders")
    there = sorted(folder for folder in set(folders) if os.path.isdir(folder))
    if not 0 < len(there) <= MOST:
        raise Unwatchable(f"{len(there)} folders" if there else "no folder is there")
    # Deferred: 60 ms, and only screens that watch need it.
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        raise Unwatchable("watchfiles is not installed") from error

    try:
        for changes in watch(
            *there, watch_filter=lambda change, path: wanted(path, change is not Change.modified), stop_event=stop,
            debounce=_TOGETHER, step=_STEP, rust_timeout=_TURN, yield_on_timeout=True, raise_interrupt=False,
            force_polling=False, recursive=False, ignore_permission_denied=True,
        ):
            yield frozenset(path for _, path in changes)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unwatchable(str(error) or type(error).__name__) from error
