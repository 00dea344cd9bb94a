"""rustup: the corners that the recordings do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain import rustup as rules
from tests.flows.toolchain_world import World

TRIPLE = "x86_64-unknown-linux-gnu"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.file(
        "home/.rustup/settings.toml",
        f'version = "12"\ndefault_host_triple = "{TRIPLE}"\ndefault_toolchain = "stable-{TRIPLE}"\n\n[overrides]\n',
    )
    for name in ("stable", "1.75.0"):
        world.program(f"home/.rustup/toolchains/{name}-{TRIPLE}/bin/rustc", f"echo 'rustc {name}'")
    return world


def row(world: World) -> ToolchainRow:
    return world.rows("rustup")["rust"]


def test_the_real_number_of_stable_is_in_its_manifest(world: World) -> None:
    world.file(
        f"home/.rustup/toolchains/stable-{TRIPLE}/lib/rustlib/multirust-channel-manifest.toml",
        '[pkg.cargo]\nversion = "0.99.0 (x)"\n\n[pkg.rustc]\nversion = "1.93.1 (01f6ddf75 2026-02-11)"\n',
    )
    assert (row(world).resolved, row(world).host_runs) == ("1.93.1", "1.93.1")


def test_a_nearer_file_beats_a_farther_override_and_an_override_the_file_beside_it(world: World) -> None:
    settings = (world.home / ".rustup/settings.toml").read_text()
    world.file("home/.rustup/settings.toml", settings + f'"{world.root}/proj" = "stable-{TRIPLE}"\n')
    world.file("proj/rust-toolchain", "1.75.0\n")
    assert row(world).resolved == "stable"
    world.file("proj/a/rust-toolchain", "1.75.0\n")
    world.cwd = "proj/a"
    assert row(world).resolved == "1.75.0"


def test_both_files_are_worth_a_note(world: World) -> None:
    world.file("proj/rust-toolchain", "1.75.0\n")
    world.file("proj/rust-toolchain.toml", '[toolchain]\nchannel = "stable"\n')
    (selection,) = world.selections("rustup")
    assert "both exist" in selection.notes[0]
    assert row(world).resolved == "1.75.0"


def test_components_alone_are_wanted_of_the_default(world: World) -> None:
    world.file("proj/rust-toolchain.toml", '[toolchain]\ncomponents = ["rustfmt", "clippy"]\n')
    world.file(f"home/.rustup/toolchains/stable-{TRIPLE}/lib/rustlib/components", f"rustfmt-preview-{TRIPLE}\n")
    (selection,) = world.selections("rustup")
    assert row(world).resolved == "stable"
    assert "lacks clippy;" in selection.notes[0]


def test_a_toolchain_by_path_in_the_project_is_not_run(world: World) -> None:
    world.program("proj/tc/bin/rustc", "touch ${0}.canary; echo 'rustc 9.9.9'")
    world.file("proj/rust-toolchain.toml", '[toolchain]\npath = "${ROOT}/proj/tc"\n')
    found = row(world)
    assert (found.via, found.host_runs, found.satisfied) == ("path", None, None)
    assert not (world.root / "proj/tc/bin/rustc.canary").exists()


def test_a_link_from_the_toolchains_folder_into_the_project_is_not_run(world: World) -> None:
    world.program("proj/tc/bin/rustc", "touch ${0}.canary; echo 'rustc 9.9.9'")
    world.link("home/.rustup/toolchains/evil", "${ROOT}/proj/tc")
    world.file("proj/rust-toolchain", "evil\n")
    assert row(world).host_runs is None
    assert not (world.root / "proj/tc/bin/rustc.canary").exists()


def test_without_rustup_the_pin_is_compared_with_what_runs(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.program("system/rustc", "echo 'rustc 1.74.1 (x)'")
    world.file("proj/rust-toolchain.toml", '[toolchain]\nchannel = "1.75.0"\n')
    assert (row(world).satisfied, row(world).host_runs) == (False, "1.74.1")
    world.file("proj/rust-toolchain.toml", '[toolchain]\nchannel = "stable"\n')
    assert row(world).satisfied is None, "what stable is nobody knows here"


def test_broken_settings_break_every_command(world: World) -> None:
    world.file("home/.rustup/settings.toml", "version = [")
    assert (row(world).error, row(world).host_runs) == ("malformed", None)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("stable", f"stable-{TRIPLE}"), ("1.75", f"1.75-{TRIPLE}"), ("1.4", f"1.4.0-{TRIPLE}"),
        ("nightly-2024-01-15", f"nightly-2024-01-15-{TRIPLE}"), ("stable-aarch64", "stable-aarch64-unknown-linux-gnu"),
        ("stable-musl", "stable-x86_64-unknown-linux-musl"), ("v1.75.0", "v1.75.0"),
        ("1.75.0-beta.1", f"1.75.0-beta.1-{TRIPLE}"),
        ("stable-msvc", "stable-x86_64-unknown-linux-msvc"), ("stable-foo", "stable-foo"), ("mine", "mine"),
    ],
)
def test_a_name_is_a_folder_after_the_triple_is_added(name: str, folder: str) -> None:
    toolchain = rules.parse_name(name, TRIPLE)
    assert toolchain is not None
    assert toolchain.folder == folder


@pytest.mark.parametrize("name", ["", "/", "+x", "a/b", "..", ".", "a\\b", "a\x00b", "none"])
def test_what_is_no_name_is_none(name: str) -> None:
    assert rules.parse_name(name, TRIPLE) is None
