"""The last resort: an unexpected exception becomes a report file and one line (security.md 10, exit 70)."""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from devbox import __version__
from devbox.core.errors import DevboxError


class InternalError(DevboxError):
    """A bug in devbox."""


def report_crash(exception: Exception, env: Mapping[str, str], argv: Sequence[str]) -> InternalError:
    """Write what is needed to find the bug below the state directory; values of the environment are not in it."""
    text = "".join(traceback.format_exception(exception))
    versions = f"devbox {__version__} python {platform.python_version()} {platform.platform()}"
    body = f"{versions}\ncommand: {_command(argv)}\n\n{text}"
    path = _write(env, body)
    return InternalError(
        f"internal error: {type(exception).__name__}" + (f", report in {path}" if path else ""),
        detail=None if path else text,
        hint="please report it with that file" if path else None,
    )


def _command(argv: Sequence[str]) -> str:
    """The words up to `--`: what follows is the user's own command and may hold anything."""
    words = list(argv)
    return " ".join(words[: words.index("--")] if "--" in words else words)


def _write(env: Mapping[str, str], body: str) -> Path | None:
    try:
        # Deferred: the store is not needed when nothing crashes.
        from devbox.wiring import state_dirs

        dirs = state_dirs(env)
        path: Path = dirs.ensure(dirs.crash) / time.strftime(f"%Y%m%dT%H%M%S-{os.getpid()}.txt", time.gmtime())
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(body)
        return path
    except Exception:  # a crash report must not crash
        return None
