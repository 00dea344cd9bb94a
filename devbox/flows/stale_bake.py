"""Edits that BuildKit would not notice, and their cure: the files' times are set to now, if the person wants it.

BuildKit compares its copy of a context by size, time and mode (spec/buildkit.md 4.3): an edit that keeps them would
leave the old content in the image, even with `--no-cache`. Times are all that is ever changed here.
"""

from __future__ import annotations

from collections.abc import Generator

from devbox.core.events import Event, Note
from devbox.flows.cache_context import Contexts
from devbox.flows.workspace import Workspace
from devbox.project.touch import touch

_SHOWN, _ASKED = 3, 20
"""Files that the note and the question name."""


def cure(workspace: Workspace, contexts: Contexts) -> Generator[Event, None, bool]:
    """Say what will not be noticed, ask, and touch it; whether any file was touched."""
    files = [(context.folder, path) for context in contexts.by_name.values() for path in context.unseen]
    if not files:
        return False
    one = len(files) == 1
    yield Note(f"{_named(files)}: edited with size and time kept, which BuildKit does not notice", "warn")
    if not workspace.ask(
        f"touch {'it' if one else f'these {len(files)} files'}, so that BuildKit sees the new content?",
        detail="\n".join(f"  {path}" for _, path in files[:_ASKED]) + ("\n  …" if len(files) > _ASKED else ""),
    ):
        yield Note("the old content will be built; `touch` makes BuildKit see the new, and so does `--yes`", "warn")
        return False
    touched = 0
    for folder, path in files:
        try:
            touch(folder, path)
            touched += 1
        except OSError as error:
            yield Note(f"{path} can't be touched: {error.strerror or 'unknown error'}", "warn")
    if touched:
        yield Note(f"touched {files[0][1] if one else f'{touched} files'}")
    return touched > 0


def _named(files: list[tuple[str, str]]) -> str:
    names = [path for _, path in files]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
