"""The operations that `up` would do, each with its cause. Changes nothing and needs no trust."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_builder, add_mode
from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode

NO_FORECAST = "this version does not forecast the build's steps"


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_mode(parser)
    add_builder(parser)


def run(invocation: Invocation) -> int:
    """Exit code 0, whether something is to do or not."""
    # Deferred: `--help` needs no flow.
    from devbox.flows.box.observe import plan_up

    operations = plan_up(invocation.workspace())
    for operation in operations:
        invocation.print(str(operation))
    if not operations:
        invocation.print("nothing to do")
    invocation.narrate(NO_FORECAST)
    invocation.finish(
        "ok",
        operations=[{"kind": each.kind, "resource": each.resource, "cause": each.cause} for each in operations],
        build=None, build_reason=NO_FORECAST,
    )
    return ExitCode.OK
