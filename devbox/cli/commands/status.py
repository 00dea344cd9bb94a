"""What runs, and what is stale field by field. Changes nothing and needs no trust."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_mode
from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode, UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_mode(parser)
    parser.add_argument("--probe", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(looking=True)


def run(invocation: Invocation) -> int:
    """Exit code 0 when the engine answered, whatever it said."""
    if getattr(invocation.args, "probe", False):
        raise UsageError("`devbox status --probe` is not in this version of devbox", hint="`devbox status`")
    # Deferred: `--help` needs no flow.
    from devbox.flows.box.observe import observe
    from devbox.report.status_json import status_fields
    from devbox.report.status_text import status_text

    status = observe(invocation.workspace())
    if invocation.json:
        invocation.finish("ok", **status_fields(status))
    else:
        invocation.print(status_text(status, invocation.glyphs))
    return ExitCode.OK
