"""The index of a context: always what is on the disk, whatever it remembers, and no more of it than was asked for."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import devbox.project.context_walk as walk
from devbox.core.context_memory import ContextMemory
from devbox.core.context_tree import Entry
from devbox.project.context_disk import RealDisk
from devbox.project.context_index import ContextIndex, Unreadable
from devbox.project.context_tar import pack_context
from devbox.project.ignore import IgnoreRules, parse_ignore
from devbox.store.paths import StateDirs
from devbox.store.stat_cache import StatCache
from tests.project.fake_disk import TICK, FakeDisk, digest_of

LATER = 10**10
NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "d/e", "f/a", "x.log", "d/x.log", "f"])
MOMENTS = st.sampled_from([0, 1, TICK // 2, TICK, 19_000_000, 25_000_000, 3_000_000_000])


def index(disk: Any, memory: ContextMemory | None = None, ignore: str = "", looked: int = 0) -> ContextIndex:
    rules = parse_ignore(ignore) if ignore else IgnoreRules()
    return ContextIndex("", rules, memory or ContextMemory(), looked or getattr(disk, "now", 0), disk)


def flat(entry: Entry | None, path: str = "") -> dict[str, tuple[str, int, str]]:
    """Every path with kind, mode and content."""
    if entry is None:
        return {}
    found = {path: (entry.node.kind, entry.node.mode, entry.node.digest or entry.node.target)} if path else {}
    for name, below in (entry.folder.entries if entry.folder else {}).items():
        found |= flat(below, f"{path}/{name}" if path else name)
    return found


def truth(disk: FakeDisk) -> dict[str, tuple[str, int, str]]:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFLNK: "link"}
    found = {}
    for path, inode in disk.paths():
        kind = kinds[stat.S_IFMT(inode.mode)]
        content = {"folder": "", "link": inode.content.decode(), "file": digest_of(inode.content)}[kind]
        found[path] = (kind, stat.S_IMODE(inode.mode), content)
    return found


Edit = Callable[[FakeDisk], None]


@st.composite
def edits(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES) -> Edit:
    """One thing that happens to a disk; contents are few and of equal size, so that only times can tell them apart."""
    kind = draw(st.sampled_from(["write", "write", "keep", "replace", "link", "touch", "chmod", "rename", "delete"]))
    path, other = draw(names), draw(names)
    content = draw(st.sampled_from([b"1", b"2", b"3"]))
    ahead, mode = draw(st.integers(-2, 2)), draw(st.sampled_from([0o644, 0o755]))

    def edit(disk: FakeDisk) -> None:
        if any(disk.exists(above) and not stat.S_ISDIR(disk.stamp(above)[1])
               for one in (path, other) for above in walked(one)):
            return
        if kind == "write":
            disk.write(path, content)
        elif kind == "link":
            disk.link(path, content.decode())
        elif kind == "replace":
            disk.replace(path, content, disk.now + ahead * TICK)
        elif disk.exists(path):
            stamp = disk.stamp(path)
            if kind == "keep" and stat.S_ISREG(stamp[1]):
                disk.write(path, content)
                disk.touch(path, stamp[5])
            elif kind == "touch":
                disk.touch(path, disk.now + ahead * TICK)
            elif kind == "chmod" and not stat.S_ISLNK(stamp[1]):
                disk.chmod(path, mode)
            elif kind == "rename" and path != other and not f"{other}/".startswith(f"{path}/"):
                disk.rename(path, other)
            elif kind == "delete":
                disk.delete(path)

    return edit


def walked(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


FEW = edits(st.sampled_from(["a", "d/a"]))


@given(st.lists(st.tuples(MOMENTS, st.lists(FEW, max_size=3), st.lists(FEW, max_size=2)), max_size=6),
       st.sampled_from([1, TICK, 10_000_000, 1_000_000_000, 2_000_000_000]), st.booleans())
def test_no_sequence_of_edits_leaves_a_stale_digest(
    rounds: list[tuple[int, list[Edit], list[Edit]]], tick: int, whole: bool
) -> None:
    disk, memory = FakeDisk(tick), ContextMemory()
    disk.write("d/a", b"0")
    for moment, before, during in rounds:
        disk.pass_time(moment)
        for edit in before:
            edit(disk)
        # A look during which files change may see either state, and must not believe in it afterwards.
        disk.during = lambda pending=list(during): pending and pending.pop()(disk)  # type: ignore[misc]
        torn = index(disk, memory)
        with contextlib.suppress(Unreadable):
            for path in ("",) if whole else ("a", "d", "d/e/a"):
                torn.entry(path)
        disk.during = lambda: None
        assert flat(index(disk, memory).entry("")) == truth(disk)
        fresh, known = index(disk).entry(""), index(disk, memory).entry("")
        assert fresh
        assert known
        assert (fresh.digest, fresh.state) == (known.digest, known.state)


@pytest.mark.parametrize("tick", [1, TICK, 10_000_000, 1_000_000_000, 2_000_000_000])
@pytest.mark.parametrize("wait", [0, TICK, 25_000_000, 900_000_000, 1_900_000_000, LATER])
@pytest.mark.parametrize("kept", [False, True], ids=["time new", "time kept"])
def test_an_edit_in_the_tick_of_the_last_one_is_seen(tick: int, wait: int, kept: bool) -> None:
    disk, memory = FakeDisk(tick), ContextMemory()
    disk.write("a", b"0")
    old = disk.stamp("a")[5]
    disk.pass_time(LATER)

    def edit(content: bytes) -> None:
        disk.write("a", content)
        if kept:
            disk.touch("a", old)

    edit(b"1")
    disk.pass_time(wait)
    assert flat(index(disk, memory).entry(""))["a"][2] == digest_of(b"1")
    edit(b"2")
    assert flat(index(disk, memory).entry(""))["a"][2] == digest_of(b"2")


@given(st.lists(edits(), max_size=6), st.lists(edits(), max_size=4),
       st.sampled_from(["", "*.log\n", "d\n!d/e\n", "**/a\n", "*\n!d/**/a\n", "d/*\n!d/b\n"]))
def test_what_is_remembered_changes_no_answer(first: list[Edit], then: list[Edit], ignore: str) -> None:
    disk, memory = FakeDisk(), ContextMemory()
    for edit in first:
        edit(disk)
    disk.pass_time(LATER)
    index(disk, memory, ignore).entry("")
    for edit in then:
        edit(disk)
        disk.pass_time(LATER)
        for path in ("", "d", "d/e/a", "a"):
            fresh, known = index(disk, None, ignore), index(disk, memory, ignore)
            assert fresh.look(path) == known.look(path)
            if fresh.look(path) is not None:
                assert flat(fresh.entry(path)) == flat(known.entry(path))
                if path == "":
                    assert fresh.entry("").digest == known.entry("").digest  # type: ignore[union-attr]


def test_nothing_is_read_twice_and_only_what_changed_is() -> None:
    disk, memory, read = FakeDisk(), ContextMemory(), list[str]()
    for number in range(20):
        disk.write(f"d{number % 4}/{number}", b"x")
    disk.pass_time(LATER)
    reading = disk.digest
    disk.digest = lambda path: read.append(path) or reading(path)  # type: ignore[method-assign,func-returns-value]
    index(disk, memory).entry("")
    assert len(read) == 20
    disk.write("d1/5", b"y")
    disk.pass_time(LATER)
    index(disk, memory).entry("")
    index(disk, memory).entry("")
    assert read[20:] == ["d1/5"]


def test_ignored_folders_and_what_is_not_selected_are_never_opened() -> None:
    disk, opened = FakeDisk(), list[str]()
    for path in ("src/a", "node_modules/x/y", "other/z", "src/deep/tmp/q"):
        disk.write(path, b"")
    listing = disk.stamps
    disk.stamps = lambda path, bare: opened.append(path) or listing(path, bare)  # type: ignore[method-assign,func-returns-value]
    entry = index(disk, ignore="node_modules\n**/tmp\n!elsewhere/kept\n").entry("src")
    assert set(flat(entry)) == {"a", "deep"}
    assert sorted(opened) == ["src", "src/deep"]


def test_a_folder_that_became_a_link_out_of_the_context_is_a_link(tmp_path: Path) -> None:
    context, memory = tmp_path / "context", ContextMemory()
    (context / "src").mkdir(parents=True)
    (context / "src" / "a").write_text("a")
    index(RealDisk(str(context)), memory, looked=time.time_ns() + LATER).entry("")
    (context / "src").rename(tmp_path / "src")
    (context / "src").symlink_to(tmp_path / "src")
    found = flat(index(RealDisk(str(context)), memory, looked=time.time_ns() + LATER).entry(""))
    assert found == {"src": ("link", 0o777, str(tmp_path / "src"))}


def test_names_of_any_bytes_fifos_and_sockets(tmp_path: Path) -> None:
    (tmp_path / "new\nline").write_text("1")
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe")).write_text("2")
    os.mkfifo(tmp_path / "pipe", 0o644)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        found = flat(index(RealDisk(str(tmp_path))).entry(""))
    assert {path: kind for path, (kind, _, _) in found.items()} == {
        "new\nline": "file", "\udcff\udcfe": "file", "pipe": "other",
    }


def test_what_cannot_be_read_is_named() -> None:
    disk = FakeDisk()
    disk.write("d/secret", b"x")

    def refuse(path: str) -> str:
        raise PermissionError(13, "Permission denied")

    disk.digest = refuse  # type: ignore[method-assign]
    with pytest.raises(Unreadable, match="cannot read d/secret: Permission denied"):
        index(disk).entry("")


def test_a_context_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FakeDisk()
    for number in range(30):
        disk.write(f"d/{number}", b"")
    monkeypatch.setattr(walk, "ENTRY_LIMIT", 20)
    with pytest.raises(Unreadable, match="more than 20 files"):
        index(disk).entry("")
    disk = FakeDisk()
    disk.write("/".join("d" * 300) + "/a", b"")
    monkeypatch.undo()
    with pytest.raises(Unreadable, match="folders inside each other"):
        index(disk).entry("")


def test_several_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        (tmp_path / f"d{number % 7}" / "e").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"d{number % 7}" / "e" / str(number)).write_text(str(number))
    alone = index(RealDisk(str(tmp_path))).entry("")
    monkeypatch.setattr(walk, "_STAT_LEAST", 4)
    monkeypatch.setattr(walk, "_READ_LEAST", 4)
    memory = ContextMemory()
    for _ in range(3):
        together = index(RealDisk(str(tmp_path)), memory, looked=time.time_ns() + LATER).entry("")
        assert alone
        assert together
        assert (alone.digest, alone.state) == (together.digest, together.state)
    (tmp_path / "d3" / "e" / "3").write_text("new")
    together = index(RealDisk(str(tmp_path)), memory, looked=time.time_ns() + LATER).entry("")
    assert flat(together)["d3/e/3"][2] == digest_of(b"new")


IGNORED = st.lists(st.sampled_from([
    "d", "d/e", "*.log", "**/a", "!d/a", "!d/e", "!**/b", "!d", "*", "d/*", "!d/e/a", "**/e/*", "f", "!f/a", "/d/",
    "**",
]), max_size=4).map("\n".join)


@settings(max_examples=60)
@given(st.sets(NAMES, max_size=8), IGNORED)
def test_what_is_indexed_is_what_is_sent(names: set[str], ignore: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path = Path(folder, name)
            if any(other.startswith(f"{name}/") for other in names):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        Path(folder, "Dockerfile").touch()
        packed = pack_context(folder, f"{folder}/Dockerfile", ignore_text=f"{ignore}\n!Dockerfile\n")
        with tarfile.open(fileobj=io.BytesIO(b"".join(packed.blocks))) as tar:
            sent = {member.name for member in tar}
        found = set(flat(index(RealDisk(folder), ignore=f"{ignore}\n!Dockerfile\n").entry("")))
    assert found == sent - {".dockerignore"}


def test_progress_is_told_while_files_are_read() -> None:
    disk = FakeDisk()
    for number in range(1000):
        disk.write(str(number), b"")
    told = list(index(disk).reading([""]))
    assert told[0] == (0, 1000)
    assert len(told) > 1
    assert told == sorted(told)


def test_a_small_context_is_told_from_a_large_one_without_walking_it() -> None:
    disk = FakeDisk()
    for number in range(10):
        disk.write(f"src/{number}", b"12")
    disk.write("junk/huge", bytes(1000))
    assert not index(disk).is_small(50, 100)
    assert index(disk, ignore="junk\n").is_small(50, 100)
    assert not index(disk, ignore="junk\n").is_small(10, 100)
    assert not index(disk, ignore="junk\n").is_small(50, 19)


def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path / "home")


def test_the_memory_is_kept_and_a_damaged_one_is_empty(tmp_path: Path) -> None:
    disk = FakeDisk()
    disk.write("src/a", b"a")
    disk.write("one", b"b")
    disk.pass_time(LATER)
    cache = StatCache(dirs(tmp_path))
    memory = cache.memory("/context", "*.log\n")
    index(disk, memory, "*.log\n").entry("src")
    index(disk, memory, "*.log\n").entry("one")
    memory.spent = 1.0
    cache.save()
    again = StatCache(dirs(tmp_path)).memory("/context", "*.log\n")
    assert (again.folders, again.files) == (memory.folders, memory.files)
    assert StatCache(dirs(tmp_path)).memory("/context", "other\n").folders == {}
    (file,) = (dirs(tmp_path).cache / "stat").iterdir()
    content = file.read_bytes()
    for damaged in (b"", content[:-1], content[:-1] + bytes([content[-1] ^ 1]), b"x" * 100):
        file.write_bytes(damaged)
        assert StatCache(dirs(tmp_path)).memory("/context", "*.log\n").folders == {}


def test_what_is_cheap_to_learn_again_is_not_written(tmp_path: Path) -> None:
    disk = FakeDisk()
    disk.write("a", b"a")
    disk.pass_time(LATER)
    cache = StatCache(dirs(tmp_path))
    index(disk, cache.memory("/context", "")).entry("")
    cache.save()
    assert not (dirs(tmp_path).cache / "stat").exists()
