"""How `devbox doctor` leaves the process: one report, six formats, and the summary of a CI job.

Renderers are pure and imported when asked for; here is what they must be told of this process: its terminal's width,
where the checkout begins, whose names to leave out.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from devbox.cli.invocation import Invocation
from devbox.core.findings import DoctorReport
from devbox.core.text import clean_block

if TYPE_CHECKING:
    # Not at run time: a report in text needs neither.
    from devbox.core.doctor_diff import Difference
    from devbox.core.redaction import Redaction

SUMMARY_LIMIT = 1_000_000
"""Bytes; GitHub refuses a step's summary beyond 1 MiB."""
_CUT = "\n\n(cut: the summary of a job step holds 1 MiB)\n"


def print_report(invocation: Invocation, report: DoctorReport, format: str) -> None:
    """The report on stdout; with `github` also on the job's summary."""
    # Each renderer is imported where it is wanted: together they cost 10 ms.
    if format == "json":
        from devbox.report.doctor_json import doctor_fields

        invocation.finish(report.outcome, **doctor_fields(report))
    elif format == "markdown":
        from devbox.report.doctor_markdown import doctor_markdown

        invocation.print(doctor_markdown(report, redaction(invocation)))
    elif format == "github":
        _github(invocation, report)
    elif format == "sarif":
        from devbox.report.doctor_sarif import doctor_sarif

        document = doctor_sarif(report, redaction(invocation), base=below_checkout(invocation, report.project_dir))
        invocation.stdout.write(json.dumps(document, ensure_ascii=True, allow_nan=False, indent=1) + "\n")
    else:
        from devbox.report.doctor_text import doctor_text

        verbose, quiet = invocation.options.verbose > 0, invocation.options.quiet
        text = doctor_text(report, invocation.glyphs, verbose=verbose, quiet=quiet, width=columns(invocation))
        invocation.print(text)


def print_differences(invocation: Invocation, differences: Sequence[Difference], format: str) -> None:
    """What `--against` found, on stdout."""
    from devbox.report.doctor_text import against_text, against_words

    if format == "json":
        from devbox.report.doctor_json import against_fields

        outcome = "findings" if any(one.severity != "info" for one in differences) else "ok"
        invocation.finish(outcome, **against_fields(differences))
    elif format == "markdown":
        from devbox.report.doctor_markdown import against_markdown

        invocation.print(against_markdown(differences, against_words(differences, invocation.glyphs)))
    else:
        invocation.print(against_text(differences, invocation.glyphs, columns(invocation)))


def redaction(invocation: Invocation) -> Redaction:
    """The names of this machine, to be left out of what is pasted elsewhere."""
    from devbox.core.redaction import Redaction

    env = invocation.env
    return Redaction(env.get("HOME", ""), env.get("USER") or env.get("LOGNAME") or "", os.uname().nodename)


def columns(invocation: Invocation) -> int | None:
    """The terminal's width; None where stdout is no terminal, and lines may be as long as they are."""
    try:
        return os.get_terminal_size(invocation.stdout.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None


def read_stdin(limit: int) -> bytes:
    """At most so many bytes of stdin."""
    return sys.stdin.buffer.read(limit)


def below_checkout(invocation: Invocation, project_dir: str) -> str:
    """The project's folder as annotations and SARIF need it, relative to the checkout: `""` or `services/api/`."""
    project = os.path.realpath(project_dir)
    top = os.path.realpath(invocation.env.get("GITHUB_WORKSPACE") or "/")
    if top == "/" or not f"{project}/".startswith(f"{top}/"):
        top = _checkout(project)
    inside = os.path.relpath(project, top)
    return "" if inside == "." else f"{inside}/"


def _checkout(folder: str) -> str:
    """The nearest folder upwards that is a repository, else the folder itself."""
    above = folder
    while not os.path.lexists(os.path.join(above, ".git")):
        if above == os.path.dirname(above):
            return folder
        above = os.path.dirname(above)
    return above


def _github(invocation: Invocation, report: DoctorReport) -> None:
    from devbox.report.doctor_github import doctor_github
    from devbox.report.doctor_markdown import doctor_markdown

    # Not through `print`, which makes every workflow command harmless: here they are ours, and the renderer's escaping
    # keeps foreign text inside them.
    invocation.stdout.write(doctor_github(report, below_checkout(invocation, report.project_dir)) + "\n")
    invocation.stdout.flush()
    path = invocation.env.get("GITHUB_STEP_SUMMARY")
    if path:
        problem = append_summary(path, clean_block(doctor_markdown(report, redaction(invocation))) + "\n")
        if problem:
            invocation.narrate(f"devbox: the job summary was not written: {problem}")


def append_summary(path: str, text: str) -> str | None:
    """Append to the file that the CI made for this; only to a regular file that is already there, never through a
    symlink. Why not, where it could not be written."""
    data = text.encode("utf-8", "replace")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "ab", closefd=True) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "GITHUB_STEP_SUMMARY is not a regular file"
            room = SUMMARY_LIMIT - status.st_size
            if len(data) > room:
                kept = data[: max(room - len(_CUT), 0)].rpartition(b"\n")[0]
                data = kept + _CUT.encode() if kept else b""
            file.write(data)
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return None
