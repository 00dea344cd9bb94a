"""What each kind of Node lock file wants in `node_modules`, and how it differs from what is there.

npm's names every folder. yarn's names versions only: the folders follow from Node's own rule, the nearest
`node_modules` on the way up. pnpm's names the entries of its store below `node_modules/.pnpm`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Protocol

from devbox.core.dependencies.comparison import settle
from devbox.core.dependencies.model import Difference, Locked, Mismatch, Need, Problem
from devbox.core.frozen import dataclass

FOLDER = "node_modules"
NEEDS: tuple[Need, ...] = ("required", "dev", "optional")


class Tree(Protocol):
    """The installed side, asked only for what is needed."""

    def version(self, place: str) -> str | None:
        """The version of the package in a folder; None where there is none, empty where it names none."""

    def names(self, place: str) -> tuple[str, ...]:
        """The packages that lie directly in a `node_modules` folder, scoped ones with their scope."""


class NodeLock(Protocol):
    """A Node lock file, of whatever kind."""

    @property
    def problems(self) -> tuple[Problem, ...]: ...
    def compare(self, tree: Tree) -> Difference:
        """How the installed packages differ from it."""


@dataclass(frozen=True, slots=True)
class PlacedLock:
    """npm's: every package with its folder."""

    packages: tuple[Locked, ...] = ()
    problems: tuple[Problem, ...] = ()

    def compare(self, tree: Tree) -> Difference:
        """Every folder's package.json beside the lock's version."""
        taken = _Taken()
        for package in self.packages:
            taken.take(package, tree.version(package.place))
        places = {package.place for package in self.packages}
        extra = (name for name in tree.names(FOLDER) if f"{FOLDER}/{name}" not in places)
        return taken.difference(tuple(extra))


@dataclass(slots=True)
class _Taken:
    """Packages looked at so far."""

    wanted: list[Locked] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    missing: list[Locked] = field(default_factory=list)
    other: list[Mismatch] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def take(self, package: Locked, actual: str | None) -> None:
        self.wanted.append(package)
        if actual is None:
            self.missing.append(package)
            return
        self.present.add(package.place or package.name)
        if package.versions and actual not in package.versions:
            if actual:
                self.other.append(Mismatch(package, actual))
            else:
                self.reasons.append(f"{package.place}/package.json names no version")

    def difference(self, extra: tuple[str, ...]) -> Difference:
        found = Difference(
            len(self.wanted), tuple(self.missing), tuple(self.other), extra=tuple(sorted(extra)),
            undecided=tuple(self.reasons),
        )
        return settle(found, self.wanted, self.present)


@dataclass(frozen=True, slots=True)
class Want:
    """One requirement of a project's or a package's: a name and the lock file's key for it."""

    name: str
    key: str
    need: Need = "required"


@dataclass(frozen=True, slots=True)
class Entry:
    """One package of a lock file that names no folders."""

    version: str | None
    wants: tuple[Want, ...] = ()
    need: Need = "required"
    """`optional` where this platform needs it not."""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class WalkedLock:
    """yarn's, where packages lie in `node_modules`: the folders follow from Node's resolution."""

    importers: Mapping[str, tuple[Want, ...]]
    """The project and its workspaces (folder, empty for the root) → what each asks for."""
    entries: Mapping[str, Entry]
    problems: tuple[Problem, ...] = ()
    names: frozenset[str] = frozenset()
    """Every package that it names, the project's own (which are linked) included."""
    alone: Mapping[str, Entry] = field(default_factory=dict)
    """By name, those of which it has one version only: `resolutions` lead there from ranges that it has no key for."""

    def compare(self, tree: Tree) -> Difference:
        """Walks as Node would resolve, beginning at each importer."""
        walk = _NodeWalk(self, tree)
        for need in NEEDS:  # the strongest first, so that it is the one kept
            walk.run(need)
        extra = (name for name in tree.names(FOLDER) if name not in walk.tops and name not in self.names)
        return walk.taken.difference(tuple(extra))


class _NodeWalk:
    """One pass over an installed tree."""

    def __init__(self, lock: WalkedLock, tree: Tree) -> None:
        self.lock, self.tree, self.taken = lock, tree, _Taken()
        self.tops: set[str] = set()
        """Names that something of the lock resolves to."""
        self.seen: set[tuple[str, str]] = set()

    def run(self, need: Need) -> None:
        """Everything that is reached from the importers' requirements of this strength."""
        waiting = deque(
            (place, want, need) for place, wants in self.lock.importers.items() for want in wants if want.need == need
        )
        while waiting:
            place, want, why = waiting.popleft()
            self.tops.add(want.name)
            entry = self.lock.entries.get(want.key) or self.lock.alone.get(want.name)
            if entry is None or entry.version is None:
                continue
            why = "optional" if "optional" in (entry.need, want.need) else why
            found, version = _resolve(self.tree, place, want.name)
            if (found, want.key) in self.seen:
                continue
            self.seen.add((found, want.key))
            self.taken.take(Locked(want.name, (entry.version,), why, place=found, anchor=entry.anchor), version)
            if version is not None:
                waiting.extend((found, inner, why) for inner in entry.wants)


def _resolve(tree: Tree, place: str, name: str) -> tuple[str, str | None]:
    """The folder that Node takes for `name` inside `place`, and the version there."""
    for folder in _upwards(place):
        candidate = f"{folder}/{FOLDER}/{name}".lstrip("/")
        version = tree.version(candidate)
        if version is not None:
            return candidate, version
    return f"{FOLDER}/{name}", None


def _upwards(place: str) -> Iterator[str]:
    while place:
        if place != FOLDER and not place.endswith(f"/{FOLDER}"):
            yield place
        place = place.rpartition("/")[0]
    yield ""


@dataclass(frozen=True, slots=True)
class StoredLock:
    """pnpm's: every package with its entry in `node_modules/.pnpm`."""

    importers: Mapping[str, tuple[Want, ...]]
    """Folder (empty for the root) → what it asks for."""
    entries: Mapping[str, Entry]
    """By the lock's own key, peers included."""
    stored: Callable[[str], str | None]
    """A key's entry → its folder in the store, None where there is none."""
    linked: Mapping[str, tuple[Want, ...]] = field(default_factory=dict)
    """What each stored package is linked to, as pnpm itself recorded when it installed."""
    problems: tuple[Problem, ...] = ()
    names: frozenset[str] = frozenset()
    """Every package that it names: pnpm lifts some to the top for tools that look there."""

    def compare(self, tree: Tree) -> Difference:
        """Each importer's own links by the version they lead to, everything else by its entry in the store."""
        taken = _Taken()
        reached: set[str] = set()
        for need in NEEDS:
            waiting: deque[tuple[str, str, Need]] = deque()
            for place, wants in self.importers.items():
                for want in (want for want in wants if want.need == need):
                    self._direct(tree, taken, place, want)
                    waiting.append((want.name, want.key, need))
            self._stored(taken, waiting, reached)
        names = {want.name for want in self.importers.get("", ())} | self.names
        return taken.difference(tuple(name for name in tree.names(FOLDER) if name not in names))

    def _stored(self, taken: _Taken, waiting: deque[tuple[str, str, Need]], reached: set[str]) -> None:
        """Everything reached from `waiting`, by its entry in the store."""
        while waiting:
            name, key, why = waiting.popleft()
            entry = self.entries.get(key)
            if entry is None or key in reached:
                continue
            reached.add(key)
            why = "optional" if entry.need == "optional" else why
            here = self.stored(key) is not None
            versions = (entry.version,) if entry.version else ()
            package = Locked(name, versions, why, place=key, anchor=entry.anchor)
            taken.take(package, (entry.version or "") if here else None)
            if here:
                self._links(taken, key, entry, why)
            waiting.extend((one.name, one.key, "optional" if one.need == "optional" else why) for one in entry.wants)

    def _direct(self, tree: Tree, taken: _Taken, place: str, want: Want) -> None:
        entry = self.entries.get(want.key)
        if entry is None or entry.version is None or self.stored(want.key) is None:
            return  # what is not in the store is reported once, there
        need = "optional" if "optional" in (entry.need, want.need) else want.need
        at = f"{place}/{FOLDER}/{want.name}".lstrip("/")
        taken.take(Locked(want.name, (entry.version,), need, place=at, anchor=entry.anchor), tree.version(at))

    def _links(self, taken: _Taken, key: str, entry: Entry, need: Need) -> None:
        """A package that lies in the store may still be linked to what an earlier lock file wanted."""
        actual = {want.name: want.key for want in self.linked.get(key, ())}
        for want in entry.wants:
            got = actual.get(want.name)
            if key in self.linked and want.need == "required" and got is not None and got != want.key:
                wanted = self.entries.get(want.key)
                versions = (wanted.version,) if wanted and wanted.version else (want.key,)
                locked = Locked(want.name, versions, need, place=f"{key} > {want.name}", anchor=entry.anchor)
                taken.take(locked, got.removeprefix(f"{want.name}@"))
