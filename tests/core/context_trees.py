"""Contexts as plain values, for the tests of what BuildKit hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from devbox.core.context_tree import ContextTree, Entry, Folder, Listing, Node


class Files:
    """A `Source` of nodes by path; folders above need not be named."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = dict(nodes)
        for path in nodes:
            parts = path.split("/")
            for count in range(1, len(parts)):
                self.nodes.setdefault("/".join(parts[:count]), Node("folder", 0o755))

    def look(self, path: str) -> Node | None:
        return self.nodes.get(path)

    def names(self, path: str) -> Sequence[str]:
        return sorted(name.rpartition("/")[2] for name in self.nodes if name.rpartition("/")[0] == path)

    def entry(self, path: str) -> Entry | None:
        node = Node("folder", 0) if path == "" else self.nodes.get(path)
        if node is None or node.kind != "folder":
            return node and Entry(node)
        inside = {name: self.entry(f"{path}/{name}" if path else name) for name in self.names(path)}
        found = {name: entry for name, entry in inside.items() if entry is not None}
        return Entry(node, folder=Folder.of(node.mode if path else None, found))


def file(content: str = "a", mode: int = 0o644) -> Node:
    return Node("file", mode, content)


def folder(mode: int = 0o755) -> Node:
    return Node("folder", mode)


def link(target: str) -> Node:
    return Node("link", 0o777, target=target)


def tree(**nodes: Node) -> ContextTree:
    """`tree(a=file(), d__b=file())` has `a` and `d/b`; a dot is written `_dot_`."""
    return ContextTree(Files({path.replace("__", "/").replace("_dot_", "."): node for path, node in nodes.items()}))


def listings(found: Mapping[str, Node]) -> dict[str, Listing]:
    """What is in each folder, by the folder's digest."""
    source = Files(found)
    folders = ["", *(path for path, node in source.nodes.items() if node.kind == "folder")]
    entries = [entry for path in folders if (entry := source.entry(path)) is not None]
    return {entry.digest: entry.folder.listing() for entry in entries if entry.folder is not None}


NAMES = st.sampled_from(("a", "b", "c.py", "d.py"))
NODES = st.one_of(
    st.builds(file, st.sampled_from("xy"), st.sampled_from((0o644, 0o755))), st.builds(link, NAMES),
    st.builds(folder, st.sampled_from((0o755, 0o700))),
)
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), NODES, max_size=8)


def clean(nodes: dict[str, Node]) -> dict[str, Node]:
    """Without what lies below something that is no folder."""
    def above(path: str) -> list[str]:
        parts = path.split("/")
        return ["/".join(parts[:count]) for count in range(1, len(parts))]

    return {path: node for path, node in nodes.items()
            if all(nodes.get(each, folder()).kind == "folder" for each in above(path))}
