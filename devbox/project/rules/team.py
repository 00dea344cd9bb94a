"""A team's own rules: `[[policy.rule]]`, patterns that may match so many times in a Dockerfile (contract.md)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from devbox.core.team import PolicyRule
from devbox.project.dockerfile import Instruction
from devbox.project.rules.rule import Hit
from devbox.project.rules.view import View

TIME_LIMIT = 0.5
"""Seconds for one rule; a pattern can be made slow on purpose."""
TEXT_LIMIT = 4_000
"""Characters of one instruction that a pattern sees."""


def find(view: View) -> Iterator[tuple[PolicyRule, Hit]]:
    """Where a rule matches more often than it may: the matches beyond that number."""
    for rule in view.team:
        try:
            pattern = re.compile(rule.match)
        except (re.error, OverflowError, RecursionError):
            continue  # refused when the project is read
        until = time.monotonic() + TIME_LIMIT
        matching = []
        for one in view.everything:
            if time.monotonic() > until:
                break
            if pattern.search(text_of(one)[:TEXT_LIMIT]):
                matching.append(one)
        for one in matching[rule.max :]:
            times = f"{len(matching)} times, and may {rule.max}" if rule.max else "here"
            yield rule, Hit(one.line, f"{rule.message} (the pattern of {rule.id} matches {times})", subject=rule.id,
                            expected=f"at most {rule.max}", actual=str(len(matching)))


def text_of(instruction: Instruction) -> str:
    """An instruction as a pattern sees it: on one line, its keyword in capitals."""
    rest = instruction.text[len(instruction.keyword) :]
    return " ".join(f"{instruction.keyword}{rest}".split())
