"""Imports point down only (architecture.md): every import statement of the package is read, lazy ones included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "devbox"

ALLOWED = {
    "core": set(),
    "project": {"core"},
    "host": {"core"},
    "engine": {"core"},
    "store": {"core"},
    "report": {"core"},
    "flows": {"core", "host", "project", "engine", "store"},
    "tui": {"core", "flows"},
    "cli": {"core", "flows", "report", "tui"},
}
"""What each folder may import besides itself."""

SHARED = {"devbox", "devbox.resources", "devbox.failpoint"}
"""Leaf modules that every layer but core may use."""
STREAMS = {"devbox.engine.stream", "devbox.engine.port", "devbox.engine.builder"}
"""The ports: values and protocols that a face may name without knowing an adapter."""

ONLY_IMPORTER = {
    "docker": ("engine/docker_sdk.py",),
    "textual": ("tui/",),
    "rich": ("tui/",),
    "psutil": ("host/",),
    "pynvml": ("host/",),
    "sqlite3": ("store/",),
    "watchfiles": ("host/file_events.py",),
}
"""Who alone may import a library."""

CORE_FORBIDS = {
    "os", "sys", "time", "datetime", "socket", "subprocess", "logging", "pathlib", "tempfile", "threading", "shutil",
    "docker", "textual", "rich", "psutil", "random", "io", "signal", "asyncio",
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "demo_project" not in path.parts)


def imports_of(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            module = node.module or ""
            children = [f"{module}.{alias.name}" for alias in node.names]
            found += [(node.lineno, child if (PACKAGE.parent / child.replace(".", "/")).with_suffix(".py").exists()
                       or (PACKAGE.parent / child.replace(".", "/")).is_dir() else module) for child in children]
    return found


def identify(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_no_import_points_up(path: Path) -> None:
    folder = path.relative_to(PACKAGE).parts[0]
    if folder not in ALLOWED:  # wiring and other top-level modules join everything
        return
    for line, name in imports_of(path):
        parts = name.split(".")
        if parts[0] != "devbox" or name in SHARED or len(parts) < 2:
            continue
        if parts[1] == "wiring":
            assert folder in ("cli", "tui"), f"{identify(path)}:{line} imports wiring"
            continue
        fine = parts[1] == folder or parts[1] in ALLOWED[folder] or (name in STREAMS and folder in ("cli", "tui"))
        assert fine, f"{identify(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_each_library_has_its_one_door(path: Path) -> None:
    where = identify(path)
    for line, name in imports_of(path):
        doors = ONLY_IMPORTER.get(name.split(".")[0])
        assert not doors or where.startswith(doors), f"{where}:{line} imports {name}; only {doors} may"


@pytest.mark.parametrize("path", [path for path in modules() if identify(path).startswith("core/")], ids=identify)
def test_core_knows_no_clock_file_or_process(path: Path) -> None:
    for line, name in imports_of(path):
        assert name.split(".")[0] not in CORE_FORBIDS, f"{identify(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_only_wiring_names_concrete_adapters(path: Path) -> None:
    adapters = {"devbox.engine.docker_sdk", "devbox.engine.http", "devbox.engine.buildx", "devbox.engine.classic",
                "devbox.engine.api_builder"}
    if identify(path).startswith("engine/") or identify(path) == "wiring.py":
        return
    for line, name in imports_of(path):
        assert name not in adapters, f"{identify(path)}:{line} names the adapter {name}"


@pytest.mark.parametrize("path", modules(), ids=identify)
def test_modules_stay_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{identify(path)} has {lines} lines: find the second idea in it"
    banned = {"utils", "helpers", "common", "manager", "base", "misc"}
    assert path.stem not in banned
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem == "__init__"


def test_every_folder_explains_itself() -> None:
    folders = [path for path in PACKAGE.iterdir() if path.is_dir() and path.name in ALLOWED]
    folders += [PACKAGE, PACKAGE.parent / "styles", PACKAGE.parent / "profiles", PACKAGE.parent / "tests"]
    assert [str(path) for path in folders if not (path / "README.md").is_file()] == []
