"""NVIDIA_REQUIRE_CUDA: what an image asks of driver and GPU, as the container runtime reads it. Pure.

    cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=geforce,driver>=525,driver<526

Terms between spaces are alternatives, conditions between commas must all hold, several variables must all hold.
Grammar and rules: NVIDIA/nvidia-container-toolkit `internal/requirements/constraints/factory.go`, and
`internal/config/image/cuda_image.go` for which variables count; the legacy hook refuses to start a container whose
requirement does not hold, CDI does not ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from devbox.core.frozen import dataclass
from devbox.core.version import release_numbers

PREFIX = "NVIDIA_REQUIRE_"
_IGNORED = "NVIDIA_REQUIRE_JETPACK"
_DISABLE = "NVIDIA_DISABLE_REQUIRE"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""Go's strconv.ParseBool."""
VERSIONS = frozenset({"cuda", "driver", "arch"})
WORDS = frozenset({"brand"})
LIMIT = 64 * 1024
"""Characters of one requirement; an image is untrusted."""
_CONDITION = re.compile(r"([^<>=!]*)(!=|<=|>=|=|<|>)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """`driver>=470`"""

    name: str
    operator: str
    value: str

    def holds(self, facts: Mapping[str, str | None]) -> bool | None:
        """Whether the machine meets it; None where the machine does not tell."""
        have = facts.get(self.name)
        if have is None:
            return None
        if self.name in WORDS:
            return _compare(_order(have.lower(), self.value.lower()), self.operator)
        one, other = release_numbers(have), release_numbers(self.value)
        if one is None or other is None:
            return None
        size = max(len(one), len(other))
        return _compare(_order(_padded(one, size), _padded(other, size)), self.operator)


Requirement = tuple[tuple[Condition, ...], ...]
"""Alternatives, each a group of conditions that must all hold."""


def requirement_texts(env: Mapping[str, str]) -> tuple[str, ...]:
    """The requirements of an image's environment; one without any, but with CUDA_VERSION, asks for that CUDA."""
    if env.get(_DISABLE) in _TRUE:
        return ()
    texts = [value for name, value in sorted(env.items()) if name.startswith(PREFIX) and not name.startswith(_IGNORED)]
    version = release_numbers(env.get("CUDA_VERSION", ""))
    if version and not env.get(f"{PREFIX}CUDA"):
        texts.append(f"cuda>={'.'.join(map(str, (*version, 0)[:2]))}")
    return tuple(text for text in texts if text.strip())


def parse_requirement(text: str) -> Requirement:
    """The alternatives of one requirement; conditions on things the runtime does not know are left out.

    Raises ValueError where the runtime refuses the text: a condition without an operator, a version that is none.
    """
    if len(text) > LIMIT:
        raise ValueError("longer than 64 KiB")
    alternatives = (
        tuple(found for part in term.split(",") if (found := _condition(part)) is not None) for term in text.split(" ")
    )
    return tuple(conditions for conditions in alternatives if conditions)


def satisfied(requirement: Requirement, facts: Mapping[str, str | None]) -> bool | None:
    """Whether one alternative holds: None where what is not known decides. `facts`: cuda, driver, arch, brand."""
    if not requirement:
        return True
    return _any(_all(condition.holds(facts) for condition in group) for group in requirement)


def _condition(text: str) -> Condition | None:
    if not text.strip():
        return None
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError("a condition without an operator")
    name, operator, value = match.groups()
    if name not in VERSIONS | WORDS:
        return None
    if name in VERSIONS and release_numbers(value) is None:
        raise ValueError(f"{name} is compared with something that is no version")
    return Condition(name, operator, value)


def _order(one: object, other: object) -> int:
    return 0 if one == other else -1 if one < other else 1  # type: ignore[operator]


def _compare(order: int, operator: str) -> bool:
    table = {
        "=": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0,
    }
    return table[operator]


def _padded(version: tuple[int, ...], size: int) -> tuple[int, ...]:
    return version + (0,) * (size - len(version))


def _all(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _any(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False
