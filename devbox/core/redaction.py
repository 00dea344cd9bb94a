"""What a report that leaves this machine must not carry: home folders, the user's name, the host's name. Pure."""

from __future__ import annotations

import re
from dataclasses import field

from devbox.core.frozen import dataclass

_HOMES = re.compile(r"(?:/home/[^/\s:,;'\"`)(|]+|/Users/[^/\s:,;'\"`)(|]+|/var/home/[^/\s:,;'\"`)(|]+|/root)(?![\w.-])")
"""Home folders of anybody: another machine's report has other names in it."""
_IMPERSONAL = frozenset((
    "root", "user", "users", "admin", "dev", "developer", "docker", "git", "node", "python", "ruby", "rust", "java",
    "golang", "postgres", "redis", "ubuntu", "debian", "fedora", "alpine", "arch", "vagrant", "vscode", "codespace",
    "gitpod", "runner", "jenkins", "circleci", "build", "builder", "worker", "app", "nobody", "home", "test", "guest",
    "localhost", "local", "host", "server", "linux", "macos", "default", "devbox",
))
"""Account and host names that say nothing of a person, and that are words of reports."""
_SHORTEST = 3
"""Letters; a shorter name is a part of too many words."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The names of one machine; `text()` takes them out."""

    home: str = ""
    user: str = ""
    host: str = ""
    _names: tuple[tuple[re.Pattern[str], str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [(self.user, "USER"), (self.host, "HOST"), (self.host.partition(".")[0], "HOST")]
        personal = dict(pair for pair in names if len(pair[0]) >= _SHORTEST and pair[0].lower() not in _IMPERSONAL)
        patterns = tuple((_word(name), instead) for name, instead in personal.items())
        home = self.home.rstrip("/")
        mine = ((re.compile(rf"{re.escape(home)}(?![\w.-])"), "~"),) if home.startswith("/") else ()
        object.__setattr__(self, "_names", (*mine, (_HOMES, "~"), *patterns))

    def text(self, text: str) -> str:
        """`/home/ada/src` → `~/src`; the user's and the host's own names → `USER`, `HOST`."""
        for pattern, instead in self._names:
            text = pattern.sub(instead, text)
        return text


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
