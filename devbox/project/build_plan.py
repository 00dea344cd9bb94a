"""A Dockerfile, its arguments and its base images as vertices with op keys (spec/buildkit.md 4 and 6.1).

Agrees with moby/buildkit's `dockerfile2llb` on what becomes a vertex and what its key is made of. Runs nothing, asks
nobody: base images are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from devbox.core.build import StepKey
from devbox.core.buildplan import BaseImage, BuildPlan, Parts, Vertex, digest_of
from devbox.core.errors import ConfigError
from devbox.project import dockerfile_values as values
from devbox.project.build_stage import PlanOptions, StageState, StageWalk
from devbox.project.dockerfile import Dockerfile, Instruction, Stage
from devbox.project.dockerfile_variables import platform_variables
from devbox.project.shell_words import expand

T = TypeVar("T")
Images = Callable[[str], BaseImage | None]
"""The image that a reference names on the engine; None where it is not there."""


def build_plan(dockerfile: Dockerfile, images: Images, options: PlanOptions) -> BuildPlan:
    """The vertices of the target, inputs first.

    Raises ConfigError for what BuildKit refuses before it builds: an unknown target, a bad substitution.
    """
    target = dockerfile.stages[-1] if options.target is None else dockerfile.stage(options.target)
    if target is None:
        names = ", ".join(stage.label for stage in dockerfile.stages)
        raise ConfigError(
            f"there is no stage {options.target}; there are {names}", path=dockerfile.path, line=1,
            hint="name one of them as `target`",
        )
    planner = _Planner(dockerfile, images, options)
    planner.stage(target)
    return BuildPlan(tuple(planner.vertices), target.label, options.platform, _unknown(dockerfile, options))


def _unknown(dockerfile: Dockerfile, options: PlanOptions) -> str | None:
    """Why nothing can be said of any step."""
    syntax = dockerfile.directive("syntax")
    if syntax:
        return f"`# syntax={syntax}` brings rules of its own"
    instructions = [instruction for stage in dockerfile.stages for instruction in stage.instructions]
    if not options.rules.heredocs and any(one.heredocs or "--link" in one.flags for one in instructions):
        return "this engine knows neither heredocs nor `COPY --link`"
    return None


class _Planner:
    """Walks the stages that the target needs, each once."""

    def __init__(self, dockerfile: Dockerfile, images: Images, options: PlanOptions) -> None:
        self.dockerfile = dockerfile
        self.images = images
        self.options = options
        self.vertices: list[Vertex] = []
        self.states: dict[int, StageState] = {}
        self.known: dict[str, int] = {}
        """Vertices by definition: equal operations on equal inputs are one (spec 1.4)."""
        self.definitions: list[str] = []
        self.globals = platform_variables(options.platform)
        self.metas: dict[str, str] = {}
        for instruction in dockerfile.arguments:
            for one in self._read(instruction, values.pairs):
                value = options.args.get(one.name)
                if value is None and one.value is not None:
                    value = self._expand(instruction, one.value, {**self.globals, **self.metas})
                if value is not None:
                    self.metas[one.name] = value

    def stage(self, stage: Stage) -> StageState:
        """The stage's last state, after planning it."""
        if stage.index not in self.states:
            self.states[stage.index] = StageWalk(self, stage).walk()
        return self.states[stage.index]

    def named_stage(self, name: str, before: int) -> Stage | None:
        """An earlier stage by name or number."""
        wanted = name.lower()
        earlier = self.dockerfile.stages[:before]
        named = [stage for stage in earlier if stage.name == wanted]
        if named:
            return named[-1]
        numbered = name.isascii() and name.isdecimal() and len(name) < 6
        return earlier[int(name)] if numbered and int(name) < before else None

    def base(self, ref: str, key: StepKey | None, line: int, text: str) -> tuple[int, BaseImage | None]:
        """The vertex of an image."""
        image = self.images(ref)
        parts: Parts = {"image": image.chain if image else f"unknown:{ref}", "platform": self.options.platform}
        reason = None if image else f"the image {ref} is not on this engine"
        id = (image.id,) if image else ()
        return self.add(Vertex("base", key, 0, line, text, parts, unknown=reason, arguments=id)), image

    def add(self, vertex: Vertex) -> int:
        """Its number; that of its twin where there is one."""
        inputs = [
            [self.definitions[one.vertex] if one.vertex is not None else "context", one.selection.key]
            for one in vertex.inputs
        ]
        definition = digest_of([vertex.parts, inputs, vertex.no_cache])
        twin = self.known.setdefault(definition, len(self.vertices))
        if twin < len(self.vertices):
            if vertex.key is None:
                return twin
            vertex = replace(vertex, twin=twin)
        self.vertices.append(vertex)
        self.definitions.append(definition)
        return len(self.vertices) - 1

    def _read(self, instruction: Instruction, reader: Callable[[Instruction, str], T]) -> T:
        try:
            return reader(instruction, self.dockerfile.escape)
        except ValueError as error:
            raise self.error(instruction, error) from None

    def _expand(self, instruction: Instruction, word: str, variables: Mapping[str, str]) -> str:
        try:
            return expand(word, variables, self.dockerfile.escape)
        except ValueError as error:
            raise self.error(instruction, error) from None

    def error(self, instruction: Instruction, error: ValueError) -> ConfigError:
        return ConfigError(
            f"{instruction.keyword} cannot be read: {error}", path=self.dockerfile.path, line=instruction.line, column=1
        )
