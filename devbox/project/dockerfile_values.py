"""What stands after an instruction's keyword, taken apart as BuildKit does: words, `name=value` pairs, sources, mounts.

Nothing is expanded here: values keep their quotes and variables (`devbox.project.shell_words` reads those).
"""

from __future__ import annotations

import json
import re

from devbox.core.frozen import dataclass
from devbox.project.dockerfile import Instruction
from devbox.project.dockerfile_lines import heredoc_word

_BLANKS = re.compile(r"[\t\v\f\r ]+")
MOUNT_FLAG = "--mount="


@dataclass(frozen=True, slots=True)
class NameValue:
    """One variable of ENV or ARG, one label."""

    name: str
    value: str | None
    """None where ARG only declares it."""
    legacy: bool = False
    """Written as `ENV name value`, without an equals sign."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What COPY or ADD copies, and to where; as written."""

    paths: tuple[str, ...]
    documents: tuple[str, ...]
    """The words of its heredocs, which become files of those names."""
    destination: str


def words(text: str, escape: str) -> tuple[str, ...]:
    """Words with their quotes and escapes, as `ENV`, `ARG` and `LABEL` are split: an open quote ends with the line."""
    found: list[str] = []
    word: list[str] = []
    quote, started, position = "", False, 0
    while position < len(text):
        character = text[position]
        if not quote and character.isspace():
            if started:
                found.append("".join(word))
            word, started = [], False
        else:
            started = True
            if character == escape and quote != "'":
                if position + 1 == len(text):
                    break
                word.append(character)
                position += 1
                character = text[position]
            elif character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            word.append(character)
        position += 1
    return (*found, "".join(word)) if word else tuple(found)


def pairs(instruction: Instruction, escape: str) -> tuple[NameValue, ...]:
    """The variables of ENV or ARG, the labels of LABEL. ValueError for what BuildKit refuses."""
    found = words(instruction.arguments, escape)
    if instruction.keyword == "ARG":
        return tuple(_declared(word) for word in found)
    if found and "=" not in found[0]:
        parts = _BLANKS.split(instruction.arguments, maxsplit=1)
        if len(parts) < 2:
            raise ValueError(f"{instruction.keyword} needs a name and a value")
        return (NameValue(parts[0], parts[1], legacy=True),)
    for word in found:
        if "=" not in word or word.startswith("="):
            raise ValueError(f"{instruction.keyword} needs pairs of the form name=value")
    return tuple(_declared(word) for word in found)


def _declared(word: str) -> NameValue:
    name, equals, value = word.partition("=")
    return NameValue(name, value if equals else None)


def json_words(arguments: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, or None where it is none."""
    if not arguments.startswith("["):
        return None
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return tuple(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def sources(instruction: Instruction) -> Sources:
    """The parts of COPY or ADD. ValueError where no destination is named."""
    found = json_words(instruction.arguments)
    if found is None:
        found = tuple(_BLANKS.split(instruction.arguments)) if instruction.arguments else ()
    if len(found) < 2:
        raise ValueError(f"{instruction.keyword} needs at least one source and a destination")
    documents = tuple(name for word in found[:-1] if (name := heredoc_word(word)))
    paths = tuple(word for word in found[:-1] if not heredoc_word(word))
    return Sources(paths, documents, found[-1])


def mounts(instruction: Instruction) -> tuple[dict[str, str], ...]:
    """The `--mount` flags of a RUN, each as its options; an option without a value is `true`."""
    return tuple(
        _options(flag.removeprefix(MOUNT_FLAG)) for flag in instruction.flags if flag.startswith(MOUNT_FLAG)
    )


def _options(text: str) -> dict[str, str]:
    fields = text.split(",")
    if '"' in text:
        # Deferred: csv costs 1 ms, and hardly anybody quotes a mount option.
        import csv

        try:
            fields = next(csv.reader([text]), [])
        except csv.Error:
            fields = []
    options = {}
    for field in fields:
        key, equals, value = field.partition("=")
        options[key.lower()] = value if equals else "true"
    return options


def command_text(instruction: Instruction) -> str:
    """What a RUN gives to its shell or executes, its heredocs included."""
    found = json_words(instruction.arguments)
    text = instruction.arguments if found is None else " ".join(found)
    return "\n".join((text, *(document.content for document in instruction.heredocs)))
