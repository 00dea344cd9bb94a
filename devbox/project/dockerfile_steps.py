"""The steps of a build as BuildKit will name and number them: each numbered vertex, before anything is built.

Rules: spec/buildkit.md 1.4 and moby/buildkit v0.13 `dockerfile2llb/convert.go` (dispatch order, `prefixCommand`,
`processCmdEnv`). What a base image adds is given in `bases`; without it a base has no ENV, no WORKDIR and no ONBUILD.
Identical steps of two stages are two steps here; the builder merges them and shows either name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.core.project import Pairs
from devbox.project.dockerfile import Dockerfile, Instruction, Stage, parse_command
from devbox.project.dockerfile_lines import heredoc_word
from devbox.project.dockerfile_values import mounts
from devbox.project.dockerfile_variables import Scope, global_scope, joined_path
from devbox.project.shell_words import SHELL_TEXT, Reading, expand

COUNTED = ("RUN", "COPY", "ADD", "WORKDIR")
"""Keywords with a vertex of their own."""
SCRATCH = "scratch"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What BuildKit sets where an image has no PATH."""


@dataclass(frozen=True, slots=True)
class BaseConfig:
    """What the configuration of a base image contributes to the steps after it."""

    env: Pairs = ()
    workdir: str = ""
    onbuild: tuple[str, ...] = ()
    digest: str | None = None
    """Shown after its name where the builder resolved one."""


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One numbered vertex."""

    stage: str
    """Its stage's name, `stage-N` for one without; empty where BuildKit prints none."""
    stage_index: int
    index: int
    """0 for what has no number: a trigger in a stage without steps, an image that is only copied from."""
    of: int
    keyword: str
    text: str
    """As shown: keyword upper-case, variables replaced."""
    line: int
    """Of the instruction; of the FROM for a trigger of the base."""

    @property
    def name(self) -> str:
        """The vertex's name, as the build stream has it."""
        if not self.index:
            return self.text
        stage = f"{self.stage} " if self.stage else ""
        return f"[{stage}{self.index:{len(str(self.of))}d}/{self.of}] {self.text}"


def build_steps(
    dockerfile: Dockerfile, target: str | None = None, *, args: Mapping[str, str] | None = None,
    bases: Mapping[str, BaseConfig] | None = None, platform: str = "linux/amd64",
) -> tuple[BuildStep, ...]:
    """The steps that building `target` (the last stage without one) needs, stages in the file's order.

    `bases` is by reference as written after expansion. Raises ConfigError for a stage that is not there and for an
    expansion that BuildKit refuses.
    """
    walk = _Walk(dockerfile, args or {}, bases or {}, platform)
    wanted = dockerfile.stages[-1] if target is None else dockerfile.stage(target)
    if wanted is None:
        raise ConfigError(f"no stage is called {target}", path=dockerfile.path, line=1)
    needed = walk.needed_by(wanted.index)
    return tuple(step for state in walk.states if state.stage.index in needed for step in walk.steps_of(state))


def step_names(
    dockerfile: Dockerfile, target: str | None = None, *, args: Mapping[str, str] | None = None,
    bases: Mapping[str, BaseConfig] | None = None, platform: str = "linux/amd64",
) -> tuple[str, ...]:
    """The vertex names of `build_steps`."""
    return tuple(step.name for step in build_steps(dockerfile, target, args=args, bases=bases, platform=platform))


def all_steps(dockerfile: Dockerfile, *, args: Mapping[str, str] | None = None) -> tuple[BuildStep, ...]:
    """The steps of every stage, needed or not; what can't be expanded stays as written. Never raises."""
    walk = _Walk(dockerfile, args or {}, {}, "linux/amd64", lenient=True)
    return tuple(step for state in walk.states for step in walk.steps_of(state))


def shown_image(ref: str, digest: str | None = None) -> str:
    """An image as FROM steps show it: with registry, `library/` and tag."""
    first, slash, _ = ref.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        ref = f"docker.io/{ref}" if slash else f"docker.io/library/{ref}"
    elif first == "index.docker.io":
        ref = ref.replace("index.docker.io", "docker.io", 1)
    if "@" not in ref and ":" not in ref.rpartition("/")[2]:
        ref += ":latest"
    return f"{ref}@{digest}" if digest and "@" not in ref else ref


@dataclass(slots=True)
class _State:
    """One stage while it is walked."""

    stage: Stage
    base: str
    """After expansion."""
    parent: _State | None
    title: str = ""
    scope: Scope = field(default_factory=Scope)
    workdir: str = "/"
    triggers: tuple[str, ...] = ()
    """ONBUILD of this stage, for those FROM it."""


class _Walk:
    """One pass over all stages: which need which, and what each step is called."""

    def __init__(
        self, dockerfile: Dockerfile, args: Mapping[str, str], bases: Mapping[str, BaseConfig], platform: str,
        *, lenient: bool = False,
    ) -> None:
        self.dockerfile = dockerfile
        self.args = args
        self.bases = bases
        self.lenient = lenient
        self.globals = global_scope(dockerfile, args, platform, lenient=lenient)
        self.states: list[_State] = []
        self.by_name: dict[str, _State] = {}
        for stage in dockerfile.stages:
            self._add(stage)
        alone = len(self.states) == 1 and next(self._images(self.states[0]), None) is None
        for state in self.states:
            state.title = "" if alone else state.stage.name or f"stage-{state.stage.index}"

    def _add(self, stage: Stage) -> None:
        base = self._expanded(stage.base, self.globals, stage.origin)
        if not base and not self.lenient:
            raise self._error(stage.origin, "the base name is empty after its variables are replaced")
        state = _State(stage, base, self.by_name.get(base))
        self.states.append(state)
        if stage.name:
            self.by_name[stage.name] = state

    def _images(self, state: _State) -> Iterator[str]:
        """Images and empty file systems that this stage's instructions take from, each an implicit stage."""
        for instruction in state.stage.instructions:
            for source in _taken_from(instruction):
                if self._stage_of(source, instruction.keyword) is None:
                    yield source

    def _stage_of(self, source: str, keyword: str) -> _State | None:
        if keyword == "COPY" and source.isdecimal():
            return self.states[int(source)] if int(source) < len(self.states) else None
        return self.by_name.get(source.lower())

    def needed_by(self, index: int) -> set[int]:
        """The stages that one stage is built from, itself included."""
        found: set[int] = set()
        waiting = [self.states[index]]
        while waiting:
            state = waiting.pop()
            if state.stage.index in found:
                continue
            found.add(state.stage.index)
            waiting += [state.parent] if state.parent else []
            for instruction in state.stage.instructions:
                named = (self._stage_of(source, instruction.keyword) for source in _taken_from(instruction))
                waiting += [other for other in named if other is not None]
        return found

    def steps_of(self, state: _State) -> Iterator[BuildStep]:
        """The steps of one stage; those before it in the file must have been asked for."""
        own = [one for one in state.stage.instructions if one.keyword in COUNTED]
        image = state.parent is None and state.base != SCRATCH
        of, index = len(own) + image, 0
        if image:
            index = 1
            shown = shown_image(state.base, self._config(state).digest)
            yield self._step(state, 1, of, "FROM", f"FROM {shown}", state.stage.origin.line)
        triggers = self._begin(state)
        for instruction in (*self._parsed(triggers, state), *state.stage.instructions):
            text = self._dispatch(state, instruction)
            if text is not None:
                index += 1
                yield self._step(state, index if of else 0, of, instruction.keyword, text, instruction.line)

    def _step(self, state: _State, index: int, of: int, keyword: str, text: str, line: int) -> BuildStep:
        return BuildStep(state.title, state.stage.index, index, of, keyword, text, line)

    def _config(self, state: _State) -> BaseConfig:
        return self.bases.get(state.base, BaseConfig())

    def _begin(self, state: _State) -> tuple[str, ...]:
        """What the base gives: environment and working directory; its triggers are returned."""
        if state.parent is not None:
            state.scope = state.parent.scope.inherited()
            state.workdir = state.parent.workdir
            return state.parent.triggers
        config = self._config(state)
        state.scope = Scope({"PATH": DEFAULT_PATH, **dict(config.env)})
        state.workdir = joined_path("/", config.workdir)
        return config.onbuild

    def _parsed(self, triggers: tuple[str, ...], state: _State) -> Iterator[Instruction]:
        for text in triggers:
            try:
                yield parse_command(text, self.dockerfile, state.stage.origin.line)
            except ConfigError:
                if not self.lenient:
                    raise

    def _dispatch(self, state: _State, instruction: Instruction) -> str | None:
        """What an instruction does to what follows; the text of its vertex, if it has one."""
        keyword = instruction.keyword
        try:
            if keyword == "ENV":
                state.scope.set_env(instruction, self.dockerfile.escape)
            elif keyword == "ARG":
                state.scope.declare(instruction, self.dockerfile.escape, self.args, self.globals)
            elif keyword == "ONBUILD":
                state.triggers += (trigger_text(instruction),)
            elif keyword == "WORKDIR":
                path = expand(instruction.arguments, state.scope.all, self.dockerfile.escape)
                state.workdir = joined_path(state.workdir, path)
                if state.workdir == "/":
                    return None
        except ValueError as error:
            if not self.lenient:
                raise self._error(instruction, f"{keyword} cannot be read: {error}") from None
        return self._shown(state, instruction) if keyword in COUNTED else None

    def _shown(self, state: _State, instruction: Instruction) -> str:
        text = instruction.text
        if instruction.keyword == "RUN" and instruction.heredocs and heredoc_word(instruction.arguments):
            lines = instruction.heredocs[0].content.strip().replace("\r\n", "\n").split("\n")
            text += f" ({lines[0]}{'...' if len(lines) > 1 else ''})"
        reading = SHELL_TEXT if instruction.keyword == "RUN" else Reading()
        with suppress(ValueError):  # BuildKit shows the text as it stands
            text = expand(text, state.scope.all, self.dockerfile.escape, reading)
        first, space, rest = text.partition(" ")
        return f"{first.upper()}{space}{rest}"

    def _expanded(self, word: str, variables: Mapping[str, str], instruction: Instruction) -> str:
        try:
            return expand(word, variables, self.dockerfile.escape)
        except ValueError as error:
            if self.lenient:
                return word
            raise self._error(instruction, f"a variable in {instruction.keyword} cannot be replaced: {error}") from None

    def _error(self, instruction: Instruction, summary: str) -> ConfigError:
        return ConfigError(summary, path=self.dockerfile.path, line=instruction.line, column=1)


def _taken_from(instruction: Instruction) -> tuple[str, ...]:
    """The stages or images that an instruction takes files from; a mount without `from` takes from scratch."""
    if instruction.keyword == "COPY":
        source = instruction.flag("from")
        return (source,) if source else ()
    if instruction.keyword == "RUN":
        return tuple(options.get("from") or SCRATCH for options in mounts(instruction))
    return ()


def trigger_text(instruction: Instruction) -> str:
    """An ONBUILD's instruction as text, with its heredocs."""
    text = instruction.text.split(None, 1)[1] if len(instruction.text.split(None, 1)) > 1 else ""
    return "\n".join((text, *(f"{document.content}{document.name}" for document in instruction.heredocs)))

