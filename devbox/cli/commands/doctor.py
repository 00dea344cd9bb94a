"""`devbox doctor`: arguments in, report out, exit code 0 or 1."""

from __future__ import annotations

import argparse
from dataclasses import replace

from devbox.cli.invocation import Invocation
from devbox.core.check_list import CHECKS
from devbox.core.checks import wanted
from devbox.core.errors import ExitCode, UsageError

FORMATS = ("text", "json")
LATER = ("markdown", "github", "sarif")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `devbox doctor`."""
    parser.add_argument("--list-checks", action="store_true", help="list every check and leave")
    only = "run only these checks, by id or dotted prefix"
    parser.add_argument("--only", action="extend", nargs="+", default=[], metavar="ID", help=only)
    parser.add_argument("--skip", action="extend", nargs="+", default=[], metavar="ID", help="leave these checks out")
    parser.add_argument("--strict", action="store_true", help="exit 1 on warnings too")
    parser.add_argument("--format", choices=(*FORMATS, *LATER), metavar="F", help="text or json")
    parser.add_argument("--against", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--recursive", action="store_true", help=argparse.SUPPRESS)


def run(invocation: Invocation) -> int:
    """Examine, print, and say by the exit code whether something is wrong."""
    args = invocation.args
    _refuse_later(args)
    if args.format == "json":
        invocation.options = replace(invocation.options, json=True)
    if args.list_checks:
        return _list_checks(invocation)
    selection = wanted(_words(args.only), _words(args.skip))
    # Deferred: the flow and its readers cost 20 ms that `--help` and `--list-checks` do not pay.
    from devbox.core.doctor import failed
    from devbox.flows.doctor import run as examine

    workspace = invocation.workspace()
    report = examine(workspace, selection)
    invocation.project_dir = report.project_dir
    if invocation.json:
        from devbox.report.doctor_json import doctor_fields

        invocation.finish(report.outcome, **doctor_fields(report))
    else:
        from devbox.report.doctor_text import doctor_text

        invocation.print(doctor_text(report, invocation.glyphs, verbose=invocation.options.verbose > 0))
    return ExitCode.FINDINGS if failed(report, strict=args.strict) else ExitCode.OK


def _list_checks(invocation: Invocation) -> int:
    from devbox.report.doctor_text import check_list

    invocation.print(check_list())
    invocation.finish("ok", checks=[{"id": check.id, "layer": check.layer, "title": check.title} for check in CHECKS])
    return ExitCode.OK


def _refuse_later(args: argparse.Namespace) -> None:
    asked = {"--against": args.against, "--recursive": args.recursive, f"--format {args.format}": args.format in LATER}
    for option, value in asked.items():
        if value:
            raise UsageError(f"`{option}` is not in this version of devbox", hint="`devbox doctor --json`")


def _words(values: list[str]) -> list[str]:
    """`--only a,b --only c` as three ids."""
    return [word for value in values for word in value.split(",") if word]
