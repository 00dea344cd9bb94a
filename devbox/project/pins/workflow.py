"""GitHub workflows: the setup steps and the values of their inputs (spec/toolchains.md 15).

A value is the string that the action gets: `3.10` without quotes is the number 3.1. `${{ matrix.x }}` stands for the
list in `strategy.matrix`, `${{ env.X }}` for what the workflow itself writes; any other expression stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.core.frozen import dataclass
from devbox.project.yaml_source import Node, parse_yaml

FOLDER = ".github/workflows"
_ACTIONS = {
    "actions/setup-node": "node", "actions/setup-python": "python", "actions/setup-go": "go",
    "actions/setup-java": "java", "ruby/setup-ruby": "ruby", "actions/setup-ruby": "ruby",
}
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_REFERENCE = re.compile(r"(matrix|env)((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)")
_VALUE_LIMIT = 256
"""Values of one input after its matrix is laid out."""
_TEXT_LIMIT = 16 * 1024
"""Characters of all values of one workflow; steps behind that are not looked at."""
_LENGTH_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an input."""

    text: str
    line: int
    dynamic: bool = False
    """Whether an expression is left in it that only a run can tell."""


@dataclass(frozen=True, slots=True)
class Step:
    """One setup step."""

    tool: str
    major: int | None
    """Of the action: the `5` of `@v5`; None for a branch or commit."""
    line: int
    inputs: dict[str, tuple[Value, ...]]
    """Name in lower case → its values, several where a matrix gives them."""

    def first(self, name: str) -> str:
        """The first value of an input, empty where it is not given."""
        values = self.inputs.get(name, ())
        return values[0].text if values else ""


def parse(data: bytes, path: str) -> tuple[Step, ...]:
    """The setup steps of a workflow, in order. Raises ConfigError for a file that is no YAML."""
    root = parse_yaml(data, path)
    jobs = root.get("jobs")
    found: list[Step] = []
    length = 0
    for job in jobs.table.values() if jobs else ():
        steps = job.get("steps")
        for step in steps.items if steps else ():
            made = _step(root, job, step) if length < _TEXT_LIMIT else None
            if made is not None:
                found.append(made)
                length += 16 + sum(len(value.text) for values in made.inputs.values() for value in values)
    return tuple(found)


def _step(root: Node, job: Node, step: Node) -> Step | None:
    uses = step.get("uses")
    name, _, reference = (uses.words or "" if uses else "").partition("@")
    tool = _ACTIONS.get(name.strip().lower())
    if tool is None or uses is None:
        return None
    major = re.match(r"v([0-9]{1,4})(?:\.|$)", reference)
    given = step.get("with")
    inputs = {
        key.lower(): tuple(_values(root, job, step, node))
        for key, node in (given.table.items() if given else ())
        if node.words is not None
    }
    return Step(tool, int(major[1]) if major else None, uses.origin.line or 1, inputs)


def _values(root: Node, job: Node, step: Node, node: Node) -> Iterator[Value]:
    """What an input comes to: one value, or one for each entry of the matrix that it names."""
    text, line = (node.words or "")[:_LENGTH_LIMIT], node.origin.line or 1
    expression = _EXPRESSION.search(text)
    if expression is None:
        yield Value(text, line)
        return
    reference = _REFERENCE.fullmatch(expression[1])
    path = reference[2].split(".")[1:] if reference else []
    found: list[Node] = []
    if reference and reference[1] == "matrix":
        found = _matrix(job, path)
    elif reference and len(path) == 1:
        places = (step.get("env", path[0]), job.get("env", path[0]), root.get("env", path[0]))
        found = [place for place in places if place is not None][:1]
    words = [(one.words, one.origin.line or line) for one in found[:_VALUE_LIMIT] if one.words is not None]
    if not words:
        yield Value(text, line, dynamic=True)
    for word, where in words:
        filled = text[: expression.start()] + word + text[expression.end() :]
        yield Value(filled, where, dynamic="${{" in filled)


def _matrix(job: Node, path: list[str]) -> list[Node]:
    """The values of one matrix variable: its list, and what `include` adds."""
    matrix = job.get("strategy", "matrix")
    if matrix is None:
        return []
    listed = matrix.get(path[0])
    entries = list(listed.items) if listed else []
    include = matrix.get("include")
    entries += [value for entry in (include.items if include else ()) if (value := entry.get(path[0]))]
    found: dict[str | None, Node] = {}
    for entry in entries:
        inner = entry.get(*path[1:])
        if inner is not None:
            found.setdefault(inner.words, inner)
    return list(found.values())
