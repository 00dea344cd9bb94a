"""Which step a builder's record can be of (spec/buildkit.md 5)."""

from __future__ import annotations

import pytest

from devbox.core.build import StepKey
from devbox.core.buildplan import Vertex
from devbox.core.held import Held, HeldRecord, assign, describes
from tests.core.forecast_plans import Plan


def copying(names: list[object], to: str, **more: bool) -> Vertex:
    return Vertex("copy", StepKey("dev", 3), 4, 1, "COPY", {"copy": "COPY", "from": names, "to": to}, **more)  # type: ignore[arg-type]


RUN = Vertex("run", StepKey("dev", 2), 4, 1, "RUN x", {"run": ["/bin/sh", "-c", "x  && y\nz"]})
WORKDIR = Vertex("workdir", StepKey("dev", 2), 4, 1, "WORKDIR /w", {"workdir": "/w"})


@pytest.mark.parametrize(("description", "vertex", "fits"), [
    ("mount / from exec /bin/sh -c x  && y\nz", RUN, True),
    ("mount / from exec /bin/sh -c x && y", RUN, False),
    ("[dev 2/4] RUN x", RUN, False),
    ("[other 9/9] COPY src/f /o/", copying(["f"], "/o/"), True),
    ("[dev 3/4] COPY f o/", copying(["f"], "/work/o/"), True),
    ("[dev 3/4] ADD --chown=1 --link f /o/", copying(["f"], "/o/"), True),
    ("[dev 3/4] COPY [a b, f, /o/]", copying(["a b", "f"], "/o/"), True),
    ("[dev 3/4] COPY <<-'E' <<b.txt /o/", copying([["document", "E", "x"], ["document", "b.txt", "y"]], "/o/"), True),
    ("[dev 3/4] COPY [a, b, /o/]", copying(["f"], "/o/"), False),
    ("[dev 3/4] COPY [a, b, /o/]", copying(["a, b"], "/o/"), True),
    ("[dev 3/4] COPY g /o/", copying(["f"], "/o/"), False),
    ("[dev 3/4] COPY f /p/", copying(["f"], "/o/"), False),
    ("[dev 3/4] COPY f g /o/", copying(["f"], "/o/"), False),
    ("[dev 3/4] LINK COPY --link f /o/", copying(["f"], "/o/"), False),
    ("[dev 3/4] LINK COPY --link f /o/", copying([], "", merges=True), True),
    ("[dev 3/4] COPY --link f /o/", copying([], "", merges=True), False),
    ("[dev 3/4] WORKDIR /w", WORKDIR, True),
    ("fileop target", WORKDIR, True),
    ("fileop target", RUN, False),
    ("from local ", RUN, False),
    ("local source for context", copying(["f"], "/o/"), False),
    ("", RUN, False),
])
def test_descriptions_of_both_engines_are_read(description: str, vertex: Vertex, fits: bool) -> None:
    assert describes(HeldRecord("id", description, ("parent",)), vertex) is fits


def test_a_context_that_was_unpacked_is_no_step_on_engine_20() -> None:
    on_something = Plan()
    on_something.copy(on_something.base())
    vertex = on_something.vertices[1]
    assert not describes(HeldRecord("id", "fileop target"), vertex)
    assert describes(HeldRecord("id", "fileop target", ("parent",)), vertex)


BASE = HeldRecord("b", "from local ")
MAKE = HeldRecord("m", "mount / from exec /bin/sh -c make", ("b",))
AGAIN = HeldRecord("n", "mount / from exec /bin/sh -c make", ("m",))


def test_a_record_on_a_base_is_one_that_no_step_made_the_parent_of() -> None:
    held = Held((MAKE, AGAIN), frozenset(("m", "n")), {"r1": "m"})
    plan = Plan()
    second = plan.run(plan.run(plan.base(), "make"), "make")
    assert held.candidates(plan.vertices[1], frozenset()) == (MAKE,)
    assert held.candidates(plan.vertices[second], frozenset(("r1",))) == (AGAIN,)
    assert held.candidates(plan.vertices[second], frozenset(("not known",))) == (MAKE, AGAIN)
    assert held.candidates(plan.vertices[second], None) == (MAKE, AGAIN)


def test_equal_descriptions_are_told_apart_by_what_they_were_made_on() -> None:
    plan = Plan()
    first = plan.run(plan.base(), "make")
    second = plan.run(first, "make")
    found = assign(plan.done(), (first, second), (AGAIN, MAKE), {}, frozenset(("m", "n")))
    assert found == {first: "m", second: "n"}


def test_equal_descriptions_on_one_parent_are_taken_by_name_then_in_order() -> None:
    plan = Plan()
    base = plan.base()
    steps = [plan.copy(base, f"/{stage}", stage=stage) for stage in ("a", "b")]
    records = [HeldRecord(name, f"[{stage} 1/2] COPY src /x", ("base",)) for name, stage in (("p", "b"), ("q", "a"))]
    for number in steps:
        plan.vertices[number].parts["to"] = "/x"  # type: ignore[index]
    assert assign(plan.done(), steps, records, {}, frozenset("pq")) == {steps[0]: "q", steps[1]: "p"}
    unnamed = [HeldRecord(name, "fileop target", ("base",)) for name in "pq"]
    assert assign(plan.done(), steps, unnamed, {}, frozenset("pq")) == {steps[0]: "p", steps[1]: "q"}


def test_what_a_step_that_hit_is_called_tells_what_was_made_on_it() -> None:
    plan = Plan()
    first = plan.run(plan.base(), "kept")
    second = plan.run(first, "make")
    stray = HeldRecord("z", MAKE.description, ("elsewhere",))
    right = HeldRecord("y", MAKE.description, ("k",))
    assert assign(plan.done(), (second,), (stray, right), {first: "k"}, frozenset()) == {second: "y"}
    assert assign(plan.done(), (second,), (stray,), {first: "k"}, frozenset()) == {}
