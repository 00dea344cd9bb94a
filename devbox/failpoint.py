"""Named places where a test can kill, stop or delay devbox: before and after every engine mutation and durable write.

`DEVBOX_FAILPOINT=NAME[@N][=ACTION]`, several separated by commas. NAME is a failpoint's name or `*` (any), N the hit
that counts (default the first; of `*` the N-th overall). ACTION is `kill` (SIGKILL, the default), `exit` (at once, code
99), `raise` (`FailpointReached`) or `sleep:SECONDS`. Without the variable a failpoint is one call of an empty function.
"""

from __future__ import annotations

import os
from typing import NoReturn

VARIABLE = "DEVBOX_FAILPOINT"


class FailpointReached(RuntimeError):
    """Raised where a test asked for it; nothing catches it on purpose."""


def failpoint(name: str) -> None:
    """A place where things may go wrong."""


def _armed(rules: dict[str, tuple[int, str]]) -> object:
    hits: dict[str, int] = {}

    def reach(name: str) -> None:
        for key in (name, "*"):
            hits[key] = hits.get(key, 0) + 1
            number, action = rules.get(key, (0, ""))
            if hits[key] == number:
                _act(action, name)

    return reach


def _act(action: str, name: str) -> None:
    if action == "kill":
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "exit":
        os._exit(99)
    elif action == "raise":
        raise FailpointReached(name)
    else:
        import time

        time.sleep(float(action.removeprefix("sleep:")))


def _parse(text: str) -> dict[str, tuple[int, str]]:
    rules = {}
    for rule in filter(None, text.split(",")):
        where, given, action = rule.partition("=")
        action = action if given else "kill"
        name, _, number = where.partition("@")
        if not name or not (number.isdigit() or not number) or not _known(action):
            _refuse(rule)
        rules[name] = (int(number or 1), action)
    return rules


def _known(action: str) -> bool:
    seconds = action.removeprefix("sleep:")
    return action in ("kill", "exit", "raise") or (
        action.startswith("sleep:") and seconds.replace(".", "", 1).isdigit()
    )


def _refuse(rule: str) -> NoReturn:
    raise SystemExit(f"{VARIABLE}: cannot read {rule!r}")


if os.environ.get(VARIABLE):
    failpoint = _armed(_parse(os.environ[VARIABLE]))  # type: ignore[assignment]
