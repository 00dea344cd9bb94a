"""Output of the services, cleaned; the default is all of them."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from devbox.cli.arguments import add_services
from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode, UsageError
from devbox.core.text import cell_width, clean, defuse_ci
from devbox.core.units import parse_duration

if TYPE_CHECKING:
    from devbox.core.events import ServiceLog

_MATCHED = 16_384
"""Bytes of a line that `--grep` looks at."""
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)|\d{1,12}(\.\d{1,9})?", re.ASCII
)
_SHADES = (36, 33, 32, 35, 34, 31)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    parser.add_argument("--tail", metavar="N", help="only the last N lines of each service")
    parser.add_argument("--since", metavar="T", help="only what is younger: 10m, or 2024-05-01T12:00:00Z")
    parser.add_argument("--grep", metavar="RE", help="only lines that match")
    parser.add_argument("--file", metavar="F", help=argparse.SUPPRESS)
    add_services(parser)
    parser.set_defaults(looking=True)


def run(invocation: Invocation) -> int:
    """Exit code 0 at the end of the output."""
    # Deferred: `--help` needs no flow.
    from devbox.flows.box.logs import follow_logs

    args = invocation.args
    if args.file:
        raise UsageError("`devbox logs --file` is not in this version of devbox", hint="`devbox logs --help`")
    matches = _matcher(args.grep)
    services = tuple(args.services)
    lines = follow_logs(
        invocation.workspace(), services, tail=_tail(args.tail), follow=args.follow, since=_since(args.since)
    )
    printer = _Printer(invocation, alone=len(services) == 1)
    for line in lines:
        if matches(line.data):
            printer.show(line)
    invocation.finish("ok", lines=printer.count)
    return ExitCode.OK


class _Printer:
    """Lines with their service and time in front."""

    def __init__(self, invocation: Invocation, *, alone: bool) -> None:
        self._invocation, self._alone = invocation, alone
        self._width = 0
        self._seen: dict[str, int] = {}
        self.count = 0

    def show(self, line: ServiceLog) -> None:
        """One line, cleaned; in JSON the service and time are fields."""
        self.count += 1
        text = clean(line.data, colour=self._invocation.colour() and not self._invocation.json)
        if self._invocation.json:
            self._invocation.emit({
                "event": "log", "service": line.service, "time": line.time, "stream": line.stream, "text": text,
            })
            return
        self._invocation.print(f"{self._prefix(line)}{self._safe(text)}")

    def _prefix(self, line: ServiceLog) -> str:
        clock = (line.time or "")[11:19]
        name = "" if self._alone else self._name(line.service)
        return " ".join(part for part in (name, clock) if part) + f" {self._invocation.glyphs.bar} "

    def _name(self, service: str) -> str:
        shown = clean(service)
        self._width = max(self._width, cell_width(shown))
        shade = _SHADES[self._seen.setdefault(service, len(self._seen)) % len(_SHADES)]
        padded = shown + " " * (self._width - cell_width(shown))
        return f"\x1b[{shade}m{padded}\x1b[0m" if self._invocation.colour() else padded

    def _safe(self, text: str) -> str:
        in_ci = self._invocation.env.get("GITHUB_ACTIONS") or self._invocation.env.get("TF_BUILD")
        return defuse_ci(text) if in_ci else text


def _matcher(pattern: str | None) -> Callable[[bytes], bool]:
    if pattern is None:
        return lambda data: True
    try:
        compiled = re.compile(pattern.encode("utf-8", "surrogateescape"))
    except re.error as error:
        raise UsageError(f"`--grep {pattern}`: {error}") from None
    return lambda data: compiled.search(data[:_MATCHED]) is not None


def _tail(text: str | None) -> int | None:
    if text is None or text == "all":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"`--tail {text}`: expected a number or `all`")
    return int(text)


def _since(text: str | None) -> str | None:
    """What the engine takes: seconds since the epoch or RFC 3339; a duration counts back from now."""
    if text is None:
        return None
    try:
        return f"{time.time() - parse_duration(text):.6f}"
    except ValueError:
        pass
    moment = text.replace("z", "Z")
    if _MOMENT.fullmatch(moment):
        return moment
    raise UsageError(f"`--since {text}`: expected a duration such as 10m, or a time such as 2024-05-01T12:00:00Z")
