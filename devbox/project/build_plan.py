"""A Dockerfile, its arguments and its base images as vertices with op keys (spec/buildkit.md 4 and 6.1).

Agrees with moby/buildkit's `dockerfile2llb` on what becomes a vertex and what its key is made of. Runs nothing, asks
nobody: base images are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from devbox.core.build import StepKey
from devbox.core.buildplan import BaseImage, BuildPlan, Input, Parts, Selection, Vertex, VertexKind, digest_of
from devbox.core.errors import ConfigError
from devbox.project import build_words as say
from devbox.project.dockerfile import Dockerfile, Instruction, Stage, parse_dockerfile
from devbox.project.shell_words import expand

SHELL = ("/bin/sh", "-c")
PROXIES = frozenset({
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
    "ALL_PROXY", "all_proxy",
})
"""Arguments that count only where the Dockerfile declares them (spec E230)."""

T = TypeVar("T")
Images = Callable[[str], BaseImage | None]
"""The image that a reference names on the engine; None where it is not there."""


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
    contexts: frozenset[str] = frozenset()
    """Names of contexts that are folders of this machine."""

    @property
    def platform(self) -> str:
        """`linux/amd64`"""
        return "/".join(part for part in (self.os, self.arch, self.variant) if part)


@dataclass(slots=True)
class _State:
    """A stage as it grows: what the next instruction is done on."""

    vertex: int | None
    env: dict[str, str]
    workdir: str = "/"
    user: str = ""
    shell: tuple[str, ...] = SHELL
    unknown: str | None = None
    arguments: frozenset[str] = frozenset()
    """Names of `env` that an ARG gave."""


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
    unknown = None
    if dockerfile.directive("syntax"):
        unknown = f"`# syntax={dockerfile.directive('syntax')}` brings rules of its own"
    planner = _Planner(dockerfile, images, options)
    planner.stage(target)
    return BuildPlan(tuple(planner.vertices), target.label, options.platform, unknown)


class _Planner:
    """Walks the stages that the target needs, each once."""

    def __init__(self, dockerfile: Dockerfile, images: Images, options: PlanOptions) -> None:
        self.dockerfile = dockerfile
        self.images = images
        self.options = options
        self.vertices: list[Vertex] = []
        self.states: dict[int, _State] = {}
        self.known: dict[str, int] = {}
        """Vertices by definition: equal operations on equal inputs are one (spec 1.4)."""
        self.definitions: list[str] = []
        self.globals = _platform_arguments(options)
        self.metas: dict[str, str] = {}
        for instruction in dockerfile.arguments:
            for name, default in self._read(instruction, say.arguments):
                value = options.args.get(name)
                if value is None and default is not None:
                    value = self._expand(instruction, default, {**self.globals, **self.metas})
                if value is not None:
                    self.metas[name] = value

    def stage(self, stage: Stage) -> _State:
        """The stage's last state, after planning it."""
        if stage.index not in self.states:
            walk = _Stage(self, stage)
            walk.walk()
            self.states[stage.index] = walk.state
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

    def base(self, ref: str, key: StepKey | None, of: int, line: int, text: str) -> tuple[int, BaseImage | None]:
        """The vertex of an image."""
        image = self.images(ref)
        parts: Parts = {"image": image.chain if image else f"unknown:{ref}", "platform": self.options.platform}
        reason = None if image else f"the image {ref} is not on this engine"
        return self.add(Vertex("base", key, of, line, text, parts, unknown=reason)), image

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


class _Stage:
    """One walk through a stage's instructions."""

    def __init__(self, planner: _Planner, stage: Stage) -> None:
        self.planner = planner
        self.options = planner.options
        self.source = stage
        self.index = 0
        self.args: dict[str, str] = {}
        self.instructions = list(stage.instructions)
        self.no_cache = self.options.no_cache or stage.label in self.options.no_cache_filter
        self.state = self._from()
        self.of = self.index + sum(1 for one in self.instructions if one.keyword in ("RUN", "COPY", "ADD", "WORKDIR"))

    def _from(self) -> _State:
        stage, planner = self.source, self.planner
        ref = planner._expand(stage.origin, stage.base, {**planner.globals, **planner.metas})
        parent = planner.named_stage(ref, stage.index) if not ref.isdecimal() else None
        if parent is not None:
            before = planner.stage(parent)
            return _State(before.vertex, dict(before.env), before.workdir, before.user, before.shell, before.unknown,
                          before.arguments)
        if ref == "scratch":
            return _State(None, {})
        self.index = 1
        key = StepKey(stage.label, 1)
        vertex, image = planner.base(ref, key, 0, stage.origin.line, stage.origin.text)
        if image is None:
            return _State(vertex, {}, unknown=f"the image {ref} is not on this engine")
        env = dict(item.partition("=")[::2] for item in image.env)
        for trigger in image.onbuild:
            self._trigger(trigger)
        return _State(vertex, env, image.workdir or "/", image.user, image.shell or SHELL)

    def _trigger(self, text: str) -> None:
        """ONBUILD of the base: its instructions come first. They take numbers without being counted."""
        parsed = parse_dockerfile(f"FROM x\n{text}\n".encode(), self.planner.dockerfile.path)
        self.instructions[:0] = parsed.stages[0].instructions

    def walk(self) -> None:
        """Every instruction in turn."""
        steps = {
            "RUN": self._run, "COPY": self._copy, "ADD": self._copy, "WORKDIR": self._workdir, "ENV": self._env,
            "ARG": self._arg, "USER": self._user, "SHELL": self._shell,
        }
        for instruction in self.instructions:
            step = steps.get(instruction.keyword)
            if step is None:
                continue
            try:
                step(instruction)
            except (ValueError, IndexError) as error:
                raise self.planner.error(instruction, ValueError(str(error) or "too few words")) from None

    def _expanded(self, word: str) -> str:
        return expand(word, self.state.env, self.planner.dockerfile.escape)

    def _env(self, instruction: Instruction) -> None:
        found = [(self._expanded(name), self._expanded(value))
                 for name, value in say.pairs(instruction, self.planner.dockerfile.escape)]
        for name, value in found:
            self._set(name, value)
        self.state.arguments -= {name for name, _ in found}

    def _set(self, name: str, value: str) -> None:
        """A name that is set again moves to the end (spec E213)."""
        self.state.env.pop(name, None)
        self.state.env[name] = value

    def _arg(self, instruction: Instruction) -> None:
        for name, default in say.arguments(instruction, self.planner.dockerfile.escape):
            name = self._expanded(name)
            value = self.options.args.get(name)
            if value is None and default is not None:
                value = self._expanded(default)
            elif value is None:
                value = self.planner.metas.get(name, self.planner.globals.get(name))
            if value is not None:
                self._set(name, value)
                self.state.arguments |= {name}

    def _user(self, instruction: Instruction) -> None:
        self.state.user = self._expanded(instruction.arguments)

    def _shell(self, instruction: Instruction) -> None:
        self.state.shell = say.exec_words(instruction.arguments) or self.state.shell

    def _workdir(self, instruction: Instruction) -> None:
        path = say.absolute(self._expanded(instruction.arguments), self.state.workdir)
        self.state.workdir = path
        if path == "/":
            return
        parts = {"workdir": path, "user": self.state.user, "platform": self.options.platform}
        # `--no-cache` leaves a WORKDIR directly after FROM cached (spec E901).
        self._add("workdir", instruction, parts, (), no_cache=False)

    def _run(self, instruction: Instruction) -> None:
        arguments = say.exec_words(instruction.arguments)
        mounts, inputs = self._mounts(instruction)
        if arguments is None:
            text = self._script(instruction, mounts)
            arguments = (text,) if text.startswith("/dev/pipes/") and mounts and mounts[-1].get("type") == "pipe" else (
                *self.state.shell, text)
        parts: dict[str, object] = {
            "run": list(arguments), "env": [f"{name}={value}" for name, value in self.state.env.items()],
            "workdir": self.state.workdir, "user": self.state.user, "platform": self.options.platform,
            "network": instruction.flag("network") or "default", "security": instruction.flag("security") or "sandbox",
            "mounts": mounts,
        }
        self._add("run", instruction, parts, inputs, no_cache=self.no_cache)

    def _script(self, instruction: Instruction, mounts: list[dict[str, object]]) -> str:
        """The shell form's text, heredocs put back as BuildKit does (`dispatchRun`)."""
        documents = instruction.heredocs
        if not documents:
            return instruction.arguments
        if len(documents) == 1 and say.is_heredoc(instruction.arguments) and " " not in instruction.arguments.strip():
            content = _chomped(documents[0].content, instruction.arguments)
            if content.startswith("#!"):
                mounts.append({"type": "pipe", "content": content})
                return f"/dev/pipes/{documents[0].name}"
            return content
        return instruction.arguments + "".join(f"\n{one.content}{one.name}" for one in documents)

    def _mounts(self, instruction: Instruction) -> tuple[list[dict[str, object]], tuple[Input, ...]]:
        keys: list[dict[str, object]] = []
        inputs: list[Input] = []
        for flag in instruction.flags:
            if not flag.startswith("--mount="):
                continue
            fields = say.mount_fields(flag)
            kind = fields.get("type", "bind")
            target = self._expanded(fields.get("target", fields.get("dst", fields.get("destination", ""))))
            target = say.absolute(target, self.state.workdir) if target else ""
            key: dict[str, object] = {"type": kind, "target": target}
            if kind == "cache":
                key["id"] = _cache_id(self._expanded(fields.get("id", "")), target, fields.get("sharing", "shared"))
                key["ro"] = _is_read_only(fields)
            elif kind == "secret":
                key.update({name: fields.get(name, "") for name in ("id", "required", "mode", "uid", "gid", "env")})
                key["source"] = fields.get("src", fields.get("source", ""))
            elif kind == "tmpfs":
                key["size"] = fields.get("size", "")
            elif kind == "ssh":
                key = {"type": "ssh", "id": fields.get("id", "default")}
            if kind == "bind" or (kind == "cache" and "from" in fields):
                writable = "rw" in fields or "readwrite" in fields
                key["rw"] = writable
                inputs.append(self._mounted(fields, instruction, content=kind == "bind"))
            keys.append(key)
        return keys, tuple(inputs)

    def _mounted(self, fields: Mapping[str, str], instruction: Instruction, *, content: bool) -> Input:
        source = say.absolute(self._expanded(fields.get("source", fields.get("src", "/"))), "/")
        origin = self._expanded(fields.get("from", ""))
        if not origin:
            return Input(None, Selection((source,)), definition=False, content=True)
        if origin in self.options.contexts:
            return Input(None, Selection((source,), origin), definition=False, content=True)
        return Input(self._origin(origin, instruction), Selection((source,)), content=content)

    def _origin(self, name: str, instruction: Instruction) -> int | None:
        """The vertex that `from=` names: an earlier stage's last, or an image."""
        stage = self.planner.named_stage(name, self.source.index)
        if stage is not None:
            state = self.planner.stage(stage)
            return state.vertex if state.vertex is not None else self._scratch()
        if name == "scratch":
            return self._scratch()
        return self.planner.base(name, None, 0, instruction.line, f"FROM {name}")[0]

    def _scratch(self) -> int:
        return self.planner.add(Vertex("base", None, 0, 0, "FROM scratch", {"image": "scratch"}))

    def _copy(self, instruction: Instruction) -> None:
        names: list[object] = []
        *sources, target = (self._expanded(word) if not say.is_heredoc(word) else word
                            for word in say.words(instruction, self.planner.dockerfile.escape))
        parts: dict[str, object] = {
            "copy": instruction.keyword, "to": say.destination(target, self.state.workdir),
            "chown": _owner(self._expanded(instruction.flag("chown") or "")),
            "chmod": _mode(self._expanded(instruction.flag("chmod") or "")), "platform": self.options.platform,
        }
        origin = instruction.flag("from")
        paths: list[str] = []
        unknown = None
        documents = list(instruction.heredocs)
        for word in sources:
            if say.is_heredoc(word) and documents:
                one = documents.pop(0)
                names.append(["document", one.name, self._document(word, one.content)])
            elif instruction.keyword == "ADD" and _is_remote(word):
                unknown = f"{word} is asked anew in every build"
                names.append(["remote", word])
            else:
                path = say.absolute(word, "/")
                paths.append(path)
                names.append(path.rpartition("/")[2])
        parts["from"] = names
        for flag in ("parents", "exclude", "checksum", "keep-git-dir"):
            if instruction.flag(flag) is not None or f"--{flag}" in instruction.flags:
                parts[flag] = [word for word in instruction.flags if word.startswith(f"--{flag}")]
        inputs: tuple[Input, ...] = ()
        if origin is not None and paths and (name := self._expanded(origin)) in self.options.contexts:
            inputs = (Input(None, Selection(tuple(paths), name), definition=False, content=True),)
        elif origin is not None and paths:
            vertex = self._origin(self._expanded(origin), instruction)
            inputs = (Input(vertex, Selection(tuple(paths)), content=True),)
        elif paths:
            inputs = (Input(None, Selection(tuple(paths)), definition=False, content=True),)
        self._add("copy", instruction, parts, inputs, no_cache=self.no_cache, unknown=unknown)

    def _document(self, word: str, content: str) -> str:
        text = _chomped(content, word)
        return text if say.quoted_heredoc(word) else say.document(
            text, self.state.env, self.planner.dockerfile.escape)

    def _add(
        self, kind: VertexKind, instruction: Instruction, parts: Parts, inputs: tuple[Input, ...], *,
        no_cache: bool, unknown: str | None = None,
    ) -> None:
        self.index += 1
        root = (Input(self.state.vertex),) if self.state.vertex is not None else ()
        vertex = Vertex(
            kind, StepKey(self.source.label, self.index), self.of, instruction.line, instruction.text, parts,
            (*root, *inputs), unknown or self.state.unknown, no_cache,
            tuple(sorted(self.state.arguments & self.state.env.keys())),
            tuple(say.mount_fields(flag).get("id", "") for flag in instruction.flags if "type=secret" in flag),
        )
        self.state.vertex = self.planner.add(vertex)


def _chomped(content: str, word: str) -> str:
    return "".join(line.lstrip("\t") for line in content.splitlines(keepends=True)) if "<<-" in word else content


def _cache_id(id: str, target: str, sharing: str) -> str:
    """Any id that is not the target's own counts as `custom` (spec E293)."""
    plain = id in ("", target) and sharing == "shared"
    return "" if plain else "custom"


def _is_read_only(fields: Mapping[str, str]) -> bool:
    return fields.get("ro", fields.get("readonly", "false")) == "true"


def _owner(text: str) -> str:
    """Names stay names; `root` is 0."""
    return ":".join("0" if part == "root" else part for part in text.split(":")) if text else ""


def _mode(text: str) -> str:
    return text.lstrip("0") or text


def _is_remote(word: str) -> bool:
    return word.startswith(("http://", "https://", "git@", "ssh://", "git://")) or word.endswith(".git")


def _platform_arguments(options: PlanOptions) -> dict[str, str]:
    """The global arguments that BuildKit sets itself."""
    fields = {"PLATFORM": options.platform, "OS": options.os, "ARCH": options.arch, "VARIANT": options.variant}
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in fields.items()}
