"""A manager without a trace is not loaded, and would have said nothing (each `World` holds its managers to that)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from devbox.flows.toolchains import MANAGERS
from devbox.flows.toolchains.machine import Machine
from devbox.flows.toolchains.traces import TRACES, speaking
from devbox.project.pins.files import VersionFiles
from tests.flows.toolchain_world import World

OWNED_BY_OTHERS = {
    "uv": (".python-version", "pyproject.toml"),
    "mise": (".tool-versions",),
    "asdf": (".asdfrc",),
}
"""Names that a reader looks at and that alone say nothing of a manager that is not here."""


class Asked(VersionFiles):
    """Remembers each path below the root that is asked for."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.asked: set[str] = set()

    def _ask(self, path: str) -> None:
        if path.startswith(f"{self.root}/"):
            self.asked.add(path[len(self.root) + 1 :])

    def read(self, path: str) -> bytes | None:
        self._ask(path)
        return super().read(path)

    def is_file(self, path: str) -> bool:
        self._ask(path)
        return super().is_file(path)

    def size(self, path: str) -> int | None:
        self._ask(path)
        return super().size(path)


def bare(tmp_path: Path) -> Machine:
    """A machine without any manager, standing in an empty folder."""
    world = World(tmp_path)
    machine = world.machine()
    return replace(machine, files=Asked(machine.files.root), env={"PATH": machine.env["PATH"]})


def test_the_table_knows_every_manager_that_reads_files() -> None:
    assert set(MANAGERS) - set(TRACES) == {"dockerfile", "devbox"}, "these two are handed what they speak of"


@pytest.mark.parametrize("name", TRACES)
def test_what_a_reader_looks_for_is_a_trace(name: str, tmp_path: Path) -> None:
    machine = bare(tmp_path)
    assert MANAGERS[name](machine) == ()
    assert isinstance(machine.files, Asked)
    known = (*TRACES[name].files, *OWNED_BY_OTHERS.get(name, ()))
    missing = {path for path in machine.files.asked if not any(f"{path}/".startswith(f"{one}/") for one in known)}
    assert missing == set()


@pytest.mark.parametrize("name", [name for name, traces in TRACES.items() if traces.files])
def test_a_file_of_any_kind_in_a_folder_above_makes_a_manager_speak(name: str, tmp_path: Path) -> None:
    world = World(tmp_path, cwd="proj/a/b")
    place = world.root / "proj" / TRACES[name].files[0]
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place)
    machine = replace(world.machine(), env={"PATH": ""})
    assert name in speaking(machine)


def test_an_empty_folder_on_a_bare_machine_is_silent(tmp_path: Path) -> None:
    assert speaking(bare(tmp_path)) <= {"mise"}, "mise may have a file of the system"


@pytest.mark.parametrize(
    ("manager", "variable", "value"),
    [("pyenv", "PYENV_VERSION", "3.12"), ("go", "GOTOOLCHAIN", "go1.22.1"), ("mise", "MISE_NODE_VERSION", "20")],
)
def test_a_variable_is_a_trace(manager: str, variable: str, value: str, tmp_path: Path) -> None:
    machine = bare(tmp_path)
    assert manager in speaking(replace(machine, env={**machine.env, variable: value}))


def test_a_program_on_path_is_a_trace(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.program("system/go", "true")
    assert "go" in speaking(world.machine())
