"""Values defined by `devbox.core.frozen` behave as the standard library's frozen, slotted ones."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core import frozen
from devbox.core.frozen import dataclass

T = TypeVar("T")
Decorator = Callable[..., Any]
BOTH = pytest.mark.parametrize("dataclass", [dataclasses.dataclass, frozen.dataclass], ids=["standard", "ours"])


@dataclass(frozen=True, slots=True)
class Plain:
    """One that pickle can find."""

    name: str
    parts: tuple[int, ...] = ()


def make(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Value:
        """A value."""

        name: str
        count: int = 3
        parts: tuple[str, ...] = ()
        more: dict[str, int] = field(default_factory=dict)
        raw: Any = field(default=None, compare=False, repr=False)
        length: int = field(init=False, default=0)
        loud: bool = field(default=False, kw_only=True)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

    return Value


STANDARD, OURS = make(dataclasses.dataclass), make(frozen.dataclass)
ARGUMENTS = st.fixed_dictionaries(
    {"name": st.text(max_size=3)},
    optional={
        "count": st.integers(0, 2), "parts": st.tuples(st.text(max_size=2)), "raw": st.integers(0, 1),
        "more": st.dictionaries(st.text(max_size=1), st.integers(0, 1), max_size=2), "loud": st.booleans(),
    },
)  # fmt: skip


@given(ARGUMENTS, ARGUMENTS)
def test_values_are_made_shown_and_compared_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert asdict(OURS(**one)) == asdict(STANDARD(**one))
    assert repr(OURS(**one)) == repr(STANDARD(**one))
    assert (OURS(**one) == OURS(**other)) == (STANDARD(**one) == STANDARD(**other))
    assert replace(OURS(**one), count=7) == OURS(**{**one, "count": 7})
    assert copy.copy(OURS(**one)) == copy.deepcopy(OURS(**one)) == OURS(**one)


def test_the_signature_is_the_same() -> None:
    assert list(inspect.signature(OURS).parameters) == list(inspect.signature(STANDARD).parameters)
    assert OURS.__match_args__ == STANDARD.__match_args__
    assert [one.name for one in fields(OURS)] == [one.name for one in fields(STANDARD)]


@BOTH
def test_wrong_arguments_are_a_type_error(dataclass: Decorator) -> None:
    value = make(dataclass)
    for arguments in ((), ("a", 1, (), {}, None, 5), ("a", 1, (), {}, None, True, True)):
        with pytest.raises(TypeError):
            value(*arguments)
    with pytest.raises(TypeError):
        value("a", unknown=1)


@BOTH
def test_nothing_can_be_changed(dataclass: Decorator) -> None:
    value = make(dataclass)("a")
    with pytest.raises(FrozenInstanceError):
        value.name = "b"
    with pytest.raises(FrozenInstanceError):
        del value.name
    with pytest.raises((FrozenInstanceError, TypeError)):  # before Python 3.12 the standard one stumbles here
        value.other = "b"
    assert not hasattr(value, "__dict__")


@BOTH
def test_equal_values_are_one_key_and_other_classes_are_unequal(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Pair:
        left: int
        right: int = 0

    @dataclass(frozen=True, slots=True)
    class Other:
        left: int
        right: int = 0

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class Lone:
        only: tuple[int, ...]

    assert {Pair(1): "a"}[Pair(1, 0)] == "a"
    assert Pair(1) != Other(1)
    assert Pair(1) != (1, 0)
    assert Empty() == Empty()
    assert len({Empty(), Empty(), Lone((1,)), Lone((1,))}) == 2


@BOTH
def test_the_classes_own_methods_and_bases_stay(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Base(Generic[T]):
        value: T

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True)
    class Child(Base[int]):
        more: int = 2

        def __eq__(self, other: object) -> bool:
            return True

    assert repr(Base("a")) == "own"
    assert Child(1) == 5
    assert (Child(1).value, Child(1).more) == (1, 2)
    match Child(4, 5):
        case Child(value, more):
            assert (value, more) == (4, 5)
    assert hash(Child(1)) == hash(Child(1))


def test_a_value_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Plain("a", (1, 2)))) == Plain("a", (1, 2))
