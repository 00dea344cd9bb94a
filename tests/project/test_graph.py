"""Circles of things that need each other are found, at any length, without recursion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devbox.project.graph import find_cycle


def test_a_long_chain_is_no_circle_and_no_recursion() -> None:
    needs = {str(n): (str(n + 1),) for n in range(50_000)} | {"50000": ()}
    assert find_cycle(needs) == ()
    assert len(find_cycle({**needs, "50000": ("0",)})) == 50_001


def test_a_diamond_is_no_circle() -> None:
    assert find_cycle({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}) == ()


names = st.sampled_from("abcdef")


@given(st.dictionaries(names, st.lists(names, max_size=3)))
def test_a_circle_is_one_and_none_means_an_order_exists(drawn: dict[str, list[str]]) -> None:
    needs = {name: tuple(drawn.get(name, ())) for name in "abcdef"}
    cycle = find_cycle(needs)
    if cycle:
        assert all(following in needs[name] for name, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        return
    left = dict(needs)
    while left:
        free = [name for name, needed in left.items() if not set(needed) & set(left)]
        assert free, "no circle was found, so something can always start"
        for name in free:
            del left[name]
