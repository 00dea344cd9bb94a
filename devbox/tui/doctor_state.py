"""What the Doctor screen shows: rows that fill in while probes return. No widget, no thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devbox.core.findings import CheckStatus, DoctorEvent, DoctorRow, Finished, Layer, RowChanged, RowsKnown, RowStatus
from devbox.core.present import Tone
from devbox.core.row_groups import Folded, fold, foldable
from devbox.core.rows import note_rows
from devbox.tui.session import Problem

TONES: Mapping[RowStatus, Tone] = {
    "error": Tone.ERROR, "warn": Tone.WARN, "unknown": Tone.UNKNOWN, "ok": Tone.OK, "checking": Tone.RUNNING,
}
_ORDER: Mapping[RowStatus, int] = {"error": 0, "warn": 1, "unknown": 2, "ok": 3, "checking": 4}
_LAYER: Mapping[RowStatus, CheckStatus] = {"error": "drift", "warn": "drift", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class DoctorView:
    """The table and the layers above it."""

    rows: tuple[DoctorRow, ...] = ()
    layers: Mapping[Layer, CheckStatus] = field(default_factory=dict)
    """Empty until the first scan ended."""
    scanning: bool = False
    scope: tuple[str, ...] = ()
    """The checks of a scan that looks at some rows only; empty for all."""
    inside: frozenset[str] = frozenset()
    """The keys of rows that are one line with their layer; it changes when a scan ends, so that no row jumps before."""
    problem: Problem | None = None
    engine: str = ""
    """For the header: `docker 26.1`."""

    def count(self, status: RowStatus) -> int:
        """How many rows are in that state."""
        return sum(row.status == status for row in self.rows)

    def folded(self) -> tuple[tuple[DoctorRow, ...], tuple[Folded, ...]]:
        """The rows that stand alone, and the layers that are one row."""
        return fold(self.rows, self.inside)

    def row(self, key: object) -> DoctorRow | None:
        """The row with that key."""
        return next((row for row in self.rows if row.key == key), None)


def fold_doctor(view: DoctorView, event: DoctorEvent) -> DoctorView:
    """The view after one more event."""
    match event:
        case RowsKnown(rows):
            return _merged(view, rows) if view.scope else replace(view, rows=rows, inside=foldable(rows))
        case RowChanged(row):
            return _merged(view, (row,))
        case Finished(report, found):
            rows = (*found, *note_rows(report))
            engine = _engine_words(report.facts.get("engine", {})) or view.engine
            if not view.scope:
                return replace(view, rows=rows, layers=dict(report.layers), inside=foldable(rows), engine=engine)
            return _rescanned(replace(view, engine=engine), rows)


def _rescanned(view: DoctorView, rows: tuple[DoctorRow, ...]) -> DoctorView:
    """After a scan of some checks: their rows as they are now, those that are gone (the fault is cured) left out."""
    found = {row.key for row in rows}
    gone = tuple(row for row in view.rows if row.key not in found and check_of(row) in view.scope)
    merged = _merged(replace(view, rows=tuple(row for row in view.rows if row not in gone)), rows)
    ordered = tuple(sorted(merged.rows, key=lambda row: _ORDER[row.status]))
    layers = _relayered(merged, (*rows, *gone))
    return replace(merged, rows=ordered, layers=layers, inside=foldable(ordered))


def _merged(view: DoctorView, rows: tuple[DoctorRow, ...]) -> DoctorView:
    """Rows changed in place, new ones at the end: nothing jumps while probes finish."""
    news = {row.key: row for row in rows}
    kept = tuple(_renewed(row, news.pop(row.key, row), view.scope) for row in view.rows)
    return replace(view, rows=(*kept, *news.values()))


def _renewed(was: DoctorRow, row: DoctorRow, scope: tuple[str, ...]) -> DoctorRow:
    """A scan of one tool does not ask the box: what it ran stays known."""
    return replace(row, container=was.container) if scope and row.container is None else row


def _relayered(view: DoctorView, changed: tuple[DoctorRow, ...]) -> dict[Layer, CheckStatus]:
    """After a partial scan only the layers of its rows may have changed."""
    layers = dict(view.layers)
    for layer in {row.layer for row in changed}:
        found = {_LAYER.get(row.status, "ok") for row in view.rows if row.layer == layer}
        layers[layer] = "drift" if "drift" in found else "unknown" if "unknown" in found else "ok"
    return layers


def _engine_words(facts: Mapping[str, object]) -> str:
    version = facts.get("version")
    return f"docker {version}" if isinstance(version, str) and version else ""


def check_of(row: DoctorRow) -> str:
    """The check id, or its dotted prefix, that looks at this row again: `toolchain.python` for any of its managers."""
    name = row.key.split(":")[0].split("@")[0]
    if name.startswith("toolchain."):
        return ".".join(name.split(".")[:2])
    return row.finding.check if row.finding else name


def settled(view: DoctorView, problem: Problem | None) -> DoctorView:
    """The scan ended: a row whose probe never answered says so."""
    rows = tuple(
        replace(row, status="unknown", word="unknown", found="-", detail="the scan ended before its probe answered")
        if row.status == "checking" else row
        for row in view.rows
    )
    return replace(view, rows=rows, scanning=False, scope=(), inside=foldable(rows), problem=problem)


def matching(rows: tuple[DoctorRow, ...], query: str) -> tuple[DoctorRow, ...]:
    """Rows that hold the query in any column, in any case."""
    wanted = query.casefold()
    return tuple(
        row
        for row in rows
        if wanted in " ".join((row.subject, row.pinned, row.found, row.word, row.origin, row.detail)).casefold()
    )
