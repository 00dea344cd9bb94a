"""The demo's copy: complete, the caller's own, editable, gone when asked."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devbox.cli.commands.demo import welcome
from devbox.core.errors import ConfigError
from devbox.flows.demo import DEPENDENCIES, GREETING, NEW_GREETING, SOURCE, abandoned, copy_demo, remove_copy
from devbox.resources import PACKAGE, demo_folder
from devbox.store.paths import StateDirs


@pytest.fixture
def state(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


def bundled() -> set[str]:
    return {
        str(path.relative_to(demo_folder())) for path in demo_folder().rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_copy_is_the_bundled_project_byte_for_byte(state: StateDirs) -> None:
    root = copy_demo(demo_folder(), state).root
    copied = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert copied == bundled()
    assert {".dockerignore", ".python-version", "cache/Dockerfile"} <= copied
    assert all((root / name).read_bytes() == (demo_folder() / name).read_bytes() for name in copied)


def test_a_read_only_installation_still_gives_a_copy_to_edit(state: StateDirs, tmp_path: Path) -> None:
    original = tmp_path / "installed"
    (original / "cache").mkdir(parents=True)
    for name in (SOURCE, "cache/Dockerfile"):
        (original / name).write_text(GREETING)
        (original / name).chmod(0o444)
    (original / "cache").chmod(0o555)
    root = copy_demo(original, state).root
    for path in (root, root / SOURCE, root / "cache", root / "cache" / "Dockerfile"):
        assert path.stat().st_mode & stat.S_IWUSR, path


def test_two_copies_are_two_projects(state: StateDirs) -> None:
    assert copy_demo(demo_folder(), state).root != copy_demo(demo_folder(), state).root


def test_bytecode_of_an_installation_is_left_out(state: StateDirs, tmp_path: Path) -> None:
    original = tmp_path / "installed"
    (original / "__pycache__").mkdir(parents=True)
    (original / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"\0")
    assert list(copy_demo(original, state).root.iterdir()) == []


def test_the_edits_of_the_tour_change_what_they_say(state: StateDirs) -> None:
    copy = copy_demo(demo_folder(), state).settle(base="debian:bookworm-slim")
    before = (copy.root / DEPENDENCIES).read_text()
    copy.edit_source()
    copy.edit_dependencies("first")
    source = (copy.root / SOURCE).read_text()
    assert NEW_GREETING in source
    assert f'"{GREETING}"' not in source
    after = (copy.root / DEPENDENCIES).read_text()
    assert after.startswith(before)
    assert "first" in after


def test_the_local_settings_name_base_and_port_for_box_and_sidecar(state: StateDirs) -> None:
    copy = copy_demo(demo_folder(), state).settle(base="devbox-base:bookworm")
    local = tomllib.loads((copy.root / "devbox.local.toml").read_text())
    assert local["box"] == {"args": {"BASE": "devbox-base:bookworm"}, "ports": [f"{copy.port}:8000"]}
    assert local["sidecars"]["cache"]["args"] == {"BASE": "devbox-base:bookworm"}


def test_removing_a_copy_leaves_nothing_and_is_no_error_twice(state: StateDirs) -> None:
    copy = copy_demo(demo_folder(), state)
    remove_copy(copy.root)
    assert not copy.root.exists()
    remove_copy(copy.root)


def test_a_copy_that_cannot_be_removed_is_named(tmp_path: Path) -> None:
    in_its_place = tmp_path / "run-x"
    in_its_place.write_text("a file that somebody put there")
    with pytest.raises(ConfigError) as caught:
        remove_copy(in_its_place)
    assert caught.value.path == str(in_its_place)
    assert in_its_place.exists()


def test_a_copy_is_abandoned_once_its_process_is_gone(state: StateDirs) -> None:
    copy_it = (
        "import sys; from pathlib import Path; from devbox.flows.demo import copy_demo; "
        "from devbox.resources import PACKAGE, demo_folder; from devbox.store.paths import StateDirs; "
        "state = StateDirs(*(Path(word) for word in sys.argv[1:5])); "
        "print(copy_demo(demo_folder(), state, keep=sys.argv[5] == 'keep').root)"
    )
    folders = [str(each) for each in (state.state, state.cache, state.config, state.runtime)]
    mine = copy_demo(demo_folder(), state)
    ended, kept = (
        subprocess.run(
            [sys.executable, "-c", copy_it, *folders, word], check=True, capture_output=True, text=True, timeout=30,
            env={"PYTHONPATH": str(PACKAGE.parent)},
        ).stdout.strip()
        for word in ("", "keep")
    )
    assert abandoned(state) == (Path(ended),), "held copies and kept ones are left alone"
    assert mine.root.is_dir()
    assert Path(kept).is_dir()


@pytest.mark.parametrize(("keep", "promise"), [(True, "the copy stay"), (False, "clears all of it away")])
def test_a_person_is_told_where_the_copy_is_and_what_to_open(state: StateDirs, keep: bool, promise: str) -> None:
    copy = copy_demo(demo_folder(), state, keep=keep).settle(base="debian:bookworm-slim")
    told = "\n".join(welcome(copy, keep=keep))
    assert all(word in told for word in (str(copy.root), SOURCE, f"http://127.0.0.1:{copy.port}/", promise))
