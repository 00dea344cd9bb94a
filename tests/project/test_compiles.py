"""What a project needs to be compiled with."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.project.compiles import PROGRAMS, needed_tools


@pytest.mark.parametrize(
    ("name", "text", "tools"),
    [
        ("Cargo.toml", "", ["c"]),
        ("CMakeLists.txt", "", ["c", "cmake"]),
        ("Makefile", "", ["make"]),
        ("binding.gyp", "", ["c", "make"]),
        ("pyproject.toml", '[build-system]\nbuild-backend = "scikit_build_core.build"', ["c"]),
        ("pyproject.toml", '[build-system]\nrequires = ["setuptools", "Cython>=3"]\n', ["c"]),
        ("pyproject.toml", '[build-system]\nrequires = ["hatchling"]\n[project]\ndependencies = ["cython"]\n', []),
        ("setup.py", "setup(ext_modules=[x])", ["c"]),
        ("setup.py", "setup()", []),
        ("README.md", "", []),
    ],
)
def test_manifests_tell(name: str, text: str, tools: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    found = [(tool, manifest) for tool, manifest, _ in needed_tools(str(tmp_path), {name})]
    assert found == [(tool, name) for tool in tools]
    assert all(tool in PROGRAMS for tool, _ in found)
