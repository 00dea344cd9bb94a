"""Build if needed, then converge: network, volumes, sidecars, box; wait until ready."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_builder, add_dry_run, add_mode, add_timeout
from devbox.cli.invocation import Invocation


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_mode(parser)
    build = parser.add_mutually_exclusive_group()
    build.add_argument("--build", action="store_true", help="build even where nothing seems to have changed")
    build.add_argument("--no-build", action="store_true", help="use the images that are there")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until ready")
    add_timeout(parser)
    add_dry_run(parser)
    add_builder(parser)


def run(invocation: Invocation) -> int:
    """Exit code 0 once everything is as asked."""
    # Deferred: `--help` needs no flow.
    from devbox.cli.pump import finish_run, pump
    from devbox.flows.box.options import UpOptions
    from devbox.flows.box.up import up

    args = invocation.args
    options = UpOptions(
        build="never" if args.no_build else "force" if args.build else "auto", wait=not args.no_wait,
        timeout=args.timeout, dry_run=args.dry_run,
    )
    return finish_run(invocation, pump(invocation, up(invocation.workspace(), options)))
