"""A shell in a service; the default service is the box."""

from __future__ import annotations

import argparse

from devbox.cli.invocation import Invocation
from devbox.core.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("service", nargs="?", default="box", metavar="SERVICE", help="box (default) or a sidecar")


def run(invocation: Invocation) -> int:
    """The shell's own exit code; before it starts, devbox's."""
    # Deferred: `--help` needs neither the flow nor termios.
    from devbox.cli.terminal import is_terminal, relay_pipes, relay_terminal
    from devbox.flows.box.attach import open_exec, open_shell, shell_argv

    workspace, service = invocation.workspace(), invocation.args.service
    if invocation.json:
        raise UsageError("`devbox shell` has no JSON form", hint="`devbox exec -- CMD` runs one command")
    if is_terminal(0) and is_terminal(1):
        return relay_terminal(open_shell(workspace, service))
    # Without a terminal the shell reads its commands from standard input, as any shell does.
    return relay_pipes(open_exec(workspace, service, shell_argv(workspace, service)))
