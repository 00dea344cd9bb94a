"""Remove what `up` made; named volumes and images only when asked."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_dry_run, add_timeout
from devbox.cli.invocation import Invocation


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--volumes", action="store_true", help="named volumes too, with their data")
    parser.add_argument("--images", action="store_true", help="built images too")
    add_timeout(parser)
    add_dry_run(parser)
    parser.set_defaults(looking=True)


def run(invocation: Invocation) -> int:
    """Exit code 0 once nothing is left."""
    # Deferred: `--help` needs no flow.
    from devbox.cli.pump import finish_plain, pump
    from devbox.flows.box.down import down

    args = invocation.args
    events = down(invocation.workspace(), volumes=args.volumes, images=args.images, dry_run=args.dry_run)
    return finish_plain(invocation, pump(invocation, events), nothing="nothing to remove")
