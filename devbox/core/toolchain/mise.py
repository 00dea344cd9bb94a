"""mise: which installed version a word means (spec/toolchains.md 5.4, 5.5, 5.8).

Pure: installed names, links and lock entries come in. Source: `toolset/tool_version.rs`, `tool_request.rs`,
`backend/mod.rs` (`fuzzy_match_versions`) of mise 2026.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.core.npm_range import newest, npm_range

Kind = Literal["version", "prefix", "sub", "ref", "path", "system", "range"]

_PRE_RELEASE = re.compile(
    r"(^Available versions:|-src|[-\\.]dev|-latest|-stm|[-\\.]rc|-milestone|-alpha|-beta|[-\\.]pre|-next|-test"
    r"|-nightly|-canary|-experimental|-insider|-edge|snapshot|master|\d(?:alpha|beta|rc)\d*\b)",
    re.IGNORECASE | re.ASCII,
)
_PEP440_PRE_RELEASE = re.compile(r"[0-9](?:a|b|c|rc)[0-9]+(?:$|[^a-z0-9])", re.IGNORECASE)
_REF_WORD = re.compile(r"(ref|tag|branch|rev)[-:](.*)", re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\"'`\\$]")
_NPM_RANGE = re.compile(r"^[<>=^~]|[<>]|\|\||\s|^\*$|^[xX]$")

NODE_ALIASES = {
    "argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14", "gallium": "16",
    "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24",
}
"""LTS names compiled into mise 2026.9 (`plugins/core/node.rs`); `lts` is the newest of them."""
_NEWEST_LTS = "24"
EXACT_TOOLS = frozenset(("deno", "dotnet", "elixir", "go", "zig"))
"""Tools that mise puts on PATH from the version's own folder, never through a runtime link (`plugins/core/*.rs`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One version as a configuration asks for it."""

    kind: Kind
    text: str
    """Without its scheme: `20`, `1.20` of `prefix:1.20`, `/opt/node` of `path:/opt/node`."""
    sub: str = ""
    """What `sub-N:` subtracts."""
    scheme: str = ""
    """`ref`, `tag`, `branch` or `rev` of a reference."""

    @property
    def raw(self) -> str:
        """As mise reports it."""
        prefix = {"prefix": "prefix:", "path": "path:", "sub": f"sub-{self.sub}:", "ref": f"{self.scheme}:"}
        return f"{prefix.get(self.kind, '')}{self.text}"


@dataclass(frozen=True, slots=True)
class Store:
    """What is on disk for one tool."""

    versions: tuple[str, ...]
    """Installed names in mise's order, oldest first."""
    links: Mapping[str, str]
    """Runtime links: name → target's name."""
    linked: bool = False
    """Whether a version is a link to elsewhere (`mise link`), which turns the lock file off."""
    recorded: bool = False
    """Whether mise noted which of its backends installed the tool."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One entry of a lock file."""

    version: str
    specifiers: tuple[str, ...] = ()
    """The requests that it answers; empty: whatever its version continues, as in lock files before 2026.9."""
    options: tuple[tuple[str, str], ...] = ()
    """What the tool was installed with, sorted: it counts only for who would install it so."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What the lock files say about one tool, in their order."""

    entries: tuple[Locked, ...] = ()
    required: bool = False
    """The setting `locked`: what no entry answers is not resolved at all."""

    def demands(self, store: Store) -> bool:
        """Whether a version must come from here."""
        return self.required and not store.linked


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request comes to."""

    version: str | None
    """The installed name; None where nothing fits."""
    wanted: str
    """What mise would install then."""
    folder: str | None = None
    """The name below `installs/<tool>/` whose programs run: a stale runtime link beats the version."""


def parse_request(text: str, *, ranges: bool = False) -> Request | None:
    """The request that a version text makes; None where mise refuses it.

    It refuses quotes, control characters, `..`, a leading `-` and schemes it does not know. `ranges` says whether its
    source may write npm ranges: only `package.json` may.
    """
    reference = _REF_WORD.fullmatch(text)
    if reference:
        return Request("ref", reference[2], scheme=reference[1]) if _allowed(reference[2]) else None
    scheme, colon, rest = text.partition(":")
    if not colon:
        if text == "system":
            return Request("system", text)
        kind: Kind = "range" if ranges and is_range(text) else "version"
        return Request(kind, text) if _allowed(text) else None
    if scheme == "path":
        return None if _FORBIDDEN.search(rest) else Request("path", rest)
    if scheme == "prefix":
        return Request("prefix", rest) if _allowed(rest) else None
    if scheme.startswith("sub-"):
        sub = scheme.removeprefix("sub-")
        return Request("sub", rest, sub=sub) if _allowed(sub) and _allowed(rest) else None
    return None


def is_range(text: str) -> bool:
    """Whether mise takes this for an npm range, which it supports in `package.json` alone."""
    return bool(_NPM_RANGE.search(text)) or any(part in ("*", "x", "X") for part in text.split("."))


def resolve(
    tool: str, request: Request, store: Store, *, aliases: Mapping[str, str] | None = None, lock: Lock | None = None
) -> Choice:
    """The version that mise selects offline."""
    if request.kind == "ref":
        name = f"{request.scheme}-{request.text}".replace(":", "-").replace("/", "-")
        return Choice(request.raw, request.raw, name) if name in store.versions else Choice(None, request.raw)
    lock = lock or Lock()
    text = request.text
    if request.kind == "prefix":
        found = _locked(text, request.raw, store, lock, boundary=True)
        return found or (Choice(None, request.raw) if lock.demands(store) else _prefix(tool, text, store))
    if request.kind == "sub":
        base = subtract(_base(tool, text, aliases or {}), request.sub)
        return _word(tool, base, request, store, lock) if base else Choice(None, request.raw)
    found = _locked(text, request.raw, store, lock)
    if found is None and request.kind == "range" and not lock.demands(store):
        return _range(text, store)
    return found or _word(tool, alias_target(tool, text, aliases or {}), request, store, lock)


def alias_target(tool: str, text: str, aliases: Mapping[str, str]) -> str:
    """The word behind an alias: the configuration's first, then those compiled in."""
    if text in aliases:
        return aliases[text]
    if tool == "node":
        if text == "lts":
            return _NEWEST_LTS
        if text.startswith(("lts/", "lts-")):
            return NODE_ALIASES.get(text[4:], text)
    return text


def matching(tool: str, query: str, versions: Sequence[str]) -> list[str]:
    """`fuzzy_match_versions`: names that are the query or continue it at a separator, pre-releases left out."""
    numeric = query.lstrip("vV")[:1].isdigit() if query[:1] in ("v", "V") else query[:1].isdigit()
    separators = "+-." if numeric else "-."
    starts = {query, f"v{query}"} if query[:1].isdigit() else {query}
    if query[:1] in ("v", "V"):
        starts.add(query[1:])

    def fits(name: str) -> bool:
        if name == query:
            return True
        if is_prerelease(tool, name):
            return False
        return any(_continues(name, start, separators) for start in starts)

    return [name for name in versions if fits(name)]


def is_prerelease(tool: str, name: str) -> bool:
    """Whether mise leaves the name out unless it is asked for by itself."""
    return bool(_PRE_RELEASE.search(name) or (tool == "python" and _PEP440_PRE_RELEASE.search(name)))


def subtract(version: str, sub: str) -> str | None:
    """`sub-2:22` → 20; `sub-0.1:3.12` → 3.11; None where a part is no number."""
    whole, minus = version.split("."), sub.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (*whole, *minus)):
        return None
    numbers = [int(part) for part in whole[: len(minus)]]
    for index, amount in enumerate(int(part) for part in minus[: len(numbers)]):
        if numbers[index] >= amount:
            numbers[index] -= amount
            continue
        borrow = next((earlier for earlier in reversed(range(index)) if numbers[earlier] > 0), None)
        if borrow is None:
            return "0"
        return ".".join(map(str, (*numbers[:borrow], numbers[borrow] - 1)))
    return ".".join(map(str, numbers))


def version_order(name: str) -> tuple[object, ...]:
    """mise's order of installed names: part by part, numbers as numbers, a pre-release before its release."""
    text = name[1:] if name[:1] in ("v", "V") else name
    release, _, extra = text.partition("-") if text[:1].isdigit() else (text, "", "")
    return (_parts(release), not extra, _parts(extra), name)


def _parts(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = []
    for part in re.split(r"[.+\-_]", text):
        match = re.match(r"([0-9]{1,18})(.*)", part, re.DOTALL)
        parts.append((int(match[1]), -1 if match[2] else 0, match[2]) if match else (-1, 0, part))
    return tuple(parts)


def _word(tool: str, word: str, request: Request, store: Store, lock: Lock) -> Choice:
    """An ordinary version word, after aliases."""
    asked = request.raw
    if word != asked:
        scheme = parse_request(word)
        if scheme is not None and scheme.kind != "version":
            return resolve(tool, scheme, store, lock=lock)
        found = _locked(word, asked, store, lock)
        if found:
            return found
    if lock.demands(store):
        return Choice(None, word)
    if word == "latest":
        return _latest(store)
    names = matching(tool, word, store.versions)
    if word in names:
        return _chosen(word, asked, store)
    return _chosen(names[-1], asked, store) if names else Choice(None, word)


def _latest(store: Store) -> Choice:
    """The link `latest`, else the highest name, pre-releases included."""
    target = store.links.get("latest")
    if target is not None:
        return _chosen(target, "latest", store) if target in store.versions else Choice(None, target)
    names = [name for name in store.versions if name != "latest"]
    return _chosen(names[-1], "latest", store) if names else Choice(None, "latest")


def _range(text: str, store: Store) -> Choice:
    wanted = npm_range(text)
    name = newest(store.versions, wanted) if wanted else None
    return _chosen(name, text, store) if name else Choice(None, text)


def _prefix(tool: str, prefix: str, store: Store) -> Choice:
    if prefix == "latest":
        names = [name for name in store.versions if name != prefix and not is_prerelease(tool, name)]
    else:
        names = matching(tool, prefix, store.versions)
    return _chosen(names[-1], prefix, store) if names else Choice(None, prefix)


def _chosen(version: str, asked: str, store: Store) -> Choice:
    """A runtime link of the asked word's name is what PATH gets, even where it is stale."""
    name = asked.replace(":", "-").replace("/", "-")
    return Choice(version, version, name if name != version and name in store.links else version)


def _installed(name: str, store: Store) -> Choice:
    return Choice(name, name, name) if name in store.versions else Choice(None, name)


def _locked(query: str, asked: str, store: Store, lock: Lock, *, boundary: bool = False) -> Choice | None:
    """The lock file's entry that answers the request, or that begins with the query; it is final, installed or not."""
    if store.linked:
        return None
    fitting = [
        entry.version
        for entry in lock.entries
        if (asked in entry.specifiers if entry.specifiers else _lock_fits(query, entry.version, boundary))
    ]
    if not fitting:
        return None
    version = max(fitting, key=version_order) if query == "latest" else fitting[0]
    return _installed(version, store)


def _lock_fits(query: str, version: str, boundary: bool) -> bool:
    if query == "latest":
        return True
    start, whole = _without_v(query), _without_v(version)
    if not whole.startswith(start):
        return False
    rest = whole[len(start) :]
    return not boundary or (bool(start) and (not rest or start.endswith("-") or rest[0] in ".-+"))


def _without_v(text: str) -> str:
    return text[1:] if text[:1] in ("v", "V") and text[1:2].isdigit() else text


def _base(tool: str, text: str, aliases: Mapping[str, str]) -> str:
    return alias_target(tool, text, aliases)


def _continues(name: str, start: str, separators: str) -> bool:
    if not name.startswith(start):
        return False
    rest = name[len(start) :]
    return not rest or start.endswith("-") or (rest[0] in separators and len(rest) > 1)


def _allowed(text: str) -> bool:
    return not (text.startswith("-") or ".." in text or _FORBIDDEN.search(text))
