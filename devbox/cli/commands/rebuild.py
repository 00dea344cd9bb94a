"""Build now, then recreate what the new image makes stale."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_builder, add_dry_run, add_mode, add_timeout
from devbox.cli.invocation import Invocation


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_mode(parser)
    parser.add_argument("--no-cache", action="store_true", help="run every step")
    parser.add_argument(
        "--no-cache-filter", action="append", default=[], metavar="STAGE", help="run every step of this stage"
    )
    parser.add_argument("--pull", action="store_true", help="ask for newer base images")
    parser.add_argument("--target", metavar="T", help="build this stage of the box")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until ready")
    add_timeout(parser)
    add_dry_run(parser)
    add_builder(parser)


def run(invocation: Invocation) -> int:
    """Exit code 0 once built and replaced."""
    # Deferred: `--help` needs no flow.
    from devbox.cli.pump import finish_run, pump
    from devbox.flows.box.options import RebuildOptions
    from devbox.flows.box.rebuild import rebuild

    args = invocation.args
    stages = tuple(stage for text in args.no_cache_filter for stage in text.split(",") if stage)
    options = RebuildOptions(
        no_cache=args.no_cache, no_cache_filter=stages, pull=args.pull, target=args.target, wait=not args.no_wait,
        timeout=args.timeout, dry_run=args.dry_run,
    )
    return finish_run(invocation, pump(invocation, rebuild(invocation.workspace(), options)))
