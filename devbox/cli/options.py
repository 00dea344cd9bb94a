"""The options that every command takes, before or after its name (contract.md, Commands)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from devbox.core.errors import UsageError
from devbox.core.frozen import dataclass

_FLAGS: dict[str, tuple[str, Any]] = {
    "--json": ("json", True),
    "--ascii": ("ascii", True),
    "--yes": ("yes", True),
    "-y": ("yes", True),
    "--no-input": ("no_input", True),
    "-q": ("quiet", True),
    "--quiet": ("quiet", True),
    "--trust": ("trust", ""),
    "-h": ("help", True),
    "--help": ("help", True),
    "--version": ("version", True),
    "-V": ("version", True),
}
_VALUES = {"-C": "directory", "--engine": "engine", "--color": "color"}
_COLORS = ("auto", "always", "never")

HELP = """\
everywhere:
  -C DIR                      work in DIR
  --json                      JSON on standard output
  --trust[=DIGEST]            trust this folder for this run, or exactly this content
  --engine URL|CONTEXT        the engine to use
  --color auto|always|never   colours (NO_COLOR is respected)
  --ascii                     no glyphs beyond ASCII
  -q, -v                      less, more narration
  --yes                       answer questions with yes, never the one about trust
  --no-input                  never ask"""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The global part of a command line."""

    directory: str | None = None
    json: bool = False
    trust: str | None = None
    """`""` for this run, a digest for exactly this content, None when not given."""
    engine: str | None = None
    color: str = "auto"
    quiet: bool = False
    verbose: int = 0
    ascii: bool = False
    yes: bool = False
    no_input: bool = False
    help: bool = False
    version: bool = False


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line taken apart: global options, the command's name, and what is the command's own."""

    options: GlobalOptions
    command: str | None
    arguments: tuple[str, ...]


def split(argv: Iterable[str]) -> CommandLine:
    """Take the global options out, wherever they stand before `--`; UsageError for a missing or wrong value."""
    words = list(argv)
    options = GlobalOptions()
    command: str | None = None
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            rest += ["--", *words]
            break
        name, has_value, value = word.partition("=")
        if word in _FLAGS:
            field, constant = _FLAGS[word]
            options = replace(options, **{field: constant})
        elif word in ("-v", "-vv", "--verbose"):
            options = replace(options, verbose=options.verbose + (2 if word == "-vv" else 1))
        elif name == "--trust" and has_value:
            options = replace(options, trust=_value(name, value))
        elif name in _VALUES:
            if not has_value:
                value = words.pop(0) if words else ""
            changes: dict[str, Any] = {_VALUES[name]: _value(name, value)}
            options = replace(options, **changes)
        elif command is None and not word.startswith("-"):
            command = word
        elif command is None:
            raise UsageError(f"unknown option `{word}`", hint=f"`devbox --help`{_nearest(word)}")
        else:
            rest.append(word)
    if options.color not in _COLORS:
        raise UsageError(f"`--color {options.color}`: expected auto, always or never")
    if command == "help":
        # `devbox help [COMMAND]`, as people type it.
        return CommandLine(replace(options, help=True), rest[0] if rest else None, ())
    return CommandLine(options, command, tuple(rest))


def _value(name: str, value: str) -> str:
    if not value:
        raise UsageError(f"`{name}` needs a value")
    if "\0" in value:
        raise UsageError(f"`{name}`: the value has a NUL character")
    return value


def _nearest(word: str) -> str:
    # Deferred: 2 ms that only a mistyped option costs.
    from difflib import get_close_matches

    near = get_close_matches(word, [*_FLAGS, *_VALUES], n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def peek(argv: Iterable[str]) -> GlobalOptions:
    """How to report an error in a command line that does not parse: only `--json` is looked at."""
    words = list(argv)
    if "--" in words:
        words = words[: words.index("--")]
    return GlobalOptions(json="--json" in words)
