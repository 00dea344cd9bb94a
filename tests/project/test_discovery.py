"""Which directory is the project and what it is read from, in the contract's order."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.errors import ConfigError, ExitCode, UsageError
from devbox.project.discovery import Discovery, discover, load_project


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git root with two levels of folders in it."""
    root = tmp_path.resolve() / "repository"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    return root


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("FROM x\n")


def found(discovery: Discovery) -> tuple[Path, str | None, str]:
    return discovery.root, discovery.source, discovery.kind


def test_the_nearest_devbox_toml_up_to_the_git_root_is_the_project(repository: Path) -> None:
    put(repository, "devbox.toml", "a/Dockerfile")
    assert found(discover(repository / "a" / "b")) == (repository, "devbox.toml", "devbox.toml")
    put(repository, "a/devbox.toml")
    assert found(discover(repository / "a" / "b")) == (repository / "a", "devbox.toml", "devbox.toml")


def test_nothing_above_the_git_root_counts(repository: Path) -> None:
    put(repository.parent, "devbox.toml", "Dockerfile")
    assert found(discover(repository / "a")) == (repository / "a", None, "none")


def test_a_worktree_or_submodule_has_a_git_file_and_is_a_root_too(repository: Path) -> None:
    put(repository, "devbox.toml", "a/.git")
    assert discover(repository / "a" / "b").kind == "none"


def test_outside_a_repository_only_the_directory_itself_counts(tmp_path: Path) -> None:
    put(tmp_path, "devbox.toml")
    (tmp_path / "below").mkdir()
    assert discover(tmp_path / "below").kind == "none"
    assert discover(tmp_path).kind == "devbox.toml"


def test_a_box_is_inferred_in_the_contracts_order(repository: Path) -> None:
    order = [
        ("Dockerfile", "dockerfile"),
        ("docker-compose.yml", "compose"),
        ("docker-compose.yaml", "compose"),
        ("compose.yml", "compose"),
        ("compose.yaml", "compose"),
        (".devcontainer/web/devcontainer.json", "devcontainer"),
        (".devcontainer.json", "devcontainer"),
        (".devcontainer/devcontainer.json", "devcontainer"),
    ]
    for name, kind in order:
        put(repository, name)
        assert found(discover(repository / "a")) == (repository, name, kind)


def test_a_link_to_the_project_is_the_project(repository: Path) -> None:
    put(repository, "devbox.toml")
    (repository.parent / "link").symlink_to(repository)
    assert discover(repository.parent / "link").root == repository


def test_discovery_never_fails(tmp_path: Path) -> None:
    assert discover(tmp_path / "gone").kind == "none"
    (tmp_path / "devbox.toml").symlink_to("nowhere")
    assert discover(tmp_path).kind == "devbox.toml"


def test_a_plain_dockerfile_is_a_box(repository: Path) -> None:
    put(repository, "Dockerfile")
    project = load_project(discover(repository), env={}, home=Path("/"))
    assert (project.name, project.source, project.sidecars) == ("repository", "Dockerfile", ())
    assert project.box.build is not None
    assert (project.box.build.context, project.box.build.dockerfile) == (str(repository), f"{repository}/Dockerfile")
    assert (project.box.user, project.box.mounts, project.box.ports) == ("host", (), ())


def test_nothing_to_launch_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(discover(tmp_path), env={}, home=Path("/"))
    assert caught.value.exit_code is ExitCode.INVALID
    assert "[box]" in (caught.value.hint or "")


@pytest.mark.parametrize("name", [".devcontainer/devcontainer.json", "compose.yaml"])
def test_a_source_of_a_later_version_is_refused_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    with pytest.raises(UsageError) as caught:
        load_project(discover(tmp_path), env={}, home=Path("/"))
    assert name in caught.value.summary
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_dockerfile_has_no_modes(tmp_path: Path) -> None:
    put(tmp_path, "Dockerfile")
    with pytest.raises(UsageError, match="there is no mode fast"):
        load_project(discover(tmp_path), env={}, home=Path("/"), mode="fast")
    assert load_project(discover(tmp_path), env={}, home=Path("/"), mode="default").mode == "default"


def test_a_dockerfile_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("/etc/passwd")
    with pytest.raises(ConfigError, match="leads outside the project"):
        load_project(discover(tmp_path), env={}, home=Path("/"))
