"""Run a command in a service; the default service is the box. Its exit code is ours."""

from __future__ import annotations

import argparse

from devbox.cli.invocation import Invocation
from devbox.core.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.usage = "devbox exec [-T] [SERVICE] -- CMD…"
    parser.add_argument("-T", action="store_true", dest="no_tty", help="no terminal: exact bytes both ways")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[SERVICE] -- CMD…", help="the command after `--`")


def run(invocation: Invocation) -> int:
    """The command's own exit code; before it starts devbox's, and 127 or 126 where it is what can't be started."""
    # Deferred: `--help` needs neither the flow nor termios.
    from devbox.cli.terminal import is_terminal, relay_pipes, relay_terminal
    from devbox.flows.box.attach import open_exec

    service, argv = _service_and_command(invocation)
    tty = not invocation.args.no_tty and not invocation.json and is_terminal(0) and is_terminal(1)
    session = open_exec(invocation.workspace(), service, argv, tty=tty)
    return relay_terminal(session, command=argv[0]) if tty else relay_pipes(session, command=argv[0])


def _service_and_command(invocation: Invocation) -> tuple[str, tuple[str, ...]]:
    words = list(invocation.args.words)
    at = words.index("--") if "--" in words else len(words)
    before, command = words[:at], words[at + 1 :]
    if "-T" in before:
        invocation.args.no_tty = True
        before.remove("-T")
    unknown = next((word for word in before if word.startswith("-")), None)
    if unknown:
        raise UsageError(f"unknown option `{unknown}`", hint="`devbox exec --help`")
    if not command or len(before) > 1:
        raise UsageError("`devbox exec` needs a command after `--`", hint="`devbox exec -- ls -l`")
    return before[0] if before else "box", tuple(command)
