"""What `up` would do, and what its builds will find in the cache, each with its cause. Needs no trust."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_builder, add_mode
from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode
from devbox.core.events import Waiting
from devbox.core.project import BOX


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_mode(parser)
    add_builder(parser)


def run(invocation: Invocation) -> int:
    """Exit code 0, whether something is to do or not."""
    # Deferred: `--help` needs no flow.
    from devbox.flows.box.foresee import foresee
    from devbox.report.build_lines import Style
    from devbox.report.events_text import EventsText
    from devbox.report.forecast_json import forecast_object
    from devbox.report.forecast_text import forecast_lines

    style = Style(invocation.glyphs, invocation.colour(invocation.stdout))
    words = EventsText(style)

    def said(waiting: Waiting) -> None:
        for line in words.lines(waiting):
            invocation.narrate(line)

    found = foresee(invocation.workspace(), said)
    for operation in found.operations:
        invocation.print(str(operation))
    if not found.operations:
        invocation.print("nothing to do")
    for build in found.builds:
        for line in forecast_lines(build, style):
            invocation.print(line)
    builds = [forecast_object(build, found.mode) for build in found.builds]
    box = next((each for each in builds if each["service"] == BOX), None)
    invocation.finish(
        "ok",
        operations=[{"kind": each.kind, "resource": each.resource, "cause": each.cause} for each in found.operations],
        build=box, builds=builds, build_reason=None if box else "the box is not built here",
    )
    return ExitCode.OK
