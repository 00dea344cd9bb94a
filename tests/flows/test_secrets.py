"""Declared secrets are hidden in what containers print, also when the project can't be read (security.md 7.2)."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from devbox.core.errors import ConfigError
from devbox.core.project import Build, Secret, Service
from devbox.engine.port import ContainerInfo
from devbox.flows.secrets import container_masker
from devbox.flows.workspace import Workspace


def container(*env: str) -> ContainerInfo:
    return cast("ContainerInfo", SimpleNamespace(env=env))


class Broken:
    env: dict[str, str] = {}  # noqa: RUF012

    @property
    def project(self) -> Any:
        raise ConfigError("not valid TOML")


def test_values_of_variables_and_files_are_hidden_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("file-secret-1234\n")
    secrets = (Secret("pip", env="PIP_TOKEN"), Secret("key", file=str(tmp_path / "key")), Secret("none", env="UNSET"))
    box = Service("box", "box", build=Build(str(tmp_path), str(tmp_path / "Dockerfile"), secrets=secrets))
    workspace = SimpleNamespace(project=SimpleNamespace(services=(box,)), env={"PIP_TOKEN": "pip-secret-9911"})
    masker = container_masker(cast("Workspace", workspace), container("API_KEY=env-secret-77", "DEBUG=verbose"))
    encoded = base64.b64encode(b"pip-secret-9911")
    shown = masker.mask(b"pip-secret-9911 file-secret-1234 env-secret-77 verbose " + encoded)
    assert b"secret" not in shown
    assert encoded not in shown
    assert b"verbose" in shown


def test_a_project_that_cannot_be_read_still_hides_what_the_container_tells() -> None:
    masker = container_masker(cast("Workspace", Broken()), container("DB_PASSWORD=hunter2222"))
    assert b"hunter2222" not in masker.mask(b"login hunter2222")
