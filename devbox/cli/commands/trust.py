"""Which folders may build and run here: trust this one, list the trusted ones, or take it back."""

from __future__ import annotations

import argparse

from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode, NotTrustedError
from devbox.core.text import shown_name


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the trusted folders")
    what.add_argument("--revoke", action="store_true", help="trust this folder no longer")


def run(invocation: Invocation) -> int:
    """Exit code 0, or 7 when the answer was no."""
    if invocation.args.list:
        return _list(invocation)
    return _revoke(invocation) if invocation.args.revoke else _grant(invocation)


def _grant(invocation: Invocation) -> int:
    from devbox.flows import trust

    workspace = invocation.workspace()
    record = trust.trusted(workspace)
    folder = trust.describe(workspace)
    if record is None:
        try:
            record = trust.ask_for_trust(workspace, folder)
        except NotTrustedError as error:
            # Its own hint names this command.
            raise NotTrustedError(error.summary, detail=error.detail, hint=_hint(invocation)) from None
    invocation.print(f"{shown_name(folder.root)} is trusted since {record.granted}")
    invocation.finish("ok", trusted=True, root=folder.root, granted=record.granted, content=folder.digest)
    return ExitCode.OK


def _hint(invocation: Invocation) -> str | None:
    """What helps where the answer was no; a `--trust` here holds for this run alone, so it records nothing (security.md
    2.5)."""
    if invocation.interactive:
        return None
    return "a yes for good takes a person at a terminal; elsewhere add `--trust` to each command: `devbox up --trust`"


def _revoke(invocation: Invocation) -> int:
    from devbox.flows import trust

    workspace = invocation.workspace()
    revoked = trust.revoke(workspace)
    root = str(workspace.root)
    invocation.print(f"{shown_name(root)} is {'no longer' if revoked else 'not'} trusted")
    invocation.finish("ok", trusted=False, root=root, revoked=revoked)
    return ExitCode.OK


def _list(invocation: Invocation) -> int:
    from devbox.flows.trust import trusted_folders

    records = trusted_folders(invocation.workspace(), invocation.narrate)
    for record in records:
        invocation.print(f"{record.granted}  {shown_name(record.root)}")
    if not records:
        invocation.narrate("no folder is trusted")
    invocation.finish(
        "ok", folders=[{"root": record.root, "owner": record.owner, "granted": record.granted} for record in records]
    )
    return ExitCode.OK
