"""Which images a Dockerfile starts from, after ARG expansion (contract.md, doctor `images`; spec/toolchains.md 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devbox.core.errors import ConfigError
from devbox.core.findings import ImageRow
from devbox.project.dockerfile import Dockerfile, Instruction
from devbox.project.dockerfile_variables import global_scope
from devbox.project.shell_words import expand

# The grammar of distribution/reference: host, path, tag, digest.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_NAME_LIMIT = 255
_REFERENCE_LIMIT = 600
"""Characters: name, tag and the longest digest."""


def images(
    dockerfile: Dockerfile, arguments: Mapping[str, str] | None = None, *, platform: str = "linux/amd64"
) -> tuple[ImageRow, ...]:
    """One row per FROM. `arguments` are build arguments; they count where an ARG before the first FROM declares them.
    `platform` is what `$TARGETARCH` and the like stand for.

    `ref` is None where no valid reference comes out, most often because an ARG has no value. Raises ConfigError for a
    substitution that BuildKit refuses.
    """
    variables = global_scope(dockerfile, arguments or {}, platform)
    rows, stages = [], set[str]()
    for stage in dockerfile.stages:
        ref = _expanded(stage.base, variables, dockerfile, stage.origin)
        rows.append(_row(dockerfile.path, stage.origin.line, stage.base, ref, ref.lower() in stages))
        if stage.name is not None:
            stages.add(stage.name)
    return tuple(rows)


def split_reference(ref: str) -> tuple[str, str | None, str | None] | None:
    """Name, tag and digest of an image reference as written, or None where it is none."""
    match = _REFERENCE.fullmatch(ref) if len(ref) <= _REFERENCE_LIMIT else None
    if match is None or len(match["name"]) > _NAME_LIMIT or re.fullmatch(r"[0-9a-f]{64}", ref):
        return None
    return match["name"], match["tag"], match["digest"]


def _row(path: str, line: int, raw: str, ref: str, is_stage: bool) -> ImageRow:
    if is_stage:
        return ImageRow(path, line, raw, ref, None, None, None, stage_ref=True)
    parts = split_reference(ref)
    if parts is None:
        return ImageRow(path, line, raw, None, None, None, None, stage_ref=False)
    return ImageRow(path, line, raw, ref, *parts, stage_ref=False)


def _expanded(word: str, variables: Mapping[str, str], dockerfile: Dockerfile, instruction: Instruction) -> str:
    try:
        return expand(word, variables, dockerfile.escape)
    except ValueError as error:
        raise _error(dockerfile, instruction, error) from None


def _error(dockerfile: Dockerfile, instruction: Instruction, error: ValueError) -> ConfigError:
    return ConfigError(
        f"a variable in {instruction.keyword} cannot be replaced: {error}", path=dockerfile.path, line=instruction.line,
        column=1,
    )
