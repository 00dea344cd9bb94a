"""Dockerfiles as values: instructions, stages, directives, by BuildKit's own rules (spec/toolchains.md 13).

Data only: nothing is expanded except where asked, nothing fetched. What BuildKit would refuse before it builds anything
is a ConfigError with its line; what it refuses later is left to it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.dockerfile_lines import (
    Directive,
    Heredoc,
    Line,
    is_exec_form,
    join_lines,
    split_flags,
    split_instruction,
)

KEYWORDS = frozenset({
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
})
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. Lines are 1-based and include heredocs."""

    keyword: str
    """Upper-case."""
    flags: tuple[str, ...]
    """`--mount=…` and the like, quotes removed."""
    arguments: str
    """What follows keyword and flags, continuations joined."""
    text: str
    """The whole instruction, continuations joined."""
    line: int
    end_line: int
    heredocs: tuple[Heredoc, ...] = ()
    last_line: int = 0
    """Where the instruction itself ends and its heredocs begin."""

    @property
    def exec_form(self) -> bool:
        """Whether the arguments are a JSON array, run without a shell."""
        return is_exec_form(self.arguments)

    def flag(self, name: str) -> str | None:
        """The value of `--name=value`; the last one counts."""
        values = [flag.partition("=")[2] for flag in self.flags if flag.partition("=")[0] == f"--{name}"]
        return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A `FROM … AS` block."""

    index: int
    name: str | None
    """Lower-case."""
    base: str
    """As written, before expansion."""
    platform: str | None
    origin: Instruction
    """The FROM itself."""
    instructions: tuple[Instruction, ...] = ()
    """Those after FROM."""

    @property
    def label(self) -> str:
        """The stage's name, or its number where it has none (contract.md, plan)."""
        return self.name or str(self.index)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed Dockerfile."""

    path: str
    stages: tuple[Stage, ...]
    arguments: tuple[Instruction, ...] = ()
    """ARG before the first FROM."""
    directives: tuple[Directive, ...] = ()

    @property
    def escape(self) -> str:
        """The escape and continuation character."""
        return self.directive("escape") or "\\"

    def directive(self, name: str) -> str | None:
        """The value of a parser directive: `syntax`, `escape`, `check`."""
        return next((directive.value for directive in self.directives if directive.name == name), None)

    def stage(self, target: str) -> Stage | None:
        """The stage that `--target` means: by name, whatever its case, else by number."""
        wanted = target.lower()
        by_name = [stage for stage in self.stages if stage.name == wanted]
        if by_name:
            return by_name[-1]
        return next((stage for stage in self.stages if str(stage.index) == wanted), None)


def parse_dockerfile(data: bytes, path: str) -> Dockerfile:
    """The Dockerfile in `data`; bytes that are not UTF-8 are replaced, as they may only stand in text.

    Raises ConfigError for directives, heredocs, instructions and FROM lines that BuildKit's parser refuses.
    """
    lines, directives = join_lines(data.decode("utf-8", "replace"), path)
    if not lines:
        raise ConfigError("no instructions; expected at least a FROM", path=path, line=1)
    arguments: list[Instruction] = []
    stages: list[tuple[Stage, list[Instruction]]] = []
    for line in lines:
        instruction = _instruction(line, path)
        if instruction.keyword == "FROM":
            stages.append((_stage(instruction, len(stages), path), []))
        elif stages:
            stages[-1][1].append(instruction)
        elif instruction.keyword == "ARG":
            arguments.append(instruction)
        else:
            raise _error(instruction, path, f"{instruction.keyword} before the first FROM; expected FROM or ARG")
    if not stages:
        raise ConfigError("no FROM; expected at least one", path=path, line=lines[-1].line)
    return Dockerfile(
        path=path, stages=tuple(replace(stage, instructions=tuple(body)) for stage, body in stages),
        arguments=tuple(arguments), directives=directives,
    )


def parse_command(text: str, dockerfile: Dockerfile, line: int) -> Instruction:
    """One instruction from a base image's ONBUILD, as if it stood on `line`. ConfigError where it is none."""
    found, _ = join_lines(text, dockerfile.path)
    if len(found) != 1:
        raise ConfigError("an ONBUILD trigger is no single instruction", path=dockerfile.path, line=line, column=1)
    return replace(_instruction(found[0], dockerfile.path), line=line, end_line=line, last_line=line)


def _instruction(line: Line, path: str) -> Instruction:
    keyword, rest = split_instruction(line.text)
    flags, arguments = split_flags(rest)
    instruction = Instruction(
        keyword, flags, arguments, line.text.strip(), line.line, line.end_line, line.heredocs, line.last_line
    )
    if keyword not in KEYWORDS:
        raise _error(instruction, path, "an unknown instruction; expected one such as RUN or COPY")
    return instruction


def _stage(instruction: Instruction, index: int, path: str) -> Stage:
    words = instruction.arguments.split()
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            raise _error(instruction, path, "an impossible stage name; expected a letter, then letters, digits, `-_.`")
    elif len(words) == 1:
        name = None
    else:
        raise _error(instruction, path, "FROM takes one or three words; expected `FROM image` or `FROM image AS name`")
    return Stage(index, name, words[0], instruction.flag("platform"), instruction)


def _error(instruction: Instruction, path: str, summary: str) -> ConfigError:
    return ConfigError(summary, path=path, line=instruction.line, column=1)
