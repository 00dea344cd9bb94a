"""fnm: what the text of a version file asks for, and which installed version it selects (spec/toolchains.md 4.3).

Pure. Source: `user_version.rs`, `version.rs`, `choose_version_for_user_input.rs` of fnm a53186d.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.core.toolchain.semver import Semver, parse
from devbox.core.version import Range, exact_range, prefix_range

_NUMBER = re.compile(r"\+?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Request:
    """What a file asks for."""

    kind: Literal["system", "alias", "exact", "partial"]
    alias: str = ""
    exact: Semver | None = None
    partial: tuple[int, ...] = ()

    @property
    def range(self) -> Range | None:
        """The versions that would do; None where only the machine's aliases tell."""
        if self.exact is not None:
            return exact_range(str(self.exact))
        return prefix_range(".".join(map(str, self.partial))) if self.partial else None


def parse_request(text: str) -> Request | None:
    """The request of a trimmed text; None where fnm ignores it. `20.x` and `20.1 # c` are read as far as they go."""
    if not text:
        return None
    lower = text.lower()
    if lower == "system":
        return Request("system")
    if lower.startswith(("lts-", "lts/")):
        return Request("alias", f"lts-{'latest' if lower[4:] == '*' else lower[4:]}")
    plain = lower.lstrip("v")
    if not ("0" <= plain[:1] <= "9"):
        return Request("alias", lower)
    exact = parse(plain)
    if exact is not None:
        return Request("exact", exact=exact)
    major, *rest = text.strip().removeprefix("v").split(".")
    if not _NUMBER.fullmatch(major):
        return None
    minor = (int(rest[0]),) if rest and _NUMBER.fullmatch(rest[0]) else ()
    return Request("partial", partial=(int(major), *minor))


def choose(request: Request, installed: Sequence[Semver]) -> Semver | None:
    """The newest installed version that fits a number, pre-releases included."""
    if request.exact is not None:
        same = (request.exact.numbers, request.exact.pre_release)
        return next((one for one in installed if (one.numbers, one.pre_release) == same), None)
    fitting = [one for one in installed if one.numbers[: len(request.partial)] == request.partial]
    return max(fitting, key=lambda one: one.order, default=None)
