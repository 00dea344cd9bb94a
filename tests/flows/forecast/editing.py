"""How made-up projects are edited: an edit, and whoever makes one after another."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tests.flows.forecast.dockerfiles import Dialect, Maker
from tests.flows.forecast.projects import Project

Make = Callable[["Editor", Project], "Edit | None"]
"""Makes one kind of edit, where it is possible."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit."""

    name: str
    project: Project
    """As it is afterwards."""
    note: str = ""
    keep_times: frozenset[str] = frozenset()
    touch: tuple[str, ...] = ()
    prune: bool = False
    """Drop some of the builder's records first."""


@dataclass
class Editor:
    """Edits one project after another."""

    random: random.Random
    dialect: Dialect
    edits: Sequence[tuple[int, Make]]
    """What it can do, each with its weight."""
    prunes: bool
    past: list[Project] = field(default_factory=list)

    def edit(self, project: Project) -> Edit:
        """A random edit that is possible here."""
        self.past.append(project)
        calm = replace(project, no_cache=False, no_cache_filter=())
        while True:
            made = self.random.choices(self.edits, [weight for weight, _ in self.edits])[0][1](self, calm)
            if made is not None:
                return made

    def files(self, project: Project, kind: str = "file") -> list[str]:
        """Paths of one kind."""
        return sorted(path for path, entry in project.files.items() if entry.kind == kind)

    def a_line(self, project: Project, pattern: str) -> tuple[int, int, str] | None:
        """A place in the Dockerfile whose instruction matches."""
        found = [
            (number, index, line) for number, stage in enumerate(project.stages)
            for index, line in enumerate(stage.lines) if re.match(pattern, line)
        ]
        return self.random.choice(found) if found else None

    def maker(self, project: Project, stage: int) -> Maker:
        """One that makes lines for a stage."""
        earlier = [each.name or str(index) for index, each in enumerate(project.stages[:stage])]
        count = self.random.randrange(100, 10**6)
        return Maker(self.random, self.dialect, project.files, project.ignore, project.id, earlier, count)
