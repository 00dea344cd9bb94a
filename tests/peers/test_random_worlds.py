"""devbox and the real managers look at the same random machines and projects, and say the same.

Each number makes one world, the same each time: `DEVBOX_TEST_SCALE=full` tries 25 times as many.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.flows.toolchain_world import World
from tests.peers import ask, compare, mise_worlds, nvm_worlds, pyenv_worlds
from tests.peers.machines import Installed
from tests.scale import rounds

Case = Mapping[str, Any]
BATCH = 20
AT_ONCE = 3
"""Worlds: the managers are processes, and wait for the disk now and then."""


@pytest.mark.parametrize("batch", range(rounds(6)))
def test_mise_and_devbox_say_the_same(batch: int, mise: Installed) -> None:
    def disagreements(case: Case, root: Path) -> list[str]:
        world = ask.mise_world(root, case, mise)
        return compare.mise(world, case, ask.mise(world, mise.program))

    _agree(batch, mise_worlds.generate, disagreements)


@pytest.mark.parametrize("batch", range(rounds(2)))
def test_pyenv_and_devbox_say_the_same(batch: int, pyenv: Installed) -> None:
    def disagreements(case: Case, root: Path) -> list[str]:
        world = ask.pyenv_world(root, case, pyenv)
        return compare.pyenv(world, case, ask.pyenv(world, pyenv.program, world.root / case["root"] / "shims"))

    _agree(batch, pyenv_worlds.generate, disagreements)


@pytest.mark.parametrize("batch", range(rounds(2)))
def test_nvm_and_devbox_say_the_same(batch: int, nvm: Installed) -> None:
    def disagreements(case: Case, root: Path) -> list[str]:
        world = ask.nvm_world(root, case, nvm)
        return compare.nvm(world, case, ask.nvm(world, nvm.program, world.root / case["root"]))

    _agree(batch, nvm_worlds.generate, disagreements)


def _agree(
    batch: int, generate: Callable[[random.Random], dict[str, Any]], disagreements: Callable[[Case, Path], list[str]]
) -> None:
    def look(number: int) -> str:
        case = generate(random.Random(number))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            wrong = disagreements(case, Path(folder))
        return f"world {number}: {'; '.join(wrong)}\n{json.dumps(case)}" if wrong else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(filter(None, pool.map(look, range(batch * BATCH, (batch + 1) * BATCH))))
    assert not found, "\n\n".join(found)


def test_a_world_is_the_same_each_time() -> None:
    for generate in (mise_worlds.generate, nvm_worlds.generate, pyenv_worlds.generate):
        assert generate(random.Random(7)) == generate(random.Random(7))


def test_the_worlds_are_laid_out_as_written(tmp_path: Path) -> None:
    world: World = ask.lay(tmp_path, {
        "manager": "mise", "cwd": "proj", "env": {"A": "${ROOT}/x"}, "system": {"node": "14.0.0"},
        "files": {"proj/a": "b", "proj/l": {"link": "a"}, "proj/d": {"folder": True}, "proj/p": {"program": "echo"}},
    })
    assert (world.root / "proj/l").read_text() == "b"
    assert (world.root / "proj/d").is_dir()
    assert world.environment()["A"] == f"{world.root}/x"
