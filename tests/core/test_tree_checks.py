"""Names, cases, mounts and scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.tree_checks import Disk, Script, Tree, colliding, judge, not_portable, survey

DISK = Disk("ext4", "/", runs_programs=True, writable=True, case_sensitive=True)


def ids(tree: Tree, *, wsl: bool = False) -> list[tuple[str, str]]:
    return [(one.id, one.severity) for one in judge(tree, wsl=wsl).findings]


def script(**changes: bool) -> Script:
    plain = {"shebang": True, "crlf": False, "bom": False, "executable": True, "marked_executable": True,
             "by_name": False}  # fmt: skip
    return Script("run.sh", **{**plain, **changes})


@pytest.mark.parametrize("kind", ["ext4", "overlay", "apfs", "btrfs", "virtiofs", None])
def test_ordinary_file_systems_are_no_finding(kind: str | None) -> None:
    disk = Disk(kind, "/", runs_programs=True, writable=True, case_sensitive=False)
    assert ids(Tree(disk, survey(("a", "b/c")), scripts=(script(),))) == []


@pytest.mark.parametrize(
    ("disk", "wsl", "found"),
    [
        (Disk("ext4", "/p", False, True, True), False, [("files.mount.noexec", "warn")]),
        (Disk("ext4", "/p", True, False, True), False, [("files.mount.read-only", "info")]),
        (Disk("9p", "/mnt/c", True, True, True), True, [("files.mount.slow", "warn")]),
        (Disk("nfs4", "/net", True, True, True), False, [("files.mount.slow", "info")]),
    ],
)
def test_a_mount_that_hurts(disk: Disk, wsl: bool, found: list[tuple[str, str]]) -> None:
    assert ids(Tree(disk), wsl=wsl) == found


def test_what_the_system_does_not_tell_is_unknown() -> None:
    checks = {one.id: one.reason for one in judge(Tree(Disk(None, reason="Permission denied")), wsl=False).checks}
    assert (checks["files.mount"], checks["files.case"]) == ("Permission denied", "Permission denied")
    unread = {one.id: one.reason for one in judge(Tree(DISK, unread="too many"), wsl=False).checks}
    assert (unread["files.names"], unread["files.collisions"]) == ("too many", "too many")


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (("a/x", "a/X"), ("a/X", "a/x")),
        (("Src/a", "src/b"), ("Src", "src")),
        (("é", "e\u0301"), ("e\u0301", "é")),
        (("straße", "STRASSE"), ("STRASSE", "straße")),
        (("a", "b", "a.b"), ()),
    ],
)
def test_names_that_are_one_where_case_is_not_told_apart(paths: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert colliding(paths) == found


@given(st.lists(st.text("abAB/", min_size=1, max_size=6).map(lambda text: text.strip("/") or "a"), max_size=8))
def test_without_two_cases_nothing_collides(names: list[str]) -> None:
    assert colliding([name.lower() for name in names]) == ()


@pytest.mark.parametrize(
    "name",
    ["a:b", "a?", "con", "src/NUL.txt", "lpt1", "end.", "end ", "folder./x", 'q"', "back\\slash", "new\nline", "\x07"],
)
def test_a_name_that_windows_cannot_hold(name: str) -> None:
    assert not_portable(("fine", name)) == (name,)


@pytest.mark.parametrize("name", ["console", ".gitignore", "a.b.c", "nulls/aux2", "ünïcode", "a b"])
def test_a_name_that_every_system_holds(name: str) -> None:
    assert not_portable((name,)) == ()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"crlf": True}, [("files.line-endings", "error")]),
        ({"crlf": True, "shebang": False}, [("files.line-endings", "warn")]),
        ({"bom": True}, [("files.bom", "warn")]),
        ({"executable": False}, [("files.executable", "warn")]),
        ({"executable": False, "marked_executable": False, "by_name": True}, [("files.executable", "warn")]),
        ({"executable": False, "marked_executable": False}, []),
    ],
)
def test_what_other_systems_do_to_scripts(changes: dict[str, bool], found: list[tuple[str, str]]) -> None:
    assert ids(Tree(DISK, scripts=(script(**changes),))) == found


def test_long_and_unportable_names_are_notes() -> None:
    tree = Tree(DISK, survey(("x" * 250, "aux.c")))
    assert ids(tree) == [("files.names.illegal", "info"), ("files.names.long", "info")]
