"""Selections of a context: what they take, links followed inside it, and when the digest of it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from devbox.core.buildplan import Selection
from devbox.core.context_tree import ContextTree, Entry, Folder, Node


@dataclass
class Memory:
    """A context that is a dict: path → content, `-> target` for a link, None for an empty folder."""

    files: dict[str, str | None]

    def look(self, path: str) -> Node | None:
        if path not in self.files:
            inside = path == "" or any(other.startswith(f"{path}/") for other in self.files)
            return Node("folder", 0o755) if inside else None
        content = self.files[path]
        if content is None:
            return Node("folder", 0o755)
        link = content.startswith("-> ")
        return Node("link", 0o777, target=content[3:]) if link else Node("file", 0o644, content)

    def names(self, path: str) -> Sequence[str]:
        start = f"{path}/" if path else ""
        return sorted({other[len(start) :].split("/")[0] for other in self.files if other.startswith(start)})

    def entry(self, path: str) -> Entry | None:
        node = self.look(path)
        if node is None or node.kind != "folder":
            return None if node is None else Entry(node)
        entries = {name: self.entry(f"{path}/{name}" if path else name) for name in self.names(path)}
        return Entry(node, folder=Folder.of(node.mode if path else None, {n: e for n, e in entries.items() if e}))


FILES: dict[str, str | None] = {
    "src/a.c": "1", "src/b.c": "2", "src/a.h": "3", "src/deep/a.c": "4", "docs": "-> src", "abs": "-> /src/deep",
    "loop": "-> loop", "out": "-> ../../src", "gone": "-> nothing", "empty": None, "main.c": "5",
}


def digest(*paths: str, files: dict[str, str | None] | None = None) -> str | None:
    return ContextTree(Memory(files or FILES)).select(Selection(paths))


def needs_more(path: str, *beside: str) -> bool:
    return ContextTree(Memory(FILES)).needs_more(Selection((path,)), [Selection((other,)) for other in beside])


def taken(*paths: str) -> tuple[str, ...]:
    return ContextTree(Memory(FILES)).taken([Selection(paths)])


def changed(path: str, content: str | None = "new") -> dict[str, str | None]:
    return {**FILES, path: content}


def test_only_what_is_selected_counts() -> None:
    assert digest("/src") == digest("/src", files=changed("main.c"))
    assert digest("/src") != digest("/src", files=changed("src/deep/a.c"))
    assert digest("/") != digest("/", files=changed("main.c"))


@pytest.mark.parametrize(("path", "real"), [
    ("/docs", ("src",)), ("/docs/a.c", ("src/a.c",)), ("/abs", ("src/deep",)), ("/out", ("src",)), ("/loop", ()),
    ("/gone", ()), ("/nothing", ()), ("/src/a.c/below", ()), ("/src/../main.c", ("main.c",)), ("/.", ("",)),
    ("/docs/*.c", ("src/a.c", "src/b.c")), ("/*/a.c", ("src/a.c", "src/deep/a.c")), ("/s[rx]c/?.h", ("src/a.h",)),
])
def test_links_are_followed_inside_the_context(path: str, real: tuple[str, ...]) -> None:
    assert taken(path) == real


def test_nothing_below_something_else_is_taken_twice() -> None:
    assert taken("/src/deep", "/src", "/docs/a.c") == ("src",)


def test_a_link_counts_by_what_it_points_to() -> None:
    assert digest("/docs") == digest("/src")
    assert digest("/docs/a.c") != digest("/docs/b.c")


def test_patterns_count_the_names_of_what_they_match() -> None:
    assert digest("/src/*.c") == digest("/src/*.c", files=changed("src/c.h"))
    assert digest("/src/*.c") != digest("/src/*.c", files=changed("src/c.c"))
    renamed = {("src/z.c" if path == "src/a.c" else path): content for path, content in FILES.items()}
    assert digest("/src/*.c") != digest("/src/*.c", files=renamed)


def test_a_named_path_that_is_not_there_fails_and_an_empty_pattern_does_not() -> None:
    assert digest("/nothing") is None
    assert digest("/*.rs") is not None
    assert digest("/*.rs") == digest("/*.go")
    assert digest("/main.c", "/nothing") is None


def test_a_pattern_in_a_folder_of_which_nothing_is_sent_fails_only_when_it_runs() -> None:
    assert needs_more("/src/*.rs")
    assert not needs_more("/src/*.rs", "/src/a.c")
    assert not needs_more("/src/deep/*.rs", "/src")
    assert needs_more("/src/deep/*.rs", "/main.c")
    assert not needs_more("/*.rs")
    assert not needs_more("/src/*.c")
    assert digest("/src/*.rs") == digest("/nowhere/*.rs") == digest("/*.rs")


def test_an_empty_folder_counts() -> None:
    assert digest("/") != digest("/", files={path: one for path, one in FILES.items() if path != "empty"})


def test_the_root_of_a_tar_is_another_than_that_of_a_copy() -> None:
    copied, packed = (ContextTree(Memory(FILES), root=root) for root in ("", "tar"))
    assert copied.select(Selection(("/",))) != packed.select(Selection(("/",)))
    assert copied.select(Selection(("/src",))) == packed.select(Selection(("/src",)))
