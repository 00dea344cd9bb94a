"""The version of one program: told by the files of its installation, else asked (spec/toolchains.md 16 and 17).

A program is asked only by its absolute path, outside the project, never through a shim.
"""

from __future__ import annotations

import os
import re
from dataclasses import field

from devbox.core.frozen import dataclass
from devbox.core.toolchain.selection import Answer, Program
from devbox.core.version import is_full_version

TIMEOUT = 2.0
"""Seconds a program may take to say its version."""
_LAYOUT_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """How a tool is asked for its version."""

    arguments: tuple[str, ...]
    pattern: str
    env: dict[str, str] = field(default_factory=dict)


QUESTIONS = {
    "python": Question(("--version",), r"Python (\S+)"),
    "node": Question(("--version",), r"v(\S+)"),
    "ruby": Question(("--version",), r"ruby (\d[\d.]*(?=p\d+\s)|\S+)"),
    "java": Question(("-version",), r'version "([^"]+)"'),
    "go": Question(("version",), r"go version go(\S+)", {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}),
    "rust": Question(("--version",), r"rustc (\S+)"),
    "terraform": Question(("version",), r"Terraform v(\S+)", {"CHECKPOINT_DISABLE": "1"}),
    "maven": Question(("--version",), r"Apache Maven (\S+)"),
    "gradle": Question(("--version",), r"Gradle (\d\S*)"),
    "deno": Question(("--version",), r"deno (\S+)"),
    "bun": Question(("--version",), r"(\d\S*)"),
}

COMMANDS = {
    "python": ("python", "python3"),
    "node": ("node",),
    "ruby": ("ruby",),
    "java": ("java",),
    "go": ("go",),
    "rust": ("rustc",),
    "terraform": ("terraform",),
    "maven": ("mvn",),
}
"""Tool → the commands that people call, in this order."""

_EXACTLY_NAMED = ("dotnet", "npm", "pnpm", "yarn")
"""Tools whose install folders are named after the whole version, pre-releases too."""
_PACKAGE_TOOLS = ("npm", "pnpm", "yarn")
"""Scripts that a project's files can redirect (spec/toolchains.md 19): never asked, their package.json tells."""


def commands(tool: str) -> tuple[str, ...]:
    """The programs of a tool; a tool devbox does not know is called by its own name."""
    return COMMANDS.get(tool, (tool,) if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}", tool) else ())


def learn(program: Program) -> Answer:
    """The program's version, from its folder's name, from files beside it, or by asking it."""
    if program.named and (is_full_version(program.named) or program.tool in _EXACTLY_NAMED):
        return Answer(program.named, evidence=f"installed as {program.named}")
    if program.refused:
        return Answer(None, program.refused)
    return _told(program) or ask(program)


def ask(program: Program) -> Answer:
    """Run it. Only for programs that are not refused."""
    question = QUESTIONS.get(program.tool)
    if question is None and program.tool in _PACKAGE_TOOLS:
        return Answer(None, f"devbox does not run {program.tool}: a project's files can redirect it")
    if question is None:
        return Answer(None, f"devbox does not know how to ask {program.tool} for its version")
    # Deferred: subprocess costs 12 ms, and where installations tell their version nothing is run.
    from devbox.host.process import clean_environment, run

    output = run((program.path, *question.arguments), env=clean_environment(question.env), timeout=TIMEOUT)
    said = (output.stdout + b"\n" + output.stderr).decode("utf-8", "replace")
    evidence = f"$ {' '.join(output.argv)}\n{said.strip()[:2000]}"
    if output.problem:
        return Answer(None, f"`{' '.join(output.argv)}`: {output.problem}", evidence, output.seconds)
    match = re.search(question.pattern, said)
    if match is None:
        return Answer(None, f"`{' '.join(output.argv)}` did not say a version", evidence, output.seconds)
    return Answer(match[1], None, evidence, output.seconds)


def _told(program: Program) -> Answer | None:
    """What the installation's own files say; not for `/usr`, where headers may belong to another version."""
    folder = os.path.dirname(os.path.realpath(program.path))
    prefix = os.path.dirname(folder)
    if os.path.basename(folder) not in ("bin", "sbin") or prefix in ("/", "/usr", "/usr/local"):
        return None
    if program.tool in _PACKAGE_TOOLS:
        found = _search(os.path.join(prefix, "package.json"), r'(?m)^\s*"version":\s*"([0-9][^"]{0,60})"')
        return Answer(found[0], evidence=f"{found[1]} says {found[0]}") if found else None
    reader = {"python": _python, "node": _node, "java": _java, "go": _go}.get(program.tool)
    found = reader(prefix) if reader else None
    return Answer(found[0], evidence=f"{found[1]} says {found[0]}") if found else None


def _python(prefix: str) -> tuple[str, str] | None:
    try:
        names = [name for name in os.listdir(os.path.join(prefix, "include")) if name.startswith("python")]
    except OSError:
        return None
    if len(names) != 1:
        return None
    return _search(os.path.join(prefix, "include", names[0], "patchlevel.h"), r'#define\s+PY_VERSION\s+"([^"+]+)\+?"')


def _node(prefix: str) -> tuple[str, str] | None:
    path = os.path.join(prefix, "include", "node", "node_version.h")
    parts = [_search(path, rf"#define\s+NODE_{name}_VERSION\s+(\d+)") for name in ("MAJOR", "MINOR", "PATCH")]
    numbers = [part[0] for part in parts if part]
    return (".".join(numbers), path) if len(numbers) == 3 else None


def _java(prefix: str) -> tuple[str, str] | None:
    return _search(os.path.join(prefix, "release"), r'(?m)^JAVA_VERSION="([^"]+)"')


def _go(prefix: str) -> tuple[str, str] | None:
    return _search(os.path.join(prefix, "VERSION"), r"\Ago(\S+)")


def _search(path: str, pattern: str) -> tuple[str, str] | None:
    try:
        with open(path, "rb") as file:
            match = re.search(pattern, file.read(_LAYOUT_LIMIT).decode("utf-8", "replace"))
    except OSError:
        return None
    return (match[1], path) if match else None
