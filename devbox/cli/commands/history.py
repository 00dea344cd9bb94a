"""Past builds: a table, one in full, or two compared. Reads the ledger alone."""

from __future__ import annotations

import argparse

from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("a", nargs="?", type=int, metavar="A", help="show this build, by its number")
    parser.add_argument("b", nargs="?", type=int, metavar="B", help="and compare it with this one")
    parser.set_defaults(looking=True)


def run(invocation: Invocation) -> int:
    """Exit code 0; 2 for a build that is not remembered."""
    args = invocation.args
    if args.a is None:
        return _table(invocation)
    return _one(invocation, args.a) if args.b is None else _two(invocation, args.a, args.b)


def _table(invocation: Invocation) -> int:
    # Deferred, here and below: `--help` needs no ledger.
    from devbox.flows.history import past_builds
    from devbox.report.history_json import build_object
    from devbox.report.history_text import history_lines

    builds = past_builds(invocation.workspace())
    if builds:
        for line in history_lines(builds):
            invocation.print(line)
    else:
        invocation.print("nothing was built here yet")
    invocation.finish("ok", builds=[build_object(build) for build in builds])
    return ExitCode.OK


def _one(invocation: Invocation, id: int) -> int:
    from devbox.flows.history import past_build
    from devbox.report.build_lines import Style, step_line
    from devbox.report.history_json import build_object
    from devbox.report.history_text import build_head

    build = past_build(invocation.workspace(), id)
    style = Style(invocation.glyphs, invocation.colour(invocation.stdout))
    invocation.print(build_head(build))
    for step in build.steps:
        invocation.print(f"  {step_line(step, style, 110)}")
    invocation.finish("ok", build=build_object(build, steps=True))
    return ExitCode.OK


def _two(invocation: Invocation, a: int, b: int) -> int:
    from devbox.core.build_history import compared
    from devbox.flows.history import past_build
    from devbox.report.build_lines import Style
    from devbox.report.history_json import build_object, pair_object
    from devbox.report.history_text import compared_lines

    workspace = invocation.workspace()
    before, after = past_build(workspace, a), past_build(workspace, b)
    style = Style(invocation.glyphs, invocation.colour(invocation.stdout))
    for line in compared_lines(before, after, style):
        invocation.print(line)
    invocation.finish(
        "ok", a=build_object(before, steps=True), b=build_object(after, steps=True),
        steps=[pair_object(pair) for pair in compared(before.steps, after.steps)],
    )
    return ExitCode.OK
