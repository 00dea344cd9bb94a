"""A running exec over a hijacked connection: output one way, input the other, half-closed when the input ends."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from devbox.core.errors import EngineError
from devbox.engine import replies
from devbox.engine.deadline import CALL, SLOW, Deadline
from devbox.engine.frames import chunks, is_multiplexed
from devbox.engine.http_client import HttpClient, quoted
from devbox.engine.http_wire import Reply
from devbox.engine.port import Chunk, ExecSpec
from devbox.engine.wire import Wire

_NO_END = Deadline(None)


def start_exec(client: HttpClient, container: str, spec: ExecSpec, body: dict[str, object]) -> HijackedExec:
    """Create and start; raises NotFound without such a container and Conflict when it does not run."""
    doing = f"run {spec.argv[0] if spec.argv else 'nothing'} in {container[:12]}"
    created = client.json("POST", f"/containers/{quoted(container)}/exec", None, body, doing=doing)
    exec_id = replies.text(replies.table(created).get("Id"))
    if not exec_id:
        raise EngineError(f"the engine gave no id when asked to {doing}")
    reply = client.open(
        "POST", f"/exec/{quoted(exec_id)}/start", None, {"Detach": False, "Tty": spec.tty},
        headers={"Connection": "Upgrade", "Upgrade": "tcp"}, doing=doing,
    )
    return HijackedExec(client, exec_id, reply, spec.tty)


class HijackedExec:
    """`port.ExecSession` over our own HTTP. One thread iterates, any may write, resize or close."""

    def __init__(self, client: HttpClient, exec_id: str, reply: Reply, tty: bool) -> None:
        self._client = client
        self._id = exec_id
        self._reply = reply
        self._wire: Wire = reply.wire
        self._tty = tty

    def __iter__(self) -> Iterator[Chunk]:
        """Output until the process and everything that holds its output ended, or `close()`."""
        multiplexed = is_multiplexed(self._reply.headers.get("content-type", ""), self._tty)
        yield from chunks(self._blocks(), multiplexed=multiplexed)

    def write(self, data: bytes) -> None:
        """Raises EngineError when the process no longer reads."""
        try:
            self._wire.write(data, Deadline.after(SLOW))
        except ConnectionError as error:
            raise EngineError("the process does not read its input any more") from error

    def end_input(self) -> None:
        """Half-close: the process sees end of file."""
        self._wire.end_writing()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal's size; a process that just ended is no error."""
        with contextlib.suppress(EngineError):
            self._client.json(
                "POST", f"/exec/{self._id}/resize", {"h": str(rows), "w": str(columns)}, doing="resize the terminal"
            )

    def exit_code(self) -> int:
        """The process's exit code, waiting for its end; raises EngineError when it can't be had."""
        deadline = Deadline.after(CALL)
        pause = 0.005
        while True:
            found = self._client.json("GET", f"/exec/{self._id}/json", doing="tell how the process ended")
            state = replies.table(found)
            code = state.get("ExitCode")
            if state.get("Running") is False and isinstance(code, int):
                return code
            if not deadline.remaining():
                raise EngineError("the process closed its output but did not end")
            time.sleep(pause)
            pause = min(pause * 2, 0.2)

    def close(self) -> None:
        """End the connection; what the process does then is its own matter."""
        self._wire.close()

    def _blocks(self) -> Iterator[bytes]:
        while block := self._wire.read_some(1 << 16, _NO_END):
            yield block
