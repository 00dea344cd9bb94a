"""The Dockerfile that is built where `host_ca = true`: every RUN sees the host's CA bundle, and no image keeps it.

A rewrite of text; the project's file is not touched. Each stage that runs something gets one ARG line naming the bundle
(for later RUNs an ARG is environment, for the image it is none: only its path stays in the history), and each RUN one
mount flag. What the project sets itself wins: an ENV of the same name overrides an ARG. ONBUILD is left alone: its
commands run in other people's builds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from devbox.core.frozen import dataclass
from devbox.project.dockerfile import Dockerfile, Instruction
from devbox.project.dockerfile_lines import split_instruction

TARGET = "/dev/devbox-host-ca.crt"
"""Where a RUN finds the bundle. /dev is a tmpfs of each RUN, so that the engine needs no mount point in the image's
file system and leaves none behind (seen on BuildKit 0.8 and 0.12, with a secret and with a named context); below /etc
or /run an empty file would stay in the layer."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A Dockerfile's text, and which of its lines are ours (1-based, in the new text). The others are the original's,
    in their order and number."""

    text: str
    added: tuple[int, ...]

    def original_line(self, line: int) -> int:
        """The original line that a line of the text comes from; ours belong to the FROM before them."""
        return line - sum(1 for added in self.added if added <= line)


def with_bundle(text: str, dockerfile: Dockerfile, *, mount: str, path: str, variables: Sequence[str]) -> Rewritten:
    """The text of `dockerfile` with `mount` (a `--mount=…` word) on each RUN, and in each stage that has one an ARG
    line that sets `variables` to `path`."""
    lines = text.split("\n")
    keyword = re.compile(rf"\s*RUN(?=[ \t\v\f\r]|{re.escape(dockerfile.escape)}|$)", re.IGNORECASE)
    declared: list[int] = []
    for stage in dockerfile.stages:
        runs = [instruction for instruction in stage.instructions if instruction.keyword == "RUN"]
        for run in runs:
            _mount(lines, run, keyword, mount)
        if runs:
            declared.append(stage.origin.end_line)
    settings = "ARG " + " ".join(f"{name}={path}" for name in variables)
    for line in reversed(declared):
        lines.insert(line, settings + ("\r" if lines[line - 1].endswith("\r") else ""))
    # Each line that was added before moves the next one down.
    return Rewritten("\n".join(lines), tuple(line + number for number, line in enumerate(declared, 1)))


def _mount(lines: list[str], run: Instruction, keyword: re.Pattern[str], mount: str) -> None:
    first = lines[run.line - 1]
    found = keyword.match(first)
    if found is not None:
        lines[run.line - 1] = f"{found[0]} {mount}{first[found.end():]}"
        return
    # A continuation cuts the word RUN itself: on one line the instruction means the same; blank ones keep the count.
    lines[run.line - 1] = f"RUN {mount} {split_instruction(run.text)[1]}"
    for number in range(run.line, run.last_line):
        lines[number] = ""
