"""BuildKit's own checks of how a Dockerfile is written, as far as the text decides them (docs: build-checks)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from devbox.project.dockerfile import Instruction
from devbox.project.dockerfile_values import pairs
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import View
from devbox.project.shell_words import unset_variables

_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
_EXPANDED = ("ADD", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
"""Where BuildKit replaces variables."""
_FROM_BASE = frozenset({"PATH", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LC_ALL", "USER", "SHELL", "PWD", "TERM", "TZ"})
"""What base images set, whatever else they are."""
_NEAR_LIMIT = 200
"""Names that are compared, and with how many."""
_PORT = re.compile(r"(?:.*:)?(\d+)(?:-(\d+))?(?:/([A-Za-z]+))?")


def _as_case(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        words = stage.origin.arguments.split()
        written = stage.origin.text[:4]
        if len(words) != 3 or (written.isupper(), written.islower()) == (words[1].isupper(), words[1].islower()):
            continue
        if written.isupper() or written.islower():
            expected = "AS" if written.isupper() else "as"
            yield Hit(stage.origin.line, f"`{words[1]}` has another case than `{written}`",
                      hint=f"write `{expected}`", expected=expected, actual=words[1])


def _instruction_case(view: View) -> Iterator[Hit]:
    counted = view.everything[len(view.dockerfile.arguments) :]
    written = [(one, one.text[: len(one.keyword)]) for one in counted]
    lower = sum(word.islower() for _, word in written) > sum(word.isupper() for _, word in written)
    for one, word in written:
        expected = one.keyword.lower() if lower else one.keyword
        if word != expected and word.upper() == one.keyword:
            yield Hit(one.line, f"`{word}` has another case than most instructions", hint=f"write `{expected}`",
                      expected=expected, actual=word)


def _empty_continuation(view: View) -> Iterator[Hit]:
    for one in view.everything:
        for number in range(one.line, one.last_line):
            if not view.lines[number].strip():
                yield Hit(number + 1, "a blank line inside a continued instruction will be an error",
                          hint="remove it, or make it a comment: `#`")
                break


def _description(view: View) -> Iterator[Hit]:
    if not _experimental(view, "InvalidDefinitionDescription"):
        return
    named = [(stage.origin, stage.name) for stage in view.dockerfile.stages if stage.name]
    named += [(one, one.arguments.partition("=")[0].strip()) for one in view.everything if one.keyword == "ARG"]
    for one, name in named:
        above = view.lines[one.line - 2].strip() if one.line > 1 else ""
        text = above.lstrip("#").strip()
        if above.startswith("#") and "=" not in text.split(" ")[0] and text and text.split()[0] != name:
            yield Hit(one.line, f"the comment above does not describe {name}",
                      hint=f"begin it with the name: `# {name} …`, or leave a blank line below it")


def _experimental(view: View, name: str) -> bool:
    value = view.dockerfile.directive("check") or ""
    options = dict(part.partition("=")[::2] for part in value.split(";"))
    chosen = [word.strip() for word in options.get("experimental", "").split(",")]
    return "all" in chosen or name in chosen


def _maintainer(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("MAINTAINER"):
        yield Hit(one.line, "MAINTAINER is deprecated",
                  hint="write it as `LABEL org.opencontainers.image.authors=\"…\"`")


def _shell_form(view: View) -> Iterator[Hit]:
    for stage, one in view.instructions("CMD", "ENTRYPOINT"):
        if not one.exec_form and one.arguments and not any(other.keyword == "SHELL" for other in stage.instructions):
            yield Hit(one.line, f"{one.keyword} runs in a shell, which does not pass signals on",
                      hint=f"write it as a JSON array: `{one.keyword} [\"program\", \"argument\"]`")


def _repeated(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        for keyword in _ONCE:
            found = [one for one in stage.instructions if one.keyword == keyword]
            for one in found[:-1]:
                yield Hit(one.line, f"this {keyword} is overruled by the one at line {found[-1].line}",
                          hint="remove the one that is not meant")


def _onbuild(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("ONBUILD"):
        inner = one.arguments.split(None, 1)[0].upper() if one.arguments else ""
        if inner in ("ONBUILD", "FROM", "MAINTAINER", ""):
            yield Hit(one.line, f"ONBUILD {inner} is refused by the builder", hint="remove it")


def _ports(view: View) -> Iterator[tuple[Instruction, str]]:
    for _, one in view.instructions("EXPOSE"):
        for word in one.arguments.split():
            text = view.expanded(word, one)
            if text:
                yield one, text


def _expose_port(view: View) -> Iterator[Hit]:
    for one, port in _ports(view):
        match = _PORT.fullmatch(port)
        numbers = [int(number[:9]) for number in (match[1], match[2]) if number] if match else []
        if match is None or max(numbers) > 65535:
            yield Hit(one.line, f"`{port}` is no port", hint="a port is a number from 0 to 65535",
                      expected="0 to 65535", actual=port)


def _expose_case(view: View) -> Iterator[Hit]:
    for one, port in _ports(view):
        protocol = port.partition("/")[2]
        if protocol != protocol.lower():
            yield Hit(one.line, f"`{port}` has a protocol in capitals", hint=f"write `{port.lower()}`",
                      expected=port.lower(), actual=port)


def _expose_format(view: View) -> Iterator[Hit]:
    for one, port in _ports(view):
        if ":" in port:
            inner = port.rpartition(":")[2]
            yield Hit(one.line, f"`{port}` names more than a port of the container, and will be an error",
                      hint=f"write `EXPOSE {inner}`; ports are published when a container is made",
                      expected=inner, actual=port)


def _undefined(view: View) -> Iterator[Hit]:
    """What the base image sets is not known here, so only what looks like a slip, or has no base, is reported."""
    looked = 0
    for stage, one in view.instructions(*_EXPANDED):
        variables = view.places[one.line].variables
        declared = {name for other in stage.instructions if other.keyword == "ARG" and other.line < one.line
                    for name in _names(other, view)}
        try:
            missing = [name for name in unset_variables(one.arguments, variables, view.dockerfile.escape)
                       if name.isidentifier() and name not in declared and name not in _FROM_BASE]
        except ValueError:
            continue
        for name in missing[:_NEAR_LIMIT]:
            looked += 1
            known = (*variables, *declared) if looked <= _NEAR_LIMIT else ()
            near = get_close_matches(name, known[:_NEAR_LIMIT], 1, 0.8)
            if near or view.root_image(stage).name == "scratch":
                yield Hit(one.line, f"{one.keyword} uses {name}, which is not defined here",
                          hint=f"did you mean `${near[0]}`?" if near else f"add `ARG {name}` above it")


def _names(instruction: Instruction, view: View) -> tuple[str, ...]:
    try:
        return tuple(one.name for one in pairs(instruction, view.dockerfile.escape))
    except ValueError:
        return ()


def _self(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("ENV"):
        try:
            found = pairs(one, view.dockerfile.escape)
        except ValueError:
            continue
        before = view.places[one.line].variables
        others: set[str] = set()
        for pair in found:
            for name in dict.fromkeys(re.findall(r"\$\{?(\w+)", pair.value or "")):
                if name in others:
                    yield Hit(one.line, f"{pair.name} uses {name}, which this same ENV sets: it is still empty",
                              hint="write two ENV lines")
            others |= {pair.name} - before.keys()


def _legacy(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("ENV", "LABEL"):
        try:
            legacy = [pair for pair in pairs(one, view.dockerfile.escape) if pair.legacy]
        except ValueError:
            continue
        if legacy:
            yield Hit(one.line, f"`{one.keyword} {legacy[0].name} …` is the old way to write it",
                      hint=f"write `{one.keyword} {legacy[0].name}=…`")


def _workdir(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("WORKDIR"):
        place = view.places[one.line]
        path = view.expanded(one.arguments, one)
        relative = path is not None and not path.startswith("/") and not re.match(r"[A-Za-z]:", path)
        if relative and place.workdir is None:
            yield Hit(one.line, f"`WORKDIR {path}` is below whatever the base image sets",
                      hint="write an absolute path", expected=f"/{path}", actual=path)


RULES = (
    Rule("dockerfile.case.as", "info", _as_case),
    Rule("dockerfile.case.instruction", "info", _instruction_case),
    Rule("dockerfile.continuation.empty", "warn", _empty_continuation),
    Rule("dockerfile.comment.description", "info", _description),
    Rule("dockerfile.maintainer", "info", _maintainer),
    Rule("dockerfile.command.shell-form", "info", _shell_form),
    Rule("dockerfile.instruction.repeated", "warn", _repeated),
    Rule("dockerfile.onbuild", "error", _onbuild),
    Rule("dockerfile.expose.port", "error", _expose_port),
    Rule("dockerfile.expose.case", "info", _expose_case),
    Rule("dockerfile.expose.format", "warn", _expose_format),
    Rule("dockerfile.variable.undefined", "warn", _undefined),
    Rule("dockerfile.variable.self", "warn", _self),
    Rule("dockerfile.variable.legacy", "info", _legacy),
    Rule("dockerfile.workdir.relative", "info", _workdir),
)
