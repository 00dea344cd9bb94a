"""A session on a terminal: size, raw mode, exit code, and the terminal as it was on every way out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devbox.cli.terminal import relay_pipes, relay_terminal
from devbox.core.errors import CommandError, EngineError, UsageError
from devbox.engine.port import Chunk, Engine
from tests.flows.box.conftest import remove_everything

REPOSITORY = Path(__file__).resolve().parents[2]


class Session:
    """A process that answers what the test says."""

    def __init__(self, chunks: Callable[[Session], Iterator[Chunk]], code: int = 7) -> None:
        self._chunks = chunks
        self._code = code
        self.written = b""
        self.sizes: list[tuple[int, int]] = []
        self.ended = threading.Event()
        self.arrived = threading.Event()
        self.closed = False

    def __iter__(self) -> Iterator[Chunk]:
        return self._chunks(self)

    def write(self, data: bytes) -> None:
        self.written += data
        self.arrived.set()

    def end_input(self) -> None:
        self.ended.set()

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    def exit_code(self) -> int:
        return self._code

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: (our end, the program's end)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def test_keys_go_in_unchanged_and_output_comes_out(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)

    def serve(session: Session) -> Iterator[Chunk]:
        os.write(ours, b"\x03\x04x")
        assert session.arrived.wait(5)
        yield Chunk("stdout", b"\x1b[31mred")

    session = Session(serve)
    assert relay_terminal(session, stdin=theirs, stdout=theirs) == 7
    assert session.written == b"\x03\x04x"
    assert (97, 31) in session.sizes
    assert os.read(ours, 100).endswith(b"\x1b[31mred")
    assert termios.tcgetattr(theirs) == before
    assert session.closed


def test_the_terminal_is_restored_when_the_connection_breaks(terminal: tuple[int, int]) -> None:
    _, theirs = terminal
    before = termios.tcgetattr(theirs)

    def serve(session: Session) -> Iterator[Chunk]:
        assert termios.tcgetattr(theirs) != before
        yield Chunk("stdout", b"")
        raise EngineError("the connection broke")

    with pytest.raises(EngineError):
        relay_terminal(Session(serve), stdin=theirs, stdout=theirs)
    assert termios.tcgetattr(theirs) == before


def test_no_reader_is_left_to_steal_the_next_key(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    relay_terminal(Session(lambda session: iter(())), stdin=theirs, stdout=theirs)
    os.write(ours, b"mine\n")
    assert os.read(theirs, 100) == b"mine\n"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("exec-")]


def test_a_storm_of_window_changes_stops_nothing(terminal: tuple[int, int]) -> None:
    _, theirs = terminal

    def serve(session: Session) -> Iterator[Chunk]:
        for _ in range(2000):
            os.kill(os.getpid(), signal.SIGWINCH)
        yield Chunk("stdout", b"still here")

    assert relay_terminal(Session(serve), stdin=theirs, stdout=theirs) == 7


def test_without_a_terminal_there_is_an_error_not_a_hang() -> None:
    read, write = os.pipe()
    session = Session(lambda session: iter(()))
    with pytest.raises(UsageError, match="no terminal"):
        relay_terminal(session, stdin=read, stdout=write)
    assert session.closed


def test_pipes_are_passed_byte_for_byte_and_end_of_input_too() -> None:
    payload = bytes(range(256)) * 1000
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()

    def serve(session: Session) -> Iterator[Chunk]:
        assert session.ended.wait(5)
        yield Chunk("stderr", b"sorry")
        for start in range(0, len(payload), 4096):
            yield Chunk("stdout", payload[start : start + 4096])

    session = Session(serve)
    received = bytearray()
    reader = threading.Thread(target=lambda: received.extend(_read_all(out_read)))
    feeder = threading.Thread(target=lambda: (_write_all(in_write, payload), os.close(in_write)))
    reader.start()
    feeder.start()
    assert relay_pipes(session, stdin=in_read, stdout=out_write, stderr=err_write) == 7
    os.close(out_write)
    reader.join()
    feeder.join()
    assert bytes(received) == payload
    assert session.written == payload
    assert os.read(err_read, 100) == b"sorry"


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 65536), b""))


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


class OnTerminal:
    """`devbox` on a terminal of its own."""

    def __init__(self, root: Path, env: dict[str, str], *words: str) -> None:
        self.ours, self.theirs = pty.openpty()
        self.resize(120, 40, tell=False)
        self.before = termios.tcgetattr(self.theirs)
        self.output = b""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "devbox", *words], cwd=root, start_new_session=True, preexec_fn=self._control,
            stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
            env={**env, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"},
        )

    def _control(self) -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def expect(self, text: bytes, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, self.output
            if select.select([self.ours], [], [], 0.1)[0]:
                self.output += os.read(self.ours, 65536)

    def wait(self) -> int:
        end = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < end, self.output
            if select.select([self.ours], [], [], 0.05)[0]:
                self.output += os.read(self.ours, 65536)
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def box_root(tmp_path: Path, cli_env: dict[str, str], engine: Engine, base_image: str) -> Iterator[Path]:
    """A project that is up."""
    root = tmp_path / "terminal"
    root.mkdir()
    (root / "devbox.toml").write_text(f'[box]\nimage = "{base_image}"\nuser = "root"\n')
    subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "up", "--trust", "-q"], cwd=root, check=True, timeout=60,
        env={**cli_env, "PYTHONPATH": str(REPOSITORY)},
    )
    yield root
    remove_everything(engine, root)


@pytest.mark.engine
def test_a_process_has_a_terminal_with_size_signals_and_exit_code(box_root: Path, cli_env: dict[str, str]) -> None:
    # A script, not a shell to type into: interactive shells drop keys while they change modes.
    script = "trap 'echo interrupted; exit 9' INT; while :; do stty size; sleep 0.1; done"
    process = OnTerminal(box_root, cli_env, "exec", "--trust", "--", "sh", "-c", script)
    try:
        process.expect(b"40 120")
        process.resize(77, 22)
        process.expect(b"22 77")
        process.type("\x03")
        assert process.wait() == 9
        assert b"interrupted" in process.output
        assert termios.tcgetattr(process.theirs) == process.before
    finally:
        process.close()


@pytest.mark.engine
def test_a_shell_ends_with_its_own_exit_code(box_root: Path, cli_env: dict[str, str]) -> None:
    shell = OnTerminal(box_root, cli_env, "shell", "--trust")
    try:
        shell.expect(b"root@box")
        shell.type("exit $((4+3))\n")
        assert shell.wait() == 7
        assert termios.tcgetattr(shell.theirs) == shell.before
    finally:
        shell.close()


@pytest.mark.engine
def test_a_terminated_shell_restores_the_terminal(box_root: Path, cli_env: dict[str, str]) -> None:
    shell = OnTerminal(box_root, cli_env, "shell", "--trust")
    try:
        shell.expect(b"root@box")
        assert termios.tcgetattr(shell.theirs) != shell.before
        shell.process.send_signal(signal.SIGTERM)
        assert shell.wait() == 143
        assert termios.tcgetattr(shell.theirs) == shell.before
    finally:
        shell.close()


REFUSAL = b'OCI runtime exec failed: exec failed: unable to start container process: exec: "x": '


@pytest.mark.parametrize(("words", "engine_says", "code"), [
    (b"executable file not found in $PATH: unknown", 126, 127),  # engines before 23 have one code for all
    (b"executable file not found in $PATH: unknown", 127, 127),
    (b"stat /no/x: no such file or directory: unknown", 126, 127),
    (b"permission denied: unknown", 126, 126),
    (b'chdir to cwd ("/gone") set in config.json failed: no such file or directory: unknown', 126, 126),
])
def test_a_command_that_can_t_be_started_is_an_error_and_no_output(
    words: bytes, engine_says: int, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    session = Session(lambda _: iter([Chunk("stdout", REFUSAL + words)]), engine_says)
    with open(os.devnull) as empty, pytest.raises(CommandError, match="x ") as caught:
        relay_pipes(session, command="x", stdin=empty.fileno())
    assert (caught.value.exit_code, caught.value.kind, session.closed) == (code, "not-ready", True)
    assert capfd.readouterr().out == ""


def test_a_command_that_says_the_same_and_ends_otherwise_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    session = Session(lambda _: iter([Chunk("stdout", REFUSAL), Chunk("stdout", b"!\n")]), 1)
    with open(os.devnull) as empty:
        assert relay_pipes(session, stdin=empty.fileno()) == 1
    assert capfd.readouterr().out == REFUSAL.decode() + "!\n"
