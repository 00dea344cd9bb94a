"""Which lock files a Dockerfile copies into the image, and which of its commands install from a manifest.

Reads shell commands by their first words only; what can't be told counts as nothing: no finding rests on a guess.
"""

from __future__ import annotations

import fnmatch
import json
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from devbox.core.dependencies.files import NODE_LOCKS, PYTHON_LOCKS, UNREAD_NODE, UNREAD_PYTHON
from devbox.core.dependencies.lock_policy import Copied, DockerfileUse, Install
from devbox.core.dependencies.model import Ecosystem
from devbox.core.facts import Origin
from devbox.project.dockerfile import Dockerfile, Instruction, Stage
from devbox.project.ignore import IgnoreRules, Verdict
from devbox.project.locks import requirements
from devbox.project.reading import read_project_file

LOCKS: dict[str, Ecosystem] = {
    **dict.fromkeys((*PYTHON_LOCKS[:-1], *UNREAD_PYTHON), "python"),
    **dict.fromkeys((*NODE_LOCKS, *UNREAD_NODE), "node"),
}
"""Lock files by name; a requirements.txt is a manifest where an image is concerned."""
_COMMAND = re.compile(
    r"(?:^|[;&|(\n]|\bthen\b|\bdo\b)\s*(?:[A-Z_]+=\S+\s+|sudo\s+|corepack\s+|(?:\S*/)?python[0-9.]*\s+-m\s+)*"
    r"((?:\S*/)?(npm|yarn|pnpm|bun|poetry|pipenv|pdm|uv|pip[0-9.]*)(?:\s+[^;&|\n)]*)?)"
)
_NODE = {"npm": ("ci", "install", "i"), "pnpm": ("install", "i"), "bun": ("install", "i"), "yarn": ("install",)}
_PYTHON = {"poetry": ("install", "sync"), "pipenv": ("install", "sync"), "pdm": ("install", "sync"), "uv": ("sync",)}


@dataclass(slots=True)
class _Stage:
    """What is in a stage so far."""

    locks: set[str] = field(default_factory=set)
    """Ecosystems that have a lock file."""
    unknown: bool = False
    """Something came from another stage or image: it may hold one."""


@dataclass(slots=True)
class _Reader:
    dockerfile: Dockerfile
    context: str
    """Canonical."""
    ignored: IgnoreRules
    copied: list[Copied] = field(default_factory=list)
    installs: list[Install] = field(default_factory=list)
    stages: dict[str, _Stage] = field(default_factory=dict)

    def read(self) -> DockerfileUse:
        for stage in self.dockerfile.stages:
            here = self._begin(stage)
            for instruction in stage.instructions:
                if instruction.keyword in ("COPY", "ADD"):
                    self._copy(instruction, here)
                elif instruction.keyword == "RUN":
                    self._run(instruction, here)
        return DockerfileUse(self.dockerfile.path, tuple(self.copied), tuple(self.installs))

    def _begin(self, stage: Stage) -> _Stage:
        above = self.stages.get(stage.base.lower())
        here = _Stage(set(above.locks), above.unknown) if above else _Stage()
        self.stages[stage.label] = self.stages[str(stage.index)] = here
        return here

    def _copy(self, instruction: Instruction, here: _Stage) -> None:
        if instruction.flag("from") is not None:
            here.unknown = True
            return
        for source in _sources(instruction):
            for lock in self._locks_in(source):
                self.copied.append(Copied(lock, Origin(self.dockerfile.path, instruction.line)))
                here.locks.add(LOCKS[posixpath.basename(lock)])

    def _locks_in(self, source: str) -> Iterator[str]:
        """The lock files that a source of the context brings along: itself, by its pattern, or directly in a folder."""
        source = posixpath.normpath(source.lstrip("/")) if source.strip("/") else "."
        if source.startswith(".."):
            return
        folder, last = posixpath.split(source)
        for name in LOCKS:
            inside = name if source == "." else f"{source}/{name}"
            for path in {posixpath.join(folder, name) if fnmatch.fnmatchcase(name, last) else inside}:
                if os.path.isfile(os.path.join(self.context, path)) and not self._is_ignored(path):
                    yield path

    def _is_ignored(self, path: str) -> bool:
        verdict, parts = Verdict(False), path.split("/")
        for number in range(1, len(parts) + 1):
            verdict = self.ignored.judge("/".join(parts[:number]), verdict)
        return verdict.ignored

    def _run(self, instruction: Instruction, here: _Stage) -> None:
        bound = {
            LOCKS[name] for flag in instruction.flags if flag.startswith("--mount=") and "bind" in flag
            for name in LOCKS if name in flag
        }
        for command in _commands(instruction):
            ecosystem = _installs(command)
            if ecosystem is None:
                continue
            locked = ecosystem in here.locks or ecosystem in bound or here.unknown
            words = " ".join(command[:2])
            if words.startswith("pip"):
                pinned = self._pip(command)
                if pinned is None:
                    continue
                locked = pinned
            origin = Origin(self.dockerfile.path, instruction.line)
            self.installs.append(Install(ecosystem, words, origin, locked))

    def _pip(self, command: tuple[str, ...]) -> bool | None:
        """Whether pip installs pinned versions; None where it installs no manifest, or one the context has not."""
        if any(word in (".", "./") or word.startswith(".[") for word in command):
            return False
        files = [after for word, after in pairwise(command) if word in ("-r", "--requirement")]
        known = [content for file in files if (content := self._requirements(file)) is not None]
        return all(requirements.pins(content) for content in known) if known else None

    def _requirements(self, file: str) -> bytes | None:
        """A requirements file by the name that it has in the image, found where the context has one of that name."""
        parts = [part for part in file.split("/") if part not in ("", ".", "..")]
        for start in range(len(parts)):
            content = read_project_file(self.context, "/".join(parts[start:]))
            if isinstance(content, bytes):
                return content
        return None


def dockerfile_use(dockerfile: Dockerfile, context: str, ignored: IgnoreRules) -> DockerfileUse:
    """What a Dockerfile does with lock files, in a build of this context (a canonical folder)."""
    return _Reader(dockerfile, context, ignored).read()


def _sources(instruction: Instruction) -> list[str]:
    if instruction.exec_form:
        words = [str(word) for word in json.loads(instruction.arguments)]
    else:
        words = instruction.arguments.split()
    return [word.strip("\"'") for word in words[:-1] if not word.startswith("<<")]


def _commands(instruction: Instruction) -> Iterator[tuple[str, ...]]:
    if instruction.exec_form:
        text = " ".join(str(word) for word in json.loads(instruction.arguments))
    else:
        text = "\n".join((instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)))
    for match in _COMMAND.finditer(text):
        words = match[1].split()
        yield (re.sub(r"^pip[0-9.]*$", "pip", match[2]), *words[1:])


def _installs(command: tuple[str, ...]) -> Ecosystem | None:
    """The ecosystem whose manifest a command installs; None for one that names packages itself or installs nothing."""
    program, *rest = command
    words = [word for word in rest if not word.startswith("-")]
    if "-g" in rest or "--global" in rest:
        return None
    if program == "uv" and words[:1] == ["pip"]:
        return None
    if program == "pip":
        return "python" if words[:1] == ["install"] else None
    if program in _NODE:
        plain = program == "yarn" and not words
        return "node" if plain or (words[:1] and words[0] in _NODE[program] and len(words) == 1) else None
    return "python" if words[:1] and words[0] in _PYTHON.get(program, ()) and len(words) == 1 else None
