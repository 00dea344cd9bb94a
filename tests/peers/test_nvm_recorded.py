"""devbox agrees with what the real nvm said in the same worlds, recorded for machines that can't have nvm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows.toolchain_world import World
from tests.peers import ask, compare
from tests.peers.machines import NVM_INSTALLED, Installed
from tests.peers.mirror import LTS

DATA = Path(__file__).resolve().parents[1] / "data" / "toolchains" / "nvm_worlds.json"


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The folders and aliases that nvm makes, without nvm; `test_nvm_makes_these_folders` keeps them true."""
    root = tmp_path_factory.mktemp("nvm-by-hand")
    world = World(root)
    world.nvm(*NVM_INSTALLED)
    newest = max(LTS, key=lambda version: [int(part) for part in version[1:].split(".")])
    for version, name in LTS.items():
        world.file(f"home/.nvm/alias/lts/{name.lower()}", f"{version}\n")
    world.file("home/.nvm/alias/lts/*", f"lts/{LTS[newest].lower()}\n")
    return Installed(Path("nvm.sh"), root)


def test_devbox_says_what_nvm_said(by_hand: Installed, tmp_path: Path) -> None:
    recorded: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))
    assert len(recorded) >= 100
    wrong = []
    for number, one in enumerate(recorded):
        world = ask.nvm_world(_new(tmp_path / str(number)), one["case"], by_hand)
        answer = json.loads(json.dumps(one["answer"]).replace("${ROOT}", str(world.root)))
        wrong += [f"world {number}: {sentence}" for sentence in compare.nvm(world, one["case"], answer)]
    assert not wrong, "\n".join(wrong)


def test_nvm_makes_these_folders(by_hand: Installed, nvm: Installed) -> None:
    def made(installed: Installed) -> set[str]:
        root = installed.home / ".nvm"
        found = {str(path.relative_to(root)) for path in (*root.glob("**/bin"), *root.glob("alias/**/*"))}
        return {path for path in found if not path.startswith(".cache")}

    assert made(nvm) == made(by_hand)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
