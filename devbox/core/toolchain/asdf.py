"""asdf, the bash line (up to 0.15) and the Go line (0.16 and later): what words mean and which of them runs.

Pure (spec/toolchains.md 6). Source: `select_version` and `select_from_preset_version` of `lib/utils.bash` 0.14.1;
`internal/shims/shims.go` and `internal/toolversions` 0.20.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.core.toolchain.selection import SYSTEM

TOOLS = {"nodejs": "node", "golang": "go"}
"""Plugin → tool, where the names differ."""
LEGACY_FILES = {
    "nodejs": (".nvmrc", ".node-version"), "ruby": (".ruby-version", "Gemfile"), "python": (".python-version",),
    "java": (".java-version", ".sdkmanrc"), "golang": (".go-version", "go.mod", "go.work"),
    "terraform": (".terraform-version",),
}
"""Files of other managers that well-known plugins read where `legacy_version_file = yes`."""


@dataclass(frozen=True, slots=True)
class Version:
    """One word of a version list."""

    kind: Literal["version", "ref", "path", "system"]
    text: str
    """What asdf compares and shows."""
    place: str
    """The folder's name below `installs/<plugin>/`, or the path; empty for `system`."""


def variable(plugin: str) -> str:
    """The variable that beats every file."""
    return f"ASDF_{plugin.upper().replace('-', '_')}_VERSION"


def parse_version(word: str, *, bash: bool) -> Version:
    """What a word names; the bash line takes only what stands before a second colon."""
    scheme, _, rest = word.partition(":")
    if word == SYSTEM:
        return Version("system", word, "")
    value = rest.partition(":")[0] if bash else rest
    if scheme == "ref":
        return Version("ref", word, f"ref-{value}")
    if scheme == "path":
        return Version("path", word, value)
    return Version("version", word, scheme if bash else word)


def bash_choice(words: Sequence[str], in_shim: Collection[str]) -> str | None:
    """The word that a shim of the bash line runs; `in_shim` are the plugin's versions that the shim lists.

    Where none fits, the first word (a tab parts words here) runs all the same if it only begins like a listed one, as
    `20.9.0\\r` does: the shim then finds no folder, and the system's program answers.
    """
    if not in_shim:
        return None
    for word in words:
        if word == SYSTEM or word in in_shim or word.startswith("path:"):
            return word
    first = next((piece for word in words for piece in word.split("\t") if piece), "")
    return first if any(first.startswith(version) for version in (*in_shim, SYSTEM)) else None


def go_order(words: Sequence[str], in_shim: Collection[str]) -> tuple[str, ...]:
    """The words that a shim of the Go line tries: installed versions first, then `system`, then paths."""
    order = [word for word in words if word in in_shim]
    order += [SYSTEM] if SYSTEM in words else []
    return (*order, *(word for word in words if word.startswith("path:")))
