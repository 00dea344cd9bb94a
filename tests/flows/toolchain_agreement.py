"""When devbox's rows agree with what a real manager did in the same world: one function for each manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.flows.toolchain_world import World

FAMILY = {"rbenv": "ruby", "nodenv": "node", "jenv": "java"}


def family_agrees(world: World, case: dict[str, Any]) -> None:
    row = world.rows(case["manager"])[FAMILY[case["manager"]]]
    answer, system = case["answer"], case["system"].get(row.tool)
    assert row.host_runs == answer["runs"]
    if "cannot change working directory" in answer["said"]:
        assert row.error == "missing-file"
    elif answer["selected"] in (None, ".."):
        assert (row.error, row.resolved, row.satisfied) == ("missing", None, False)
    elif answer["selected"] == "system":
        assert row.resolved == system
        assert row.error == ("missing" if row.declared and not system else row.error)
        assert ("invalid version" in answer["said"]) == (row.error == "refused")
    else:
        assert (row.resolved, row.error) == (answer["selected"], None)
        assert row.satisfied == (answer["runs"] is not None and (answer["runs"], row.resolved) != (system, "9.9"))


def tfenv_agrees(world: World, case: dict[str, Any]) -> None:
    row = world.rows("tfenv")["terraform"]
    answer, installed = case["answer"], case["installed"]["versions"]
    assert row.host_runs == answer["runs"]
    if answer["selected"] is None:
        assert row.resolved is None
        assert row.error in ("no-version", "missing")
    elif answer["selected"] in installed:
        assert (row.resolved, row.error, row.satisfied) == (answer["selected"], None, True)
    else:
        assert (row.resolved, row.error, row.satisfied) == (None, "missing", False)


def asdf_agrees(world: World, case: dict[str, Any]) -> None:
    row = world.rows("asdf")["node"]
    answer = case["answer"]
    assert row.host_runs == answer["runs"]
    versions, _, source = answer["found"].replace("${ROOT}", str(world.root)).removesuffix("\n").partition("|")
    words = [word for word in versions.split("\n")[0].split(" ") if word]
    assert [pin.raw for pin in row.declared] == words
    if words:
        path = "env:ASDF_NODEJS_VERSION" if "environment" in source else source
        assert {_full(world, pin.path) for pin in row.declared} == {path}
        assert (row.error == "missing") == (answer["current"] != 0 or (words == ["system"] and not case["system"]))
    else:
        assert (row.error, row.satisfied) == ("no-version", None)


def _full(world: World, path: str) -> str:
    return path if path.startswith(("/", "env:")) else str(world.directory / path)


CHECKS: dict[str, Callable[[World, dict[str, Any]], None]] = {
    "rbenv": family_agrees,
    "nodenv": family_agrees,
    "jenv": family_agrees,
    "tfenv": tfenv_agrees,
    "asdf": asdf_agrees,
}
