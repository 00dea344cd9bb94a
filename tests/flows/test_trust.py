"""Who may build and run here: a record, the command line, or a person; never the project (security.md 2)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.errors import ConfigError, ExitCode, NotTrustedError
from devbox.core.project import Build, Project, Service
from devbox.flows import trust
from devbox.flows.workspace import Workspace
from devbox.store.paths import StateDirs


class StoppedClock:
    def monotonic(self) -> float:
        return 0.0

    def time(self) -> float:
        return 1767225600.0


@dataclass
class Person:
    """Answers what it is told to, and remembers what it was asked."""

    answer: bool = False
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, question: str, *, detail: str = "", trust: bool = False) -> bool:
        self.asked.append({"question": question, "detail": detail, "trust": trust})
        return self.answer


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def workspace(tmp_path: Path, person: Person) -> Workspace:
    root = tmp_path / "project"
    root.mkdir()
    (root / "devbox.toml").write_text("[box]\n")

    def load() -> Project:
        build = Build(str(root), str(root / "docker" / "Dockerfile.dev"))
        return Project("p", str(root), "devbox.toml", Service("box", "box", build=build))

    def unused(*args: object) -> Any:
        raise AssertionError("trust needs no engine")

    return Workspace(
        root=root, directory=root, load_project=load, connect=unused, choose_builder=unused,
        state=StateDirs.from_environment({}, tmp_path / "home"), env={}, uid=0, gid=0, home=tmp_path / "home",
        user_name="ada", clock=StoppedClock(), ask=person,
    )


def test_a_no_stops_with_7_and_is_not_remembered(workspace: Workspace, person: Person) -> None:
    for _ in range(2):
        with pytest.raises(NotTrustedError) as caught:
            trust.require_trust(workspace)
    assert caught.value.exit_code == ExitCode.NOT_TRUSTED
    assert caught.value.hint is not None
    assert f"`devbox -C {workspace.root} trust`" in caught.value.hint
    assert len(person.asked) == 2
    assert person.asked[0]["trust"] is True
    assert not workspace.state.state.exists()


def test_ctrl_c_at_the_question_is_a_no(workspace: Workspace) -> None:
    def interrupted(question: str, *, detail: str = "", trust: bool = False) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(NotTrustedError):
        trust.require_trust(replace(workspace, ask=interrupted))


def test_a_yes_is_remembered_whatever_changes_in_the_folder(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    person.answer = False
    (workspace.root / "devbox.toml").write_text("[box]\nsudo = true\n")
    trust.require_trust(workspace)
    assert len(person.asked) == 1
    record = trust.trusted(workspace)
    assert record is not None
    assert record.granted == "2026-01-01T00:00:00Z"


def test_trust_is_for_this_folder_not_for_those_in_it_or_above(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    inner = workspace.root / "vendor"
    inner.mkdir()
    for other in (inner, workspace.root.parent):
        assert trust.trusted(replace(workspace, root=other)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_that_changed_hands_is_asked_about_again(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    os.chown(workspace.root, 12345, 12345)
    assert trust.trusted(workspace) is None


def test_the_flag_is_for_this_run_only(workspace: Workspace, person: Person) -> None:
    trust.require_trust(replace(workspace, trust_granted=""))
    assert person.asked == []
    assert trust.trusted(workspace) is None


def test_a_digest_is_for_exactly_this_content(workspace: Workspace, person: Person) -> None:
    digest = trust.describe(workspace).digest
    trust.require_trust(replace(workspace, trust_granted=digest))
    trust.require_trust(replace(workspace, trust_granted=digest.removeprefix("sha256:")))
    (workspace.root / "devbox.toml").write_text("[box]\nsudo = true\n")
    with pytest.raises(NotTrustedError, match="not what `--trust` names"):
        trust.require_trust(replace(workspace, trust_granted=digest))
    assert person.asked == []


def test_a_wrong_digest_is_a_no_even_in_a_trusted_folder(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    with pytest.raises(NotTrustedError):
        trust.require_trust(replace(workspace, trust_granted="sha256:" + "0" * 64))


@pytest.mark.parametrize(
    "name", ["devbox.toml", "devbox.local.toml", "Dockerfile", "docker/Dockerfile.dev", "compose.yaml"]
)
def test_the_digest_covers_what_decides_about_the_box(workspace: Workspace, name: str) -> None:
    before = trust.describe(workspace).digest
    path = workspace.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("changed\n")
    assert trust.describe(workspace).digest != before


def test_content_can_not_move_between_files_unnoticed(workspace: Workspace) -> None:
    root = workspace.root
    (root / "devbox.toml").write_bytes(b"ab")
    (root / "Dockerfile").write_bytes(b"c")
    before = trust.content_digest(root)
    (root / "devbox.toml").write_bytes(b"a")
    (root / "Dockerfile").write_bytes(b"bc")
    assert trust.content_digest(root) != before


def test_an_invalid_project_can_still_be_described(workspace: Workspace) -> None:
    def load() -> Project:
        raise ConfigError("broken")

    assert trust.describe(replace(workspace, load_project=load)).digest.startswith("sha256:")


def test_the_question_shows_path_owner_and_content(workspace: Workspace, person: Person) -> None:
    lookalike = workspace.root.parent / "prоject"  # a Cyrillic letter
    lookalike.mkdir()
    other = replace(workspace, root=lookalike)
    with pytest.raises(NotTrustedError):
        trust.require_trust(other)
    detail = person.asked[0]["detail"]
    assert "pr\\u043eject" in detail
    assert f"uid {os.geteuid()}" in detail
    assert trust.describe(other).digest in detail


def write_settings(workspace: Workspace, text: str) -> None:
    workspace.state.settings.parent.mkdir(parents=True, exist_ok=True)
    workspace.state.settings.write_text(text)


def test_paranoid_asks_again_when_the_content_changes(workspace: Workspace, person: Person) -> None:
    write_settings(workspace, "paranoid = true\n")
    person.answer = True
    trust.require_trust(workspace)
    trust.require_trust(workspace)
    assert len(person.asked) == 1
    (workspace.root / "devbox.toml").write_text("[box]\nsudo = true\n")
    trust.require_trust(workspace)
    assert len(person.asked) == 2
    assert person.asked[1]["detail"].startswith("the content changed since it was trusted on 2026-01-01")


@pytest.mark.parametrize("text", ["paranoid = 1\n", "paranoid =\n", "paranoid = true\nparanoid = false\n"])
def test_settings_that_can_not_be_read_do_not_mean_trust(workspace: Workspace, person: Person, text: str) -> None:
    person.answer = True
    trust.require_trust(workspace)
    write_settings(workspace, text)
    with pytest.raises(ConfigError) as caught:
        trust.require_trust(workspace)
    assert caught.value.path == str(workspace.state.settings)


def test_a_damaged_record_is_told_in_the_question(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    record, = workspace.state.trust.iterdir()
    record.write_text("{")
    trust.require_trust(workspace)
    assert person.asked[1]["detail"].startswith("a damaged trust record was set aside as ")


def test_revoking_asks_again(workspace: Workspace, person: Person) -> None:
    person.answer = True
    trust.require_trust(workspace)
    assert trust.revoke(workspace)
    assert not trust.revoke(workspace)
    person.answer = False
    with pytest.raises(NotTrustedError):
        trust.require_trust(workspace)
