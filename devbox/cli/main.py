"""The command line's one boundary: arguments in, exit code out, every exception one of the contract's ends."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from devbox import __version__
from devbox.cli.invocation import Invocation
from devbox.cli.options import HELP, CommandLine, peek, split
from devbox.cli.registry import BY_NAME, COMMANDS
from devbox.core.errors import Cancelled, DevboxError, ExhaustedError, ExitCode, UsageError


class Signalled(BaseException):
    """SIGTERM or SIGHUP arrived; unwinds like KeyboardInterrupt so that every `finally` runs."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def run(argv: Sequence[str]) -> int:
    """Run one command line of this process; never raises."""
    invocation = Invocation("devbox", peek(argv), argparse.Namespace(), dict(os.environ))
    try:
        _configure_streams()
        with _signals(invocation):
            code = int(_dispatch(invocation, argv))
            # Here, not as the interpreter exits: what can't be written is an error like any other.
            invocation.stdout.flush()
            return code
    except DevboxError as error:
        failure = error
        return _quietly(lambda: invocation.report(failure), failure.exit_code)
    except (KeyboardInterrupt, Cancelled):
        _forget_interrupt()
        return _quietly(lambda: invocation.report(_Interrupted("interrupted")), ExitCode.INTERRUPTED)
    except Signalled as signalled:
        return _quietly(lambda: invocation.report(_Interrupted("terminated")), signalled.exit_code)
    except BrokenPipeError:
        return _pipe_closed()
    except OSError as error:
        full = _exhausted(error)
        if full is None:
            return _crashed(invocation, error, argv)
        _drop_output()
        return _quietly(lambda: invocation.report(full), full.exit_code)
    except Exception as exception:  # the boundary: a bug must end in one line, not in a traceback
        return _crashed(invocation, exception, argv)


def _crashed(invocation: Invocation, exception: Exception, argv: Sequence[str]) -> int:
    from devbox.cli.crash import report_crash

    crash = report_crash(exception, dict(os.environ), argv)
    return _quietly(lambda: invocation.report(crash), crash.exit_code)


def _exhausted(error: OSError) -> DevboxError | None:
    """The error of a resource that is used up, where nobody nearer to it has said so: mostly our own output, on a full
    disk or a terminal that is gone. None for everything else, which is a bug."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return None
    what = error.filename or "the output"
    hint = None if error.errno == errno.EIO else "`df -h` shows what is full"
    return ExhaustedError(f"cannot write {what}: {error.strerror}", path=error.filename, hint=hint)


def _forget_interrupt() -> None:
    """CPython (3.11 to 3.13) remembers a Ctrl-C that struck code run by `exec` (dataclasses, while modules load), and
    `python -m` then dies of it at exit although it was handled. The next `exec` makes it forget."""
    exec("")


def _dispatch(invocation: Invocation, argv: Sequence[str]) -> int:
    line = split(argv)
    invocation.options = line.options
    if line.options.version:
        invocation.stdout.write(f"devbox {__version__}\n")
        return ExitCode.OK
    if line.command is None:
        return _help(invocation) if line.options.help else _no_command(invocation)
    entry = BY_NAME.get(line.command)
    if entry is None:
        # Deferred: 2 ms that only a mistyped command costs.
        from difflib import get_close_matches

        near = get_close_matches(line.command, BY_NAME, n=1)
        raise UsageError(
            f"no command `{line.command}`",
            hint=f"did you mean `devbox {near[0]}`?" if near else "`devbox --help` lists all",
        )
    invocation.command = entry.name
    if entry.module is None:
        raise UsageError(
            f"`devbox {entry.name}` is not in this version of devbox", hint="`devbox --help` lists what is"
        )
    return _run_command(invocation, line, entry.module)


def _run_command(invocation: Invocation, line: CommandLine, module_name: str) -> int:
    module = importlib.import_module(module_name)
    parser = _Parser(
        prog=f"devbox {line.command}",
        description=module.__doc__,
        epilog=HELP,
        allow_abbrev=False,
        add_help=False,
        formatter_class=_HelpFormatter,
    )
    module.configure(parser)
    if line.options.help:
        invocation.stdout.write(parser.format_help())
        return ExitCode.OK
    invocation.args = parser.parse_args(list(line.arguments))
    return int(module.run(invocation))


def _no_command(invocation: Invocation) -> int:
    """`devbox` alone: the session on a terminal, else the status (contract.md, Commands)."""
    # All three: textual reads from stdin and draws on stderr.
    terminal = all(map(os.isatty, (0, 1, 2))) and not invocation.env.get("CI") and not invocation.json
    if terminal:
        # Deferred: textual costs more than any command's whole run.
        from devbox.cli.session import open_session

        return int(open_session(invocation))
    invocation.command = "status"
    return _run_command(invocation, CommandLine(invocation.options, "status", ()), "devbox.cli.commands.status")


def _help(invocation: Invocation) -> int:
    width = max(len(entry.usage) for entry in COMMANDS) + 2
    here = [f"  {entry.usage:{width}}{entry.summary}" for entry in COMMANDS if entry.module]
    later = ", ".join(entry.name for entry in COMMANDS if not entry.module)
    invocation.stdout.write(
        "devbox: is this machine what the project expects, is my environment up and current, why is the build slow\n\n"
        "usage: devbox [COMMAND] [OPTIONS]      `devbox` alone opens the session; `devbox COMMAND --help` teaches\n\n"
        + "\n".join(here)
        + f"\n\nnot in this version: {later}\n\n{HELP}\n"
    )
    return ExitCode.OK


class _Parser(argparse.ArgumentParser):
    """argparse whose mistakes are UsageErrors, so that they reach stderr and JSON like all others."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"`{self.prog} --help`")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, as argparse's own: that one makes itself known to every option that is added, and asks
    `shutil` for the width, whose imports cost 4 ms."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(1).columns
        except (OSError, ValueError):
            columns = 0
        super().__init__(prog, width=(columns or 80) - 2)


class _Interrupted(DevboxError):
    kind = "interrupted"
    exit_code = ExitCode.INTERRUPTED


@contextlib.contextmanager
def _signals(invocation: Invocation) -> Iterator[None]:
    """Ctrl-C once unwinds the command; twice leaves at once (children die with us). TERM and HUP unwind too."""
    interrupts = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts > 1:
            os._exit(ExitCode.INTERRUPTED)
        raise KeyboardInterrupt

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Signalled(number)

    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: terminate, signal.SIGHUP: terminate}
    # What is ignored stays ignored: `nohup devbox up` and background jobs of a shell count on it.
    wanted = {number: handler for number, handler in handlers.items() if signal.getsignal(number) != signal.SIG_IGN}
    previous = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _configure_streams() -> None:
    """Output never fails on a character the locale lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _quietly(report: object, code: int) -> int:
    """Report, unless the reader is gone or nothing can be written any more."""
    assert callable(report)
    try:
        report()
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return int(code)


def _pipe_closed() -> int:
    """The reader of our output left: end quietly."""
    _drop_output()
    return ExitCode.OK


def _drop_output() -> None:
    """What can't be written is not tried again: keeps the interpreter from complaining at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
