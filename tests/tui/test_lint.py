"""Nothing from outside can reach a widget as a plain string: rules that can be read off the source (security.md 4.2).

1. Textual's text widgets are not used at all; only `widgets/prompt.py` may import `Input`.
2. Border titles are set in `widgets/canvas.py` alone, from `Content`; nobody sets tooltips, `title` or `sub_title`.
3. Only `DevboxApp.say` calls `notify`, with cleaned text and `markup=False`.
4. Nobody builds markup: no `from_markup`, no `escape`.
5. `Segment`, `Strip` and `Content` are made in `canvas`, `log_view` and `log_lines` alone, which clean.
6. No colour is written down outside `styles/`.
7. `suspend()` is called by `handover.py` alone.
8. Threads are made by `bridge.py` alone, and touch the app through `post_message` alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TUI = Path(__file__).parents[2] / "devbox" / "tui"
MODULES = sorted(TUI.rglob("*.py"))
STYLES = TUI.parents[1] / "styles"
PAINTERS = {"widgets/canvas.py", "widgets/log_view.py", "log_lines.py"}


def names_called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the last name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = node.func
            yield (target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""), node)


def imported(tree: ast.AST, module: str) -> set[str]:
    """What is imported from a module."""
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(TUI)))
def module(request: pytest.FixtureRequest) -> tuple[str, ast.Module, str]:
    path: Path = request.param
    source = path.read_text(encoding="utf-8")
    return path.relative_to(TUI).as_posix(), ast.parse(source), source


def test_no_text_widgets(module: tuple[str, ast.Module, str]) -> None:
    name, tree, source = module
    assert imported(tree, "textual.widgets") == ({"Input"} if name == "widgets/prompt.py" else set())
    assert "textual.widgets._" not in source


def test_titles_are_set_in_one_place(module: tuple[str, ast.Module, str]) -> None:
    name, tree, _ = module
    kept = {"border_title", "border_subtitle", "tooltip", "title", "sub_title"}
    targets = [
        target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr in kept
    ]
    assert targets == (["border_title", "border_subtitle"] if name == "widgets/canvas.py" else [])


def test_toasts_are_clean(module: tuple[str, ast.Module, str]) -> None:
    name, tree, _ = module
    calls = [call for called, call in names_called(tree) if called == "notify"]
    assert len(calls) == (1 if name == "app.py" else 0)
    for call in calls:
        markup = [keyword.value for keyword in call.keywords if keyword.arg == "markup"]
        assert [ast.unparse(value) for value in markup] == ["False"]
        assert ast.unparse(call.args[0]) == "self.pen.said(words)"


def test_nobody_builds_markup(module: tuple[str, ast.Module, str]) -> None:
    _, tree, source = module
    called = {name for name, _ in names_called(tree)}
    assert not called & {"from_markup", "to_markup", "escape_markup", "render_str", "render_markup"}
    assert "rich.markup" not in source
    assert "textual.markup" not in source


def test_only_painters_make_what_is_painted(module: tuple[str, ast.Module, str]) -> None:
    name, tree, _ = module
    made = {called for called, _ in names_called(tree)} & {"Segment", "Strip", "Content", "from_ansi", "assemble"}
    assert not made or name in PAINTERS, made


def test_no_colour_outside_styles(module: tuple[str, ast.Module, str]) -> None:
    _, _, source = module
    assert not re.search(r"#[0-9A-Fa-f]{3,8}\b|\b(?:rgb|hsl)a?\(", source)


def test_one_caller_of_suspend(module: tuple[str, ast.Module, str]) -> None:
    name, tree, _ = module
    assert ("suspend" in {called for called, _ in names_called(tree)}) == (name == "handover.py")


def test_threads_are_made_in_one_place_and_only_post(module: tuple[str, ast.Module, str]) -> None:
    name, tree, _ = module
    called = {called for called, _ in names_called(tree)}
    assert "call_from_thread" not in called
    assert ("Thread" in called) == (name == "bridge.py")


def test_stylesheets_name_no_colour() -> None:
    for sheet in STYLES.glob("*.tcss"):
        assert not re.search(r":\s*[^;]*#[0-9A-Fa-f]{3,8}", sheet.read_text(encoding="utf-8")), sheet.name


def test_every_module_is_small() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{path.name}: {node.name}"
