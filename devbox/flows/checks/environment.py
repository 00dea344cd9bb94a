"""The environment and the project's settings: PATH, variables, `.env`, compose interpolation, hidden modules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.doctor import Judged
from devbox.core.frozen import dataclass
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject

if TYPE_CHECKING:
    # Not at run time: they load beside the other probes.
    from devbox.core.environment_checks import Environment
    from devbox.core.settings_checks import DotenvFile, Settings, Use

_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist")
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which compose looks; the first that is there is the one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    environment: Environment
    settings: Settings


def _probe(subject: Subject, view: ProjectView) -> Found:
    # Deferred: the readers load beside the other probes.
    from devbox.core.environment_checks import Environment
    from devbox.host.path_entries import path_entries
    from devbox.project.hiding import hiding_modules
    from devbox.project.reading import Refused, list_project_folder

    root = str(view.root)
    path = path_entries(view.machine.path, wsl="microsoft" in os.uname().release.lower())
    names = list_project_folder(root, ".")
    if not isinstance(names, tuple):
        unread = f"the project's folder {names.sentence}" if isinstance(names, Refused) else "it is gone"
        return Found(Environment(path, unread=unread), _settings(root, ()))
    return Found(Environment(path, hiding_modules(root, names)), _settings(root, names))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    from devbox.core import environment_checks, settings_checks

    services = view.project.services if view.project else ()
    environment = environment_checks.judge(facts.environment, view.machine.env)
    settings = settings_checks.judge(facts.settings, view.machine.env, services, _tracked(others.get("repository")))
    return Judged((*environment.checks, *settings.checks), (*environment.findings, *settings.findings))


def _tracked(repository: Any) -> bool | None:
    """Whether git tracks `.env`; None where the index could not be read, False outside git."""
    if repository is None or repository.git is None:
        return False
    return None if repository.git.unread else bool(repository.tree.env_file_tracked)


def _settings(root: str, names: tuple[str, ...]) -> Settings:
    from devbox.core.settings_checks import ENV_FILE, Settings

    example = next((name for name in _EXAMPLES if name in names), None)
    actual, refused = _dotenv(root, ENV_FILE) if ENV_FILE in names else (None, None)
    settings = Settings(actual=actual, refused=refused)
    if example:
        read, refused = _dotenv(root, example)
        settings = replace(settings, example=read, refused=settings.refused or refused)
    compose = next((name for name in _COMPOSE if name in names), None)
    if compose is None:
        return settings
    stem = compose.rpartition(".")[0]
    files = [compose, *(name for name in (f"{stem}.override.yml", f"{stem}.override.yaml") if name in names)]
    uses, refused = _uses(root, files)
    return replace(settings, uses=uses, refused_compose=refused)


def _dotenv(root: str, name: str) -> tuple[DotenvFile | None, str | None]:
    from devbox.project.dotenv_names import read_names
    from devbox.project.reading import Absent, Refused, read_project_file

    content = read_project_file(root, name)
    if isinstance(content, Refused):
        return None, f"{name} {content.sentence}"
    if isinstance(content, Absent):
        return None, None
    return replace(read_names(content, name), readable_by_others=_open_to_others(os.path.join(root, name))), None


def _uses(root: str, files: list[str]) -> tuple[tuple[Use, ...], str | None]:
    from devbox.project.compose_variables import variables
    from devbox.project.reading import read_project_file

    uses: list[Use] = []
    for name in files:
        content = read_project_file(root, name)
        if not isinstance(content, bytes):
            return tuple(uses), f"{name} could not be read"
        uses += variables(content, name)
    return tuple(uses), None


def _open_to_others(path: str) -> bool:
    """Whether any user can open the file: it and every folder above it let them."""
    try:
        if not os.stat(path).st_mode & 0o004:
            return False
        folder = os.path.dirname(os.path.realpath(path))
        while os.stat(folder).st_mode & 0o001:
            if folder == "/":
                return True
            folder = os.path.dirname(folder)
    except OSError:
        return False
    return False


GROUP = Group(
    "environment",
    dict.fromkeys(
        (
            "env.path", "env.variables", "env.shadowing", "env.example", "env.exposed", "env.interpolation",
            "env.secrets",
        ),
        "",
    ),
    _probe, _judge,
)
