"""Why a build failed, in words: the failing step, its last lines, and the place in the Dockerfile. Pure.

BuildKit's own words: spec/buildkit.md 1.7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.errors import BuildError
from devbox.core.present import stage_label
from devbox.core.text import clean, clip_end, split_lines

LAST_LINES = 20
"""Lines of the failing step that the error shows."""
_INSTRUCTION_WIDTH = 80
_PLACE = re.compile(r"[^\s:]+:([0-9]{1,7})(?:-[0-9]{1,7})?")
_EXCERPT = re.compile(r"(\s*)([0-9]{1,7})( \| )")
_PARSE_ERROR = re.compile(r"dockerfile parse error (?:on )?line ([0-9]{1,7})")
"""Older engines print no excerpt."""
_METADATA = re.compile(r"\[(?:\S+ )?internal\] load metadata for (\S+)")
_SOLVE = re.compile(
    r"(?:ERROR: )?(?:failed to solve: )?(?:rpc error: code = \w+ desc = )?(?:failed to solve with frontend [\w./]+: )?"
    r"(?:failed to create LLB definition: )?"
)


def build_failure(
    state: BuildState, service: str, dockerfile: str, *, output: bytes = b"", added: Sequence[int] = ()
) -> BuildError:
    """The error of a build that ended badly.

    `output` is the end of the failing step's log, `added` the Dockerfile lines (as built) that are not the user's.
    """
    failed = failed_step(state)
    line = None if failed is None else failed.line
    line = line or _excerpt_line(state.text, added)
    base = _missing_base(state, failed)
    if base is not None:
        ref, error = base
        return BuildError(
            f"base image {clean(ref)} of {service} can't be had", detail=_words(error), path=dockerfile, line=line,
            hint=f"check its name and your login: `docker pull {clean(ref)}`",
        )
    if failed is not None:
        place = stage_label(failed.key.stage, failed.key.index, failed.of, failed.key.platform)
        return BuildError(
            f"build of {service} failed in {place} {clip_end(clean(failed.instruction), _INSTRUCTION_WIDTH)}",
            detail="\n".join([*last_lines(output), _words(failed.error or "")]).strip(), path=dockerfile, line=line,
        )
    if state.outcome == "interrupted":
        return BuildError(
            f"the build of {service} was cut off", detail=_words(_last_error(state)),
            hint="run it again: steps that finished stay in the cache",
        )
    return BuildError(f"build of {service} failed: {_words(_last_error(state))}", path=dockerfile, line=line)


def failed_step(state: BuildState) -> Step | None:
    """The step that failed first: the one with the error that is not a consequence."""
    return next((step for step in state.steps if step.status is StepStatus.FAILED), None)


def last_lines(output: bytes) -> list[str]:
    """The last lines of a log, safe to show."""
    return [clean(line) for line in split_lines(output)[-LAST_LINES:]]


def without_added_lines(text: Sequence[str], added: Sequence[int]) -> tuple[str, ...]:
    """The builder's excerpt with the line numbers of the user's own Dockerfile."""
    shown = []
    for line in text:
        match = _EXCERPT.match(line)
        if match is None:
            place = _PLACE.fullmatch(line)
            shown.append(line if place is None else line.replace(place[1], str(_own_line(int(place[1]), added)), 1))
        elif int(match[2]) not in added:
            number = str(_own_line(int(match[2]), added))
            shown.append(f"{match[1]}{number:>{len(match[2])}}{line[match.end(2):]}")
    return tuple(shown)


def _own_line(line: int, added: Sequence[int]) -> int:
    return line - sum(number < line for number in added)


def _excerpt_line(text: Sequence[str], added: Sequence[int]) -> int | None:
    """`Dockerfile:4` at the head of the source excerpt, else the line a parse error names."""
    places = [_PLACE.fullmatch(line) or _PARSE_ERROR.search(line) for line in text]
    place = next(filter(None, places), None)
    return _own_line(int(place[1]), added) if place is not None else None


def _missing_base(state: BuildState, failed: Step | None) -> tuple[str, str] | None:
    """The image that a FROM or COPY --from names and that could not be resolved, with the error."""
    if failed is not None:
        words = failed.instruction.split()
        if words and words[0].upper() == "FROM":
            return next((word for word in words[1:] if not word.startswith("--")), ""), failed.error or ""
        return None
    for name, error in state.errors:
        if (match := _METADATA.fullmatch(name)) is not None:
            return match[1], error
    return None


def _last_error(state: BuildState) -> str:
    errors = [line for line in state.text if line.startswith("ERROR: ")]
    return errors[-1] if errors else state.text[-1] if state.text else "the builder gave no reason"


def _words(error: str) -> str:
    """BuildKit's words without its own layers around them."""
    return clean(_SOLVE.sub("", error, count=1).strip())


def log_key(state: BuildState) -> StepKey | None:
    """Whose log explains the failure."""
    failed = failed_step(state)
    return failed.twin or failed.key if failed is not None else None
