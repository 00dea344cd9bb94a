"""Stop services, keeping them; the default is all of them."""

from __future__ import annotations

import argparse

from devbox.cli.arguments import add_services, add_timeout
from devbox.cli.invocation import Invocation


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_services(parser)
    add_timeout(parser)
    parser.set_defaults(looking=True)

def run(invocation: Invocation) -> int:
    """Exit code 0 once they are stopped."""
    # Deferred: `--help` needs no flow.
    from devbox.cli.pump import finish_plain, pump
    from devbox.flows.box.lifecycle import stop

    events = stop(invocation.workspace(), tuple(invocation.args.services))
    return finish_plain(invocation, pump(invocation, events), nothing="nothing runs")
