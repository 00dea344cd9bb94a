"""Circles among things that need each other (services, tasks), found without recursion (security.md 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devbox.core.facts import Origin
from devbox.project.schema import located


def refuse_cycles(needs: Mapping[str, Sequence[str]], origins: Mapping[str, Origin | None], what: str) -> None:
    """ConfigError naming one circle, at its first member, if there is any. Every needed name must exist."""
    cycle = find_cycle(needs)
    if cycle:
        raise located(
            origins[cycle[0]], f"the {what}s need each other: {' → '.join((*cycle, cycle[0]))}; expected no circle"
        )


def find_cycle(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The members of one circle in order, empty when there is none. Deterministic."""
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        on_path: set[str] = set()
        todo: list[tuple[str, bool]] = [(start, False)]
        while todo:
            name, left = todo.pop()
            if left:
                done.add(path.pop())
                on_path.discard(name)
            elif name in on_path:
                return tuple(path[path.index(name) :])
            elif name not in done:
                path.append(name)
                on_path.add(name)
                todo.append((name, True))
                todo.extend((needed, False) for needed in reversed(needs[name]))
    return ()
