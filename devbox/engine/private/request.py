"""What the caller asks of the part that runs as root, and how news comes back: one JSON object per line, both ways.

Pure. The request goes to the root side's stdin, events and the outcome come from its stdout.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from devbox.core import errors
from devbox.core.errors import DevboxError, EngineError
from devbox.core.events import Event, Note, OperationChanged, Waiting
from devbox.core.frozen import dataclass
from devbox.core.plan import Operation
from devbox.engine.private.layout import PrivateLayout

Action = Literal["start", "stop", "base-archive"]

_ERRORS: dict[str, type[DevboxError]] = {
    kind.kind: kind
    for kind in (errors.EngineError, errors.BusyError, errors.ExhaustedError, errors.ConfigError, errors.DevboxError)
}


@dataclass(frozen=True, slots=True)
class Request:
    """One job for the root side; nothing in it comes from a project."""

    action: Action
    root: str
    run: str
    uid: int
    gid: int
    install: tuple[str, ...] = ()
    """Packages that the caller agreed to install."""
    optional: tuple[str, ...] = ()
    """Packages to install with them where the machine's sources have them."""
    plugins: tuple[str, ...] = ()
    """Packages of CLI plugins to fetch privately."""
    suite: str = ""
    proxies: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    """Seconds to wait for the lock."""

    @property
    def layout(self) -> PrivateLayout:
        """The engine that it is about."""
        return PrivateLayout(Path(self.root), Path(self.run))

    def encode(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def decode_request(line: str) -> Request:
    """The request of one line."""
    fields = json.loads(line)
    lists = {name: tuple(fields[name]) for name in ("install", "optional", "plugins")}
    return Request(**{**fields, **lists, "proxies": tuple((name, value) for name, value in fields["proxies"])})


@dataclass(frozen=True, slots=True)
class Done:
    """The job is done."""


News = Event | DevboxError | Done


def encode_news(news: News) -> str:
    """One line; events that the root side never has are refused."""
    return json.dumps(_fields(news))


def decode_news(line: str) -> News:
    """The event, error or outcome of one line; an unreadable line is an EngineError itself."""
    try:
        return _news(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return EngineError("the private engine's root side said something unreadable", detail=line[:2000])


def _fields(news: News) -> dict[str, Any]:
    match news:
        case Note(text, severity):
            return {"news": "note", "text": text, "severity": severity}
        case Waiting(what, seconds):
            return {"news": "waiting", "what": what, "seconds": seconds}
        case OperationChanged(operation, state, seconds, detail):
            return {"news": "operation", **asdict(operation), "state": state, "seconds": seconds, "detail": detail}
        case DevboxError():
            return {
                "news": "error", "kind": news.kind, "summary": news.summary, "detail": news.detail, "hint": news.hint,
            }
        case Done():
            return {"news": "done"}
    raise TypeError(f"{type(news).__name__} is no news of the root side")


def _news(fields: dict[str, Any]) -> News:
    kind = fields["news"]
    if kind == "note":
        return Note(fields["text"], fields["severity"])
    if kind == "waiting":
        return Waiting(fields["what"], fields["seconds"])
    if kind == "operation":
        operation = Operation(fields["kind"], fields["resource"], fields["cause"])
        return OperationChanged(operation, fields["state"], fields["seconds"], fields["detail"])
    if kind == "error":
        cause = _ERRORS.get(fields["kind"], EngineError)
        return cause(fields["summary"], detail=fields["detail"], hint=fields["hint"])
    if kind == "done":
        return Done()
    raise KeyError(kind)
