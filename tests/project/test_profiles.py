"""Files over each other: profile < devbox.toml < devbox.local.toml; and the profiles that devbox ships."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from devbox.core.facts import Origin
from devbox.core.project import Project
from devbox.project.profiles import profile_names
from devbox.resources import demo_folder, profiles_folder, styles_folder
from tests.project.projects import load, refusal

SHIPPED = sorted(path.stem for path in profiles_folder().glob("*.toml"))


def with_profile(root: Path, profile: str, text: str, local: str | None = None) -> Project:
    (root / "profiles").mkdir(exist_ok=True)
    (root / "profiles" / "mine.toml").write_text(profile)
    if local is not None:
        (root / "devbox.local.toml").write_text(local)
    return load(root, 'profile = "mine"\n' + text)


def test_tables_merge_and_the_nearer_file_wins(root: Path) -> None:
    project = with_profile(
        root,
        '[box]\nimage = "below"\nenv = { A = "1", B = "1", C = "1" }\nports = ["1:1", "2:2"]\n',
        '[box]\nenv = { B = "2", C = "2" }\nports = ["3:3"]\n',
        '[box]\nenv = { C = "3" }\n',
    )
    assert project.box.image == "below"
    assert project.box.env == (("A", "1"), ("B", "2"), ("C", "3"))
    assert [port.host_port for port in project.box.ports] == [3], "arrays replace"
    assert project.profile == "mine"


def test_every_value_keeps_the_file_it_comes_from(root: Path) -> None:
    project = with_profile(root, '[box]\nimage = "x"\nuser = "a"\n', '[box]\nworkdir = "/b"\n', '[box]\nsudo = true\n')
    assert project.box.origin_of("user") == Origin("profiles/mine.toml", 3, 1)
    assert project.box.origin_of("workdir") == Origin("devbox.toml", 3, 1)
    assert project.box.origin_of("sudo") == Origin("devbox.local.toml", 2, 1)


def test_a_mistake_is_told_in_the_file_that_makes_it(root: Path) -> None:
    (root / "devbox.local.toml").write_text('[box]\nports = ["x"]\n')
    error = refusal(root, '[box]\nimage = "x"\nports = ["1:1"]\n')
    assert (error.path, error.line, error.column) == ("devbox.local.toml", 2, 10)


@pytest.mark.parametrize(
    ("below", "over", "image", "has_build"),
    [
        ('image = "x"', 'dockerfile = "Dockerfile"', None, True),
        ('dockerfile = "Dockerfile"\ntarget = "t"\nargs = { A = "1" }', 'image = "y"', "y", False),
    ],
)
def test_an_image_and_a_build_exclude_each_other_across_files(
    root: Path, below: str, over: str, image: str | None, has_build: bool
) -> None:
    project = with_profile(root, f"[box]\n{below}\n", f"[box]\n{over}\n")
    assert (project.box.image, project.box.build is not None) == (image, has_build)


def test_one_kind_of_readiness_replaces_another_and_keeps_the_timeout(root: Path) -> None:
    project = with_profile(
        root, '[box]\nimage = "x"\nready = { tcp = 1, timeout = "5s" }\n', '[box]\nready = { run = "true" }\n'
    )
    assert project.box.ready is not None
    assert (project.box.ready.kind, project.box.ready.timeout) == ("run", 5.0)


def test_a_profile_may_be_a_path_in_the_project(root: Path) -> None:
    (root / "team.toml").write_text('[box]\nimage = "team"\n')
    assert load(root, 'profile = "team.toml"\n').box.image == "team"
    assert load(root, 'profile = "./team.toml"\n').box.image == "team"


def test_the_projects_own_profile_comes_before_a_shipped_one_of_that_name(root: Path) -> None:
    (root / "profiles").mkdir()
    (root / "profiles" / "python.toml").write_text('[box]\nimage = "own"\n')
    assert load(root, 'profile = "python"\n').box.image == "own"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('profile = "pythn"\n', 'profile "pythn" does not exist; expected one of node, python'),
        ('profile = "../x.toml"\n', "leads outside the project"),
        ('profile = "/etc/passwd"\n', "leads outside the project"),
        ("profile = 1\n", "`profile` is not a string"),
        ('profile = "src/"\n', "is a folder"),
        ('profile = "A B"\n', "cannot be read (not a possible name)"),
    ],
)
def test_a_profile_that_cannot_be_had_is_one_error_at_its_key(root: Path, text: str, words: str) -> None:
    error = refusal(root, text)
    assert words in error.summary
    assert (error.path, error.line, error.column) == ("devbox.toml", 1, 1)


def test_profiles_do_not_build_on_each_other(root: Path) -> None:
    (root / "a.toml").write_text('\nprofile = "a.toml"\n')
    error = refusal(root, 'profile = "a.toml"\n')
    assert error.where == "a.toml:2:1"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_alone_makes_a_box(tmp_path: Path, name: str) -> None:
    project = load(tmp_path, f'profile = "{name}"\n')
    assert project.box.image
    assert project.box.mounts
    assert project.box.origin is not None
    assert project.box.origin.path == str(profiles_folder() / f"{name}.toml")


def test_shipped_profiles_are_listed_with_those_of_the_project(root: Path) -> None:
    assert profile_names(str(root)) == tuple(SHIPPED)
    (root / "profiles").mkdir()
    (root / "profiles" / "mine.toml").touch()
    (root / "profiles" / "notes.txt").touch()
    assert profile_names(str(root)) == tuple(sorted({*SHIPPED, "mine"}))
    assert {"python", "node"} <= set(SHIPPED)


def test_the_readme_lists_every_shipped_profile() -> None:
    readme = (profiles_folder() / "README.md").read_text(encoding="utf-8")
    assert [name for name in SHIPPED if f"| `{name}` |" not in readme] == []


def test_resources_are_found_in_a_checkout() -> None:
    assert (styles_folder() / "frame.tcss").is_file()
    assert tomllib.loads((demo_folder() / "devbox.toml").read_text(encoding="utf-8"))["box"]


def test_reading_a_project_loads_nothing_slow() -> None:
    import subprocess

    code = (
        "import sys, pathlib\n"
        "from devbox.project.discovery import discover, load_project\n"
        f"load_project(discover(pathlib.Path({str(demo_folder())!r})), env={{}}, home=pathlib.Path('/'))\n"
        "print([name for name in ('tomlkit', 'difflib', 'asyncio', 'logging', 'subprocess', 'importlib.metadata')"
        " if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert result.stdout.strip() == "[]"
