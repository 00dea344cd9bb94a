"""A command inside a running container, with a time limit and a cap on its output."""

from __future__ import annotations

import threading

from devbox.core.errors import EngineError
from devbox.core.frozen import dataclass
from devbox.engine.port import Engine, EngineReader, ExecSpec
from devbox.engine.stream import Cancellation

OUTPUT_LIMIT = 16 << 10
NOT_FOUND = (126, 127)
"""Exit codes that say that the program is not in the image."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How it ended; `code` is None when the time was up or it could not be started."""

    code: int | None
    output: bytes

    @property
    def last_line(self) -> str:
        """The end of its output, for people."""
        lines = self.output.decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:200] if lines else ""


def run_inside(
    engine: Engine | EngineReader, id: str, spec: ExecSpec, *, seconds: float, cancel: Cancellation
) -> Answer:
    """Run it and wait at most `seconds`. Raises Cancelled; EngineError only when the container is gone or stopped."""
    session = engine.exec(id, spec)
    timer = threading.Timer(max(seconds, 0.01), session.close)
    timer.daemon = True
    output = b""
    with cancel.closing(session.close):
        timer.start()
        try:
            for chunk in session:
                output = (output + chunk.data)[-OUTPUT_LIMIT:]
            code = session.exit_code() if timer.is_alive() else None
        except EngineError:
            code = None
        finally:
            timer.cancel()
    cancel.check()
    return Answer(code, output)
