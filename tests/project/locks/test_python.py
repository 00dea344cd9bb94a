"""Requirements with includes and hashes, environments wherever they may be, and details of uv's and Poetry's locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.dependencies.model import Difference, Examined
from devbox.project.locks.environments import Environment, NoEnvironment, find_environment
from devbox.project.locks.python import examine_python
from devbox.project.locks.surroundings import Surroundings
from tests.project.locks.recorded import LINUX


def environment(folder: Path, *packages: str, version: str = "3.11.7", more: str = "") -> None:
    """A virtual environment as `python -m venv` lays it out, with packages by their dist-info names."""
    site = folder / f"lib/python{'.'.join(version.split('.')[:2])}/site-packages"
    site.mkdir(parents=True, exist_ok=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n{more}")
    for package in packages:
        name, _, number = package.partition("-")
        info = site / f"{package}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n\nText.\n")


def examined(root: Path, **env: str) -> Examined:
    return examine_python(Surroundings(str(root.resolve()), LINUX, env))


def difference(root: Path, **env: str) -> Difference:
    found = examined(root, **env).difference
    assert found is not None
    return found


def test_includes_are_followed_inside_the_project_and_constraints_only_limit(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements.txt").write_text("-r requirements/base.txt\n-c limits.txt\nb==2\n")
    (tmp_path / "requirements/base.txt").write_text("a==1\n-r ../requirements.txt\n")
    (tmp_path / "limits.txt").write_text("c==3\nnever-there==1\n")
    environment(tmp_path / ".venv", "a-1", "b-2", "c-4")
    found = difference(tmp_path)
    assert found.missing == ()
    (mismatch,) = found.other
    assert (mismatch.locked.name, mismatch.locked.path, mismatch.locked.line) == ("c", "limits.txt", 1)


@pytest.mark.parametrize("target", ["../outside.txt", "/etc/passwd", "https://host.example/r.txt"])
def test_what_lies_outside_the_project_is_not_read(target: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside.txt").write_text("secret==1\n")
    (root / "requirements.txt").write_text(f"-r {target}\na==1\n")
    environment(root / ".venv", "a-1")
    found = examined(root)
    assert found.difference is not None
    assert found.difference.compared == 1
    assert [problem.kind for problem in found.problems] == ["unhashed"]


def test_an_include_that_is_not_there_is_a_problem_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n-r gone.txt\n")
    problem = examined(tmp_path).problems[0]
    assert (problem.kind, problem.path, problem.line) == ("syntax", "requirements.txt", 2)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("a==1 --hash=sha256:00\nb==2\n", "hashes", 2),
        ("a==1\nb>=2\n", "unpinned", 2),
        ("a==1\nb==2\n", "unhashed", 1),
        ("a==1 --hash=sha256:00\nb==2 --hash=sha256:00\n", None, None),
    ],
)
def test_what_a_requirements_file_leaves_open(text: str, kind: str | None, line: int | None, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    problems = examined(tmp_path).problems
    assert [(problem.kind, problem.line) for problem in problems] == ([(kind, line)] if kind else [])


def test_development_requirements_may_be_left_out_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\nt==1\nu==1\n")
    environment(tmp_path / ".venv", "a-1")
    assert [package.name for package in difference(tmp_path).absent_dev] == ["t", "u"]
    environment(tmp_path / ".venv", "t-1")
    assert [package.name for package in difference(tmp_path).missing] == ["u"]


def test_an_editable_or_a_url_needs_only_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-e git+https://host.example/a.git#egg=a\nb @ https://host.example/b.whl\n")
    environment(tmp_path / ".venv", "a-7")
    assert [package.name for package in difference(tmp_path).missing] == ["b"]


def test_names_are_compared_in_their_canonical_form(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("Foo.Bar==1\nruamel.yaml==0.18\n")
    environment(tmp_path / ".venv", "foo_bar-1", "ruamel.yaml-0.18")
    assert difference(tmp_path).clean


def test_an_interrupted_uninstall_is_not_an_installation(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\nb==1\n")
    environment(tmp_path / ".venv")
    site = tmp_path / ".venv/lib/python3.11/site-packages"
    (site / "a-1.dist-info").mkdir()
    (site / "~b-1.dist-info").mkdir()
    (site / "~b-1.dist-info/METADATA").write_text("Name: b\nVersion: 1\n")
    assert [package.name for package in difference(tmp_path).missing] == ["a", "b"]


def test_an_ambiguous_folder_name_is_settled_by_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("foo-bar==1.0\n")
    environment(tmp_path / ".venv")
    info = tmp_path / ".venv/lib/python3.11/site-packages/foo-bar-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foo-bar\nVersion: 1.0\n\nName: not this\n")
    assert difference(tmp_path).clean


def test_the_systems_packages_make_absence_unknown(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    environment(tmp_path / ".venv", more="include-system-site-packages = true\n")
    found = difference(tmp_path)
    assert found.missing == ()
    assert len(found.undecided) == 1


def where(root: Path, name: str = "", **env: str) -> str:
    found = find_environment(Surroundings(str(root.resolve()), LINUX, env), name)
    return found.place if isinstance(found, Environment) else f"none: {found.reason}"


def test_which_environment_is_the_projects(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "fortune"
    root.mkdir()
    assert where(root) == "none: no virtual environment in the project (.venv or venv)"
    cache = tmp_path.resolve() / "cache"
    environment(cache / "fortune-Xy12-py3.11")
    environment(cache / "other-Xy12-py3.11")
    assert where(root, VIRTUAL_ENV=str(cache / "fortune-Xy12-py3.11")) == str(cache / "fortune-Xy12-py3.11")
    assert where(root, VIRTUAL_ENV=str(cache / "other-Xy12-py3.11")).startswith("none: ")
    assert where(root, "other", VIRTUAL_ENV=str(cache / "other-Xy12-py3.11")) == str(cache / "other-Xy12-py3.11")
    environment(root / "venv")
    assert where(root, VIRTUAL_ENV=str(cache / "fortune-Xy12-py3.11")) == "venv"
    environment(root / ".venv")
    assert where(root) == ".venv"
    environment(root / "env/mine")
    assert where(root, VIRTUAL_ENV=str(root / "env/mine")) == "env/mine"
    assert where(root, UV_PROJECT_ENVIRONMENT="env/mine") == "env/mine"
    assert where(root, UV_PROJECT_ENVIRONMENT=str(cache / "other-Xy12-py3.11")) == str(cache / "other-Xy12-py3.11")


def test_an_environment_that_leads_out_of_the_project_is_unknown_and_not_absent(tmp_path: Path) -> None:
    root = tmp_path / "fortune"
    root.mkdir()
    environment(tmp_path / "elsewhere")
    (root / ".venv").symlink_to(tmp_path / "elsewhere")
    found = find_environment(Surroundings(str(root.resolve()), LINUX, {}), "")
    assert isinstance(found, NoEnvironment)
    assert not found.absent
    assert "outside" in found.reason


def test_the_interpreter_of_the_environment_decides_markers(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text('a==1 ; python_version < "3.10"\nb==1 ; python_version >= "3.10"\n')
    environment(tmp_path / ".venv", version="3.9.2")
    assert [package.name for package in difference(tmp_path).missing] == ["a"]


UV = """\
version = 1
requires-python = ">=3.11"

[manifest]
members = ["one", "two"]

[[package]]
name = "one"
version = "0.1.0"
source = { editable = "one" }
dependencies = [
    { name = "a" },
]

[package.dev-dependencies]
docs = [
    { name = "sphinx" },
]

[[package]]
name = "two"
version = "0.1.0"
source = { virtual = "two" }

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "sphinx"
version = "7.0"
source = { registry = "https://pypi.org/simple" }
"""


def test_a_uv_workspace_without_a_root_project_installs_its_members(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["*"]\n')
    environment(tmp_path / ".venv", "one-9.9")
    assert [package.name for package in difference(tmp_path).missing] == ["a"]


def test_uvs_default_groups_are_the_projects_own(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(UV.replace('"one" }', '"." }'))
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "one"\nrequires-python = ">=3.11"\ndynamic = ["dependencies"]\n'
        '[tool.uv]\ndefault-groups = ["docs"]\n[dependency-groups]\ndocs = ["sphinx"]\n'
    )
    environment(tmp_path / ".venv", "one-9.9", "a-1.0")
    assert [package.name for package in difference(tmp_path).absent_dev] == ["sphinx"]


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml"])
def test_a_later_format_is_unknown_and_says_so(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text('version = 9\nlock-version = "9.0"\n[metadata]\nlock-version = "9.0"\n')
    found = examined(tmp_path)
    assert [problem.kind for problem in found.problems] == ["unsupported"]
    assert found.difference is None


def test_one_lock_counts_and_an_export_beside_it_does_not_compete(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "requirements.txt").write_text("a==9\n")
    assert examined(tmp_path).lock == "uv.lock"
    assert examined(tmp_path).locks == ("uv.lock",)
    (tmp_path / "poetry.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text("[tool.poetry]\n")
    assert (examined(tmp_path).locks, examined(tmp_path).keep) == (("uv.lock", "poetry.lock"), "poetry.lock")
