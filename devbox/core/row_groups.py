"""Which lines of the doctor table stand alone, and which are one line with their layer. Pure.

With a hundred checks the table must still answer at a glance: whatever is wrong, unknown or compared with a pin keeps
its line; the rest, ok and compared with nothing, is one line a layer, which opens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from devbox.core.findings import LAYERS, DoctorRow, Layer, RowStatus
from devbox.core.frozen import dataclass

MANY = 12
"""Toolchains that are ok; from here on they are folded too (`--recursive` finds hundreds)."""


_ORDER: tuple[RowStatus, ...] = ("error", "warn", "unknown", "checking", "ok")
_ASKED = ("gpu.", "engine.", "platform.arch", "platform.memory", "platform.disk", "platform.env")
"""Checks whose expectation comes from the project; the others measure by devbox's own limits."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The lines of one layer that are one."""

    layer: Layer
    rows: tuple[DoctorRow, ...]

    @property
    def key(self) -> str:
        """Stable between scans; no row has such a key."""
        return f"layer:{self.layer}"

    @property
    def status(self) -> RowStatus:
        """The worst of them; more than ok only while probes still run and rows keep their places."""
        return min((row.status for row in self.rows), key=_ORDER.index)

    @property
    def words(self) -> tuple[str, ...]:
        """Each line in short, the same one once: `architecture x86_64`, `node 20.1.0 (54)`."""
        often = Counter(
            f"{row.subject} {row.found}" if row.found not in ("", "-", "…") else row.subject for row in self.rows
        )
        return tuple(f"{words} ({number})" if number > 1 else words for words, number in often.items())


def foldable(rows: Iterable[DoctorRow]) -> frozenset[str]:
    """The keys of the lines that need none of their own."""
    lines = tuple(rows)
    many = sum(row.status == "ok" and _is_toolchain(row) for row in lines) > MANY
    return frozenset(row.key for row in lines if _folds(row, many))


def fold(
    rows: Iterable[DoctorRow], keys: Container[str] | None = None
) -> tuple[tuple[DoctorRow, ...], tuple[Folded, ...]]:
    """The lines that stand alone, in their order, and the folded ones by layer: those of `keys`, else the foldable."""
    lines = tuple(rows)
    inside = foldable(lines) if keys is None else keys
    folded = tuple(row for row in lines if row.key in inside)
    groups = (Folded(layer, tuple(row for row in folded if row.layer == layer)) for layer in LAYERS)
    return tuple(row for row in lines if row.key not in inside), tuple(group for group in groups if group.rows)


def _folds(row: DoctorRow, many: bool) -> bool:
    if _is_toolchain(row):
        return many and row.status == "ok"
    asked = row.pinned not in ("", "*", "-") and row.key.startswith(_ASKED)
    return row.status in ("ok", "checking") and not asked


def _is_toolchain(row: DoctorRow) -> bool:
    return row.key.startswith("toolchain.") and row.key.count(".") > 1
