"""The causes of the last build's misses, and how its forecast did. Reads the ledger alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from devbox.flows.history import BuildRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("step", nargs="*", metavar="STEP", help="only this one: `dev 2/4`, `2`, or some of its words")
    parser.add_argument("--build", type=int, metavar="N", help="of this build of `devbox history`")
    parser.set_defaults(looking=True)


def run(invocation: Invocation) -> int:
    """Exit code 0; 2 where nothing was built here or no step is meant."""
    # Deferred: `--help` needs no ledger.
    from devbox.core.build_history import selected
    from devbox.flows.history import past_build, past_builds
    from devbox.report.build_lines import Style
    from devbox.report.history_json import build_object, past_step
    from devbox.report.history_text import why_lines

    args, workspace = invocation.args, invocation.workspace()
    builds = (past_build(workspace, args.build),) if args.build is not None else _last_run(past_builds(workspace))
    if not builds:
        raise UsageError("nothing was built here yet", hint="`devbox up`")
    words = " ".join(args.step)
    chosen = [(build, selected(build.steps, words) if words else build.steps) for build in builds]
    if words and not any(steps for _, steps in chosen):
        raise UsageError(f"no step of the last build is meant by `{words}`", hint="`devbox why` shows them all")
    style = Style(invocation.glyphs, invocation.colour(invocation.stdout))
    for build, steps in chosen:
        if steps or not words:
            for line in why_lines(build, steps, style):
                invocation.print(line)
    invocation.finish(
        "ok",
        builds=[{**build_object(build), "steps": [past_step(step) for step in steps]} for build, steps in chosen],
    )
    return ExitCode.OK


def _last_run(builds: tuple[BuildRecord, ...]) -> tuple[BuildRecord, ...]:
    """The newest build of each service, the newest of all first."""
    found: dict[str, BuildRecord] = {}
    for build in builds:
        found.setdefault(build.service, build)
    return tuple(found.values())
