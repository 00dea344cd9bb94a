"""Pins against pins."""

from __future__ import annotations

from devbox.core.findings import Declared
from devbox.core.npm_range import npm_range
from devbox.core.pins import Pin, find_conflicts
from devbox.core.version import exact_range, prefix_range


def pin(path: str, raw: str, tool: str = "python", moving: bool = False) -> Pin:
    return Pin(tool, Declared(path, 1, raw), None if moving else prefix_range(raw))


def test_two_sources_that_exclude_each_other_are_a_pair() -> None:
    (conflict,) = find_conflicts([pin(".python-version", "3.11"), pin("Dockerfile", "3.13")])
    assert [source.path for source in conflict.sources] == [".python-version", "Dockerfile"]


def test_a_moving_word_conflicts_with_nothing() -> None:
    assert find_conflicts([pin(".nvmrc", "lts/*", "node", moving=True), pin("Dockerfile", "3", "node")]) == ()


def test_different_tools_do_not_conflict() -> None:
    assert find_conflicts([pin(".nvmrc", "20", "node"), pin("Dockerfile", "3.13")]) == ()


def test_of_a_list_in_one_file_the_first_version_counts() -> None:
    assert (
        find_conflicts([pin(".python-version", "3.11"), pin(".python-version", "3.9"), pin("Dockerfile", "3.11")])
        == ()
    )


def test_three_sources_make_every_contradicting_pair() -> None:
    found = find_conflicts([pin("a", "3.11"), pin("b", "3.12"), pin("c", "3.11.4")])
    assert [(one.sources[0].path, one.sources[1].path) for one in found] == [("a", "b"), ("b", "c")]


def test_what_two_managers_read_on_one_line_is_one_wish() -> None:
    same = Declared(".node-version", 1, "20")
    pins = [Pin("node", same, exact_range("20")), Pin("node", same, prefix_range("20")), pin("x", "20.9.0", "node")]
    assert [len(find_conflicts(pins[start:])) for start in (0, 1)] == [1, 0]


def test_places_of_one_file_are_sources_of_their_own() -> None:
    engines = Pin("node", Declared("package.json", 3, ">=18"), npm_range(">=18"), place="engines")
    volta = Pin("node", Declared("package.json", 5, "16.0.0"), exact_range("16.0.0"), place="volta")
    assert len(find_conflicts([engines, volta])) == 1


def test_stages_and_jobs_of_one_file_may_differ_but_not_from_others() -> None:
    stages = [
        Pin("node", Declared("Dockerfile", line, raw), prefix_range(raw), place=str(line), apart=True)
        for line, raw in ((1, "18"), (2, "20"), (3, "19"))
    ]
    assert find_conflicts(stages) == ()
    (conflict,) = find_conflicts([pin(".nvmrc", "20", "node"), *stages])
    assert conflict.sources[1].line == 1
