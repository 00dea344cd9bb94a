"""One stage of a Dockerfile, instruction by instruction: what later ones are done on, and the vertices they make.

Follows moby/buildkit's `dispatch` (v0.13 to v0.24); what several stages share is the planner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Protocol

from devbox.core.build import StepKey
from devbox.core.buildplan import BaseImage, EngineRules, Input, Parts, Selection, Vertex, VertexKind
from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project import build_keys as keys
from devbox.project import build_words as say
from devbox.project import dockerfile_values as values
from devbox.project.dockerfile import Dockerfile, Instruction, Stage, parse_dockerfile
from devbox.project.shell_words import expand

SHELL = ("/bin/sh", "-c")
_WHOLE = Selection(("/",))
_NO_RULES = EngineRules()


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What of a build's options goes into its keys."""

    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    os: str = "linux"
    arch: str = "amd64"
    variant: str = ""
    hidden: tuple[str, ...] = ()
    """Words that devbox itself put into instructions: part of the keys, never shown."""
    contexts: frozenset[str] = frozenset()
    """Names of contexts that are folders of this machine."""
    rules: EngineRules = _NO_RULES

    @property
    def platform(self) -> str:
        """`linux/amd64`"""
        return "/".join(part for part in (self.os, self.arch, self.variant) if part)


@dataclass(slots=True)
class StageState:
    """A stage as it grows: what the next instruction is done on."""

    vertex: int | None
    env: dict[str, str]
    workdir: str = "/"
    user: str = ""
    shell: tuple[str, ...] = SHELL
    unknown: str | None = None
    arguments: frozenset[str] = frozenset()
    """Names of `env` that an ARG gave."""


class Planner(Protocol):
    """What the stages of one Dockerfile share."""

    dockerfile: Dockerfile
    options: PlanOptions
    vertices: list[Vertex]
    globals: dict[str, str]
    """Arguments that BuildKit sets itself."""
    metas: dict[str, str]
    """ARGs before the first FROM."""

    def stage(self, stage: Stage) -> StageState: ...

    def named_stage(self, name: str, before: int) -> Stage | None: ...

    def base(self, ref: str, key: StepKey | None, line: int, text: str) -> tuple[int, BaseImage | None]: ...

    def add(self, vertex: Vertex) -> int: ...

    def error(self, instruction: Instruction, error: ValueError) -> ConfigError: ...


class StageWalk:
    """One walk through a stage's instructions; `state` is what it came to."""

    def __init__(self, planner: Planner, stage: Stage) -> None:
        self.planner = planner
        self.options = planner.options
        self.escape = planner.dockerfile.escape
        self.source = stage
        self.index = 0
        self.instructions = list(stage.instructions)
        self.no_cache = self.options.no_cache or stage.label in self.options.no_cache_filter
        self.state = self._from()
        counted = sum(1 for one in stage.instructions if one.keyword in ("RUN", "COPY", "ADD", "WORKDIR"))
        self.of = self.index + counted
        if self.index and self.state.vertex is not None:
            vertices = planner.vertices
            vertices[self.state.vertex] = replace(vertices[self.state.vertex], of=self.of)

    def walk(self) -> StageState:
        """Every instruction in turn. Raises ConfigError for one that BuildKit refuses."""
        steps = {
            "RUN": self._run, "COPY": self._copy, "ADD": self._copy, "WORKDIR": self._workdir, "ENV": self._env,
            "ARG": self._arg, "USER": self._user, "SHELL": self._shell,
        }
        for instruction in self.instructions:
            step = steps.get(instruction.keyword)
            try:
                if step is not None:
                    step(instruction)
            except (ValueError, IndexError) as error:
                raise self.planner.error(instruction, ValueError(str(error) or "too few words")) from None
        return self.state

    def _from(self) -> StageState:
        stage, planner = self.source, self.planner
        try:
            ref = expand(stage.base, {**planner.globals, **planner.metas}, self.escape)
        except ValueError as error:
            raise planner.error(stage.origin, error) from None
        parent = planner.named_stage(ref, stage.index) if not ref.isdecimal() else None
        if parent is not None:
            before = planner.stage(parent)
            return replace(before, env=dict(before.env))
        if ref == "scratch":
            return StageState(None, {})
        self.index = 1
        vertex, image = planner.base(ref, StepKey(stage.label, 1), stage.origin.line, stage.origin.text)
        if image is None:
            return StageState(vertex, {}, unknown=f"the image {ref} is not on this engine")
        # ONBUILD of the base comes first; its steps take numbers without being counted.
        self.instructions[:0] = [one for trigger in image.onbuild for one in self._triggered(trigger)]
        env = dict(item.partition("=")[::2] for item in image.env)
        return StageState(vertex, env, image.workdir or "/", image.user, image.shell or SHELL)

    def _triggered(self, text: str) -> tuple[Instruction, ...]:
        return parse_dockerfile(f"FROM x\n{text}\n".encode(), self.planner.dockerfile.path).stages[0].instructions

    def _expanded(self, word: str) -> str:
        return expand(word, self.state.env, self.escape)

    def _env(self, instruction: Instruction) -> None:
        given = values.pairs(instruction, self.escape)
        found = [(self._expanded(one.name), self._expanded(one.value or "")) for one in given]
        for name, value in found:
            self._set(name, value)
        self.state.arguments -= {name for name, _ in found}

    def _set(self, name: str, value: str) -> None:
        """A name that is set again moves to the end (spec E213)."""
        self.state.env.pop(name, None)
        self.state.env[name] = value

    def _arg(self, instruction: Instruction) -> None:
        """An ARG with a value is environment for every later RUN, used or not (spec E221)."""
        for one in values.pairs(instruction, self.escape):
            name = self._expanded(one.name)
            value = self.options.args.get(name)
            if value is None and one.value is not None:
                value = self._expanded(one.value)
            elif value is None:
                value = self.planner.metas.get(name, self.planner.globals.get(name))
            if value is not None:
                self._set(name, value)
                self.state.arguments |= {name}

    def _user(self, instruction: Instruction) -> None:
        self.state.user = self._expanded(instruction.arguments)

    def _shell(self, instruction: Instruction) -> None:
        self.state.shell = values.json_words(instruction.arguments) or self.state.shell

    def _workdir(self, instruction: Instruction) -> None:
        path = say.absolute(self._expanded(instruction.arguments), self.state.workdir)
        self.state.workdir = path
        if path != "/":
            parts = {"workdir": path, "user": self.state.user, "platform": self.options.platform}
            # `--no-cache` leaves a WORKDIR directly after FROM cached (spec E901).
            self._add("workdir", instruction, parts, (), no_cache=False)

    def _run(self, instruction: Instruction) -> None:
        mounts, sources = keys.mount_keys(
            instruction, self._expanded, self.state.workdir, cache_ids=self.options.rules.cache_ids
        )
        arguments = values.json_words(instruction.arguments)
        if arguments is None:
            text, pipe = keys.script(instruction)
            arguments = (text,) if pipe else (*self.state.shell, text)
            mounts += [pipe] if pipe else []
        parts = {
            "run": list(arguments), "env": [f"{name}={value}" for name, value in self.state.env.items()],
            "workdir": self.state.workdir, "user": self.state.user, "platform": self.options.platform,
            "network": instruction.flag("network") or "default", "security": instruction.flag("security") or "sandbox",
            "mounts": mounts,
        }
        inputs = tuple(self._source(one.origin, (one.path,), instruction, content=one.content) for one in sources)
        private = self.options.rules.secret_roots and any(mount.get("type") in ("secret", "ssh") for mount in mounts)
        self._add("run", instruction, parts, inputs, no_cache=self.no_cache, content=private)

    def _copy(self, instruction: Instruction) -> None:
        given = values.json_words(instruction.arguments) or tuple(instruction.arguments.split())
        *words, target = (word if say.is_heredoc(word) else self._expanded(word) for word in given)
        if not words:
            raise ValueError("expected at least one source and a destination")
        sources = keys.copy_sources(instruction, tuple(words), self._document)
        parts = keys.copy_parts(
            instruction, target, self.state.workdir, sources.names, self._expanded, self.options.platform
        )
        inputs: tuple[Input, ...] = ()
        if sources.paths:
            origin = self._expanded(instruction.flag("from") or "")
            inputs = (self._source(origin, sources.paths, instruction),)
        unknown = f"{sources.remote} is asked anew in every build" if sources.remote else None
        link = _has(instruction, "link") and (instruction.flag("link") or "true") != "false"
        # With a mode BuildKit does as without `--link` (dockerfile2llb, dispatchCopy).
        if not (link and self.options.rules.links and not parts["chmod"]) or self.state.vertex is None:
            self._add("copy", instruction, parts, inputs, no_cache=self.no_cache, unknown=unknown)
            return
        # The files are taken to an empty place, which needs nothing of the stage, then laid over it (spec E903).
        taken = self.planner.add(replace(
            self._vertex("copy", instruction, parts, inputs, no_cache=self.no_cache, unknown=unknown), half=True
        ))
        self._add("copy", instruction, {"merge": True}, (Input(taken, _WHOLE),), no_cache=self.no_cache, merges=True)

    def _document(self, word: str, content: str) -> str:
        text = keys.chomped(content, word)
        return text if say.quoted_heredoc(word) else say.document(text, self.state.env, self.escape)

    def _source(
        self, origin: str, paths: tuple[str, ...], instruction: Instruction, *, content: bool = True
    ) -> Input:
        """Files of the build context, of a named one, of an earlier stage or of an image."""
        if not origin or origin in self.options.contexts:
            return Input(None, Selection(paths, origin), definition=False, content=True)
        return Input(self._origin(origin, instruction), Selection(paths), content=content)

    def _origin(self, name: str, instruction: Instruction) -> int:
        stage = self.planner.named_stage(name, self.source.index)
        vertex = self.planner.stage(stage).vertex if stage is not None else None
        if vertex is not None:
            return vertex
        if stage is not None or name == "scratch":
            return self.planner.add(Vertex("base", None, 0, 0, "FROM scratch", {"image": "scratch"}))
        return self.planner.base(name, None, instruction.line, f"FROM {name}")[0]

    def _add(
        self, kind: VertexKind, instruction: Instruction, parts: Parts, inputs: tuple[Input, ...], *,
        no_cache: bool, unknown: str | None = None, content: bool = False, merges: bool = False,
    ) -> None:
        """A vertex done on the stage as it is; `content`: which may also match by its files."""
        root = (Input(self.state.vertex, content=content),) if self.state.vertex is not None else ()
        vertex = self._vertex(kind, instruction, parts, (*root, *inputs), no_cache=no_cache, unknown=unknown)
        self.state.vertex = self.planner.add(replace(vertex, merges=merges))
        self.index += 1

    def _vertex(
        self, kind: VertexKind, instruction: Instruction, parts: Parts, inputs: tuple[Input, ...], *,
        no_cache: bool, unknown: str | None,
    ) -> Vertex:
        return Vertex(
            kind, StepKey(self.source.label, self.index + 1), self.of, instruction.line, self._shown(instruction),
            parts, inputs, unknown or self.state.unknown, no_cache,
            tuple(sorted(self.state.arguments & self.state.env.keys())),
            tuple(one.get("id", "") for one in values.mounts(instruction) if one.get("type") == "secret"),
        )

    def _shown(self, instruction: Instruction) -> str:
        text = instruction.text
        for word in self.options.hidden:
            text = text.replace(word, "")
        return text


def _has(instruction: Instruction, flag: str) -> bool:
    return any(word.partition("=")[0] == f"--{flag}" for word in instruction.flags)
