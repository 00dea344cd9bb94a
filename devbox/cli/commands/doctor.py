"""Is this machine what the project expects: pins against what runs here, and eight layers of the machine.

Reads version files, devbox.toml, Dockerfiles and the machine; runs nothing of the project and changes nothing. Works
in any directory.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from devbox.cli.invocation import Invocation
from devbox.core.check_list import CHECKS
from devbox.core.checks import Wanted, wanted
from devbox.core.errors import ExitCode, UsageError
from devbox.core.findings import DoctorReport

FORMATS = ("text", "json", "markdown", "github", "sarif")
COMPARED = ("text", "json", "markdown")
"""The formats of `--against`: a difference between two machines has no line to annotate."""

_EXAMPLES = """\
examples:
  devbox doctor                        everything; what is ok and pinned nowhere is one line a layer, -v opens it
  devbox doctor --only toolchain -v    the version pins alone, with how each version was found out
  devbox doctor --skip gpu,engine      all but these
  devbox doctor --format github        in a workflow: annotations, and the job summary
  devbox doctor --format sarif         for code scanning
  devbox doctor --format markdown      to paste into an issue; home, user and host names are left out
  devbox doctor --json > mine.json     and on the other machine: devbox doctor --against mine.json

exit codes: 0 no error found, 1 an error (--strict: or a warning), 3 the file of --against is no report.
--against exits 1 when versions of toolchains, architecture, system, release, libc or GPU differ, or an error is found
only here (--strict: also for pins, drivers, engine and warnings). Severities are yours: [policy.severity] in
devbox.toml.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `devbox doctor`."""
    parser.epilog = f"{_EXAMPLES}\n{parser.epilog or ''}"
    only = "run only these checks: ids, dotted prefixes, or names of BuildKit's and hadolint's"
    parser.add_argument("--list-checks", action="store_true", help="list every check by layer, and leave")
    parser.add_argument("--only", action="extend", nargs="+", default=[], metavar="ID", help=only)
    parser.add_argument("--skip", action="extend", nargs="+", default=[], metavar="ID", help="leave these checks out")
    parser.add_argument("--strict", action="store_true", help="exit 1 on warnings too")
    parser.add_argument("--format", choices=FORMATS, metavar="F", help=f"{', '.join(FORMATS)} (default: text)")
    against = "show only what differs from another machine's `doctor --json`; `-` reads it from stdin"
    parser.add_argument("--against", metavar="FILE", help=against)
    recursive = "also every sub-project below that git does not ignore: folders with version files or a Dockerfile"
    parser.add_argument("--recursive", action="store_true", help=recursive)


def run(invocation: Invocation) -> int:
    """Examine, print, and say by the exit code whether something is wrong."""
    args = invocation.args
    format = _format(invocation)
    if args.list_checks:
        return _list_checks(invocation)
    selection = wanted(_words(args.only), _words(args.skip))
    if args.against is not None:
        return _against(invocation, selection, format)
    # Deferred: the flow and its readers cost 20 ms that `--help` and `--list-checks` do not pay.
    from devbox.cli.doctor_formats import print_report
    from devbox.core.doctor import failed

    report = _examine(invocation, selection)
    print_report(invocation, report, format)
    return ExitCode.FINDINGS if failed(report, strict=args.strict) else ExitCode.OK


def _examine(invocation: Invocation, selection: Wanted) -> DoctorReport:
    workspace = invocation.workspace()
    if invocation.args.recursive:
        from devbox.flows.doctor_recursive import examine_all

        report = examine_all(workspace, selection)
    else:
        from devbox.flows.doctor import run as examine

        report = examine(workspace, selection)
    invocation.project_dir = report.project_dir
    return report


def _against(invocation: Invocation, selection: Wanted, format: str) -> int:
    """The other report is read first: what is wrong with it is said at once."""
    from devbox.cli.doctor_formats import print_differences, read_stdin, redaction
    from devbox.core.doctor_diff import differ
    from devbox.flows.doctor_against import compare, read_other

    other = read_other(invocation.args.against, invocation.directory, read_stdin)
    found = compare(_examine(invocation, selection), other, redaction(invocation))
    print_differences(invocation, found, format)
    return ExitCode.FINDINGS if differ(found, strict=invocation.args.strict) else ExitCode.OK


def _format(invocation: Invocation) -> str:
    """What to print; from here on `--format json` and `--json` are the same."""
    args = invocation.args
    asked = args.format or ("json" if invocation.json else "text")
    if invocation.json and asked != "json":
        hint = f"`devbox doctor --format {asked}`"
        raise UsageError(f"`--json` and `--format {asked}` exclude each other", hint=hint)
    if args.against is not None and asked not in COMPARED:
        raise UsageError(f"`--against` has no format {asked}", hint="`--format markdown`, `text` or `json`")
    if asked == "json":
        invocation.options = replace(invocation.options, json=True)
    return str(asked)


def _list_checks(invocation: Invocation) -> int:
    from devbox.report.doctor_text import check_list

    invocation.print(check_list())
    listed = [
        {"id": check.id, "layer": check.layer, "title": check.title, "aliases": list(check.aliases)} for check in CHECKS
    ]
    invocation.finish("ok", checks=listed)
    return ExitCode.OK


def _words(values: list[str]) -> list[str]:
    """`--only a,b --only c` as three ids; an empty value stays one, to be refused."""
    return [word for value in values for word in (value.strip(",").split(","))]
