"""A team's own rules: `[[policy.rule]]`, patterns that may match so many times in a Dockerfile (contract.md).

Which instructions a pattern matches is found elsewhere, in a process that can be stopped: a pattern comes from the
project and may be slow on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devbox.core.team import PolicyRule
from devbox.project.dockerfile import Instruction
from devbox.project.rules.rule import Hit
from devbox.project.rules.view import View

TEXT_LIMIT = 4_000
"""Characters of one instruction that a pattern sees."""


def texts(view: View) -> tuple[str, ...]:
    """What patterns are matched against: each instruction, in order."""
    return tuple(text_of(one)[:TEXT_LIMIT] for one in view.everything)


def hits(view: View, rule: PolicyRule, matching: Sequence[int]) -> Iterator[Hit]:
    """The matches beyond what a rule allows; `matching` are numbers of `texts`."""
    for number in matching[rule.max :]:
        times = f"{len(matching)} times, and may {rule.max}" if rule.max else "here"
        yield Hit(
            view.everything[number].line, f"{rule.message} (the pattern of {rule.id} matches {times})",
            hint="change the instruction, or the rule in devbox.toml", expected=f"at most {rule.max}",
            actual=str(len(matching)),
        )


def text_of(instruction: Instruction) -> str:
    """An instruction as a pattern sees it: on one line, its keyword in capitals."""
    rest = instruction.text[len(instruction.keyword) :]
    return " ".join(f"{instruction.keyword}{rest}".split())
