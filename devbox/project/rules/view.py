"""One Dockerfile as rules see it: its stages and what each instruction stands in, its RUNs as commands, its context.

Everything is read or computed once, and lazily: a rule that asks for nothing costs nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from functools import cached_property

from devbox.core.findings import ImageRow
from devbox.core.frozen import dataclass
from devbox.project.dockerfile import Dockerfile, Instruction, Stage
from devbox.project.dockerfile_values import Sources, command_text, mounts, sources
from devbox.project.dockerfile_variables import Scope, global_scope, joined_path
from devbox.project.image_refs import images
from devbox.project.rules.context import Context
from devbox.project.rules.shell import Command, commands
from devbox.project.shell_words import expand, unset_variables

Day = tuple[int, int, int]
PLATFORM = "linux/amd64"
INSTRUCTION_LIMIT = 2_000
"""Instructions of a Dockerfile that rules look at; one with more is none that a person wrote."""
_SNAPSHOT_LIMIT = 500_000
"""Variables kept for all places together; places beyond know those before."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an instruction stands in."""

    variables: Mapping[str, str]
    """ENV and ARG of this file so far; what the base image sets is not known."""
    workdir: str | None
    """None where only the base image says."""
    shell: str = "/bin/sh"


@dataclass
class View:
    """One Dockerfile and what is known around it."""

    dockerfile: Dockerfile
    text: str
    today: Day
    args: Mapping[str, str] = field(default_factory=dict)
    """Build arguments of the service that builds it."""
    targets: tuple[str, ...] = ()
    """Stages that services and modes build; none: the last one."""
    context: Context | None = None
    """None where it is not known what it is built with."""
    named: bool = False
    """Whether a service or mode is built from it, so that its build arguments are known."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The physical lines."""
        return tuple(self.text.split("\n"))

    @cached_property
    def final(self) -> Stage:
        """The stage that is built where nobody says which: the last."""
        return self.dockerfile.stages[-1]

    @cached_property
    def images(self) -> tuple[ImageRow, ...]:
        """One row per stage: its base after ARG expansion."""
        return images(self.dockerfile, self.args)

    @cached_property
    def globals(self) -> dict[str, str]:
        """The variables of FROM lines."""
        return global_scope(self.dockerfile, self.args, PLATFORM, lenient=True)

    @cached_property
    def _parents(self) -> tuple[Stage | None, ...]:
        named: dict[str, Stage] = {}
        found = []
        for stage, row in zip(self.dockerfile.stages, self.images, strict=True):
            found.append(named.get(row.ref) if row.stage_ref and row.ref else None)
            if stage.name:
                named[stage.name] = stage
        return tuple(found)

    def parent(self, stage: Stage) -> Stage | None:
        """The earlier stage that it is FROM."""
        return self._parents[stage.index]

    def chain(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage and those it is FROM, the first one first."""
        found = [stage]
        while (above := self.parent(found[-1])) is not None:
            found.append(above)
        return tuple(reversed(found))

    @cached_property
    def shipped(self) -> tuple[Stage, ...]:
        """The stages whose layers are in the last one's image."""
        return self.chain(self.final)

    def root_image(self, stage: Stage) -> ImageRow:
        """The image at the bottom of a stage's chain."""
        return self.images[self.chain(stage)[0].index]

    def source_stage(self, name: str) -> Stage | None:
        """The stage that `--from` means, by name or number; None for an image."""
        if name.isdecimal():
            number = int(name)
            return self.dockerfile.stages[number] if number < len(self.dockerfile.stages) else None
        found = [stage for stage in self.dockerfile.stages if stage.name == name.lower()]
        return found[-1] if found else None

    def instructions(self, *keywords: str) -> Iterator[tuple[Stage, Instruction]]:
        """Those of all stages, in order."""
        for stage in self.dockerfile.stages:
            for instruction in stage.instructions:
                if not keywords or instruction.keyword in keywords:
                    yield stage, instruction

    @cached_property
    def everything(self) -> tuple[Instruction, ...]:
        """All instructions, FROM and ARG before it included."""
        return (*self.dockerfile.arguments, *(one for stage in self.dockerfile.stages
                                              for one in (stage.origin, *stage.instructions)))

    @cached_property
    def places(self) -> dict[int, Place]:
        """By the first line of each instruction."""
        found: dict[int, Place] = {}
        ends: dict[int, tuple[Scope, str | None, str]] = {}
        left = _SNAPSHOT_LIMIT
        for stage in self.dockerfile.stages:
            above = self.parent(stage)
            scope, workdir, shell = ends[above.index] if above else (Scope(), None, "/bin/sh")
            scope = scope.inherited()
            snapshot = dict(scope.all)
            for one in stage.instructions:
                found[one.line] = Place(snapshot, workdir, shell)
                with suppress(ValueError):
                    if one.keyword == "ENV":
                        scope.set_env(one, self.dockerfile.escape)
                    elif one.keyword == "ARG":
                        scope.declare(one, self.dockerfile.escape, self.args, self.globals)
                    elif one.keyword == "WORKDIR":
                        workdir = _below(workdir, expand(one.arguments, snapshot, self.dockerfile.escape))
                    elif one.keyword == "SHELL":
                        shell = one.arguments
                if one.keyword in ("ENV", "ARG") and left > 0:
                    snapshot = dict(scope.all)
                    left -= len(snapshot)
            ends[stage.index] = (scope, workdir, shell)
        return found

    def expanded(self, word: str, instruction: Instruction) -> str | None:
        """A word as that instruction reads it; None where a variable in it is not known here."""
        place = self.places.get(instruction.line)
        variables = place.variables if place else self.globals
        try:
            missing = unset_variables(word, variables, self.dockerfile.escape)
            return None if missing else expand(word, variables, self.dockerfile.escape)
        except ValueError:
            return None

    def sources(self, instruction: Instruction) -> Sources | None:
        """What COPY or ADD copies; None where it can't be read."""
        try:
            return sources(instruction)
        except ValueError:
            return None

    def destination(self, instruction: Instruction) -> str | None:
        """Where COPY or ADD writes, absolute, a trailing slash kept; None where that is not known."""
        parts = self.sources(instruction)
        written = self.expanded(parts.destination, instruction) if parts else None
        if written is None:
            return None
        place = self.places[instruction.line]
        path = _below(place.workdir, written)
        if path is None:
            return None
        clean = posixpath.normpath(path)
        return f"{clean}/" if written.endswith(("/", "/.")) or written in (".", "") else clean

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every RUN with its commands."""
        return tuple(
            Run(stage, one, commands(command_text(one)), mounts(one)) for stage, one in self.instructions("RUN")
        )

    @cached_property
    def run_at(self) -> dict[int, Run]:
        """By their first line."""
        return {run.line: run for run in self.runs}

    def runs_of(self, *stages: Stage) -> Iterator[Run]:
        """Those of some stages."""
        wanted = {stage.index for stage in stages}
        return (run for run in self.runs if run.stage.index in wanted)


@dataclass(frozen=True, slots=True)
class Run:
    """One RUN."""

    stage: Stage
    instruction: Instruction
    commands: tuple[Command, ...]
    mounts: tuple[Mapping[str, str], ...]

    @property
    def line(self) -> int:
        """Where it starts."""
        return self.instruction.line

    def calls(self, *names: str) -> Iterator[Command]:
        """Its commands of these programs."""
        return (command for command in self.commands if command.name in names)

    def caches(self, folder: str) -> bool:
        """Whether a cache mount covers this folder."""
        cached = [_target(one).rstrip("/") for one in self.mounts if one.get("type") == "cache"]
        return any(f"{folder}/".startswith(f"{target}/") for target in cached if target)


def _target(mount: Mapping[str, str]) -> str:
    return next((mount[key] for key in ("target", "dst", "destination") if key in mount), "")


def _below(workdir: str | None, path: str) -> str | None:
    if path.startswith("/"):
        return path
    return None if workdir is None else joined_path(workdir, path)

