"""What of a context counts for which selection (spec/buildkit.md 4.2 COPY, 4.3; E-numbers are its experiments)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.buildplan import Selection
from devbox.core.context_tree import ContextTree, Node
from tests.core.context_trees import NAMES, TREES, Files, clean, file, folder, link, tree


def digest(found: ContextTree, *paths: str) -> str | None:
    return found.select(Selection(paths))


def test_bytes_mode_and_type_count() -> None:
    seen = {
        digest(tree(f=node), "/f") for node in (
            file("a"), file("b"), file("a", 0o755), file("a", 0o4644), link("a"), folder(), Node("other", 0o644),
        )
    }
    assert len(seen) == 7  # None among them: the link leads nowhere
    assert None in seen


def test_names_inside_a_folder_count_and_its_own_does_not() -> None:
    assert digest(tree(d__a=file()), "/d") != digest(tree(d__b=file()), "/d")
    assert digest(tree(d__a=file()), "/d") == digest(tree(e__a=file()), "/e")


def test_an_empty_folder_counts() -> None:
    assert digest(tree(d__a=file()), "/d") != digest(tree(d__a=file(), d__e=folder()), "/d")


def test_mode_of_a_folder_counts_and_that_of_the_root_does_not() -> None:
    assert digest(tree(d=folder(0o700)), "/d") != digest(tree(d=folder(0o755)), "/d")
    assert digest(tree(d=folder(0o700)), "/") != digest(tree(d=folder(0o755)), "/")


def test_files_that_are_not_selected_do_not_count() -> None:
    assert digest(tree(a=file(), b=file()), "/a") == digest(tree(a=file(), b=file("x"), c=file()), "/a")


def test_a_link_that_is_named_is_followed() -> None:  # E143
    assert digest(tree(a=file("x"), l=link("a")), "/l") == digest(tree(a=file("x")), "/a")
    assert digest(tree(d__a=file("x"), l=link("d")), "/l/a") == digest(tree(d__a=file("x")), "/d/a")


def test_a_link_inside_a_folder_is_not_followed() -> None:  # E145
    inside = tree(d__l=link("../a"), a=file("x"))
    assert digest(inside, "/d") == digest(tree(d__l=link("../a"), a=file("changed")), "/d")
    assert digest(inside, "/d") != digest(tree(d__l=link("../b"), a=file("x")), "/d")


def test_links_never_lead_out_of_the_context() -> None:
    assert digest(tree(a=file("x"), d__l=link("../../../a")), "/d/l") == digest(tree(a=file("x")), "/a")
    assert digest(tree(a=file("x"), d__l=link("/a")), "/d/l") == digest(tree(a=file("x")), "/a")


def test_a_circle_of_links_leads_nowhere() -> None:
    assert digest(tree(a=link("b"), b=link("a")), "/a") is None


def test_what_is_named_and_not_there_is_none() -> None:
    assert digest(tree(a=file()), "/b") is None
    assert digest(tree(a=file()), "/a/b") is None
    assert digest(tree(a=file()), "/a", "/b") is None


def test_order_and_number_of_sources_count() -> None:
    found = tree(a=file("1"), b=file("2"))
    assert len({digest(found, "/a", "/b"), digest(found, "/b", "/a"), digest(found, "/a")}) == 3


def test_a_pattern_takes_matches_with_their_names() -> None:  # E150 to E156
    found = tree(a_dot_py=file("1"), b_dot_py=file("2"))
    assert digest(found, "/*.py") == digest(tree(a_dot_py=file("1"), b_dot_py=file("2"), c_dot_txt=file()), "/*.py")
    assert digest(found, "/*.py") != digest(tree(a_dot_py=file("1"), c_dot_py=file("2")), "/*.py")
    assert digest(found, "/*.py") != digest(tree(a_dot_py=file("1"), b_dot_py=file("3")), "/*.py")


def test_a_pattern_stops_at_slashes_and_works_in_folders() -> None:
    found = tree(d__a_dot_py=file(), d__e__b_dot_py=file(), f__a_dot_py=file())
    assert digest(found, "/*.py") == digest(tree(), "/*.py")
    assert digest(found, "/?/*.py") == digest(tree(d__a_dot_py=file(), f__a_dot_py=file()), "/?/*.py")


def test_no_match_is_no_error() -> None:
    assert digest(tree(a=file(), d__b=file()), "/d/*.py") == digest(tree(), "/d/*.py") is not None


def test_the_root_of_a_context_that_is_sent_whole_is_another() -> None:
    source = tree(a=file()).source
    assert digest(ContextTree(source), "/") != digest(ContextTree(source, root="of a tar"), "/")
    assert digest(ContextTree(source), "/a") == digest(ContextTree(source, root="of a tar"), "/a")


def below(source: Files, path: str) -> dict[str, Node]:
    """Everything at and below a path, by what is left of it."""
    return {name[len(path) :]: node for name, node in source.nodes.items()
            if name == path or name.startswith(f"{path}/")}


@given(TREES, TREES, NAMES)
def test_two_selections_are_equal_exactly_where_everything_taken_is(
    one: dict[str, Node], other: dict[str, Node], name: str
) -> None:
    first, second = Files(clean(one)), Files(clean(other))
    starts = [source.nodes.get(name) for source in (first, second)]
    if any(node is None or node.kind == "link" for node in starts):
        return
    equal = digest(ContextTree(first), f"/{name}") == digest(ContextTree(second), f"/{name}")
    assert equal == (below(first, name) == below(second, name))


@given(TREES, st.lists(NAMES, min_size=1, max_size=3).map("/".join))
def test_no_tree_and_no_path_raises(nodes: dict[str, Node], path: str) -> None:
    found = ContextTree(Files(clean(nodes)))
    for pattern in (f"/{path}", f"/{path}*", "/*/*", "/[a-c]", "/[", "/\\*", "/**"):
        digest(found, pattern)
        found.roots(Selection((pattern,)))
