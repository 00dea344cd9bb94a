"""Doctor on Dockerfiles, ignore files, compose files and privileges: one fault, one finding; policy; broken files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devbox.core.checks import wanted
from devbox.core.findings import DoctorReport, Finding
from devbox.flows.doctor import run
from tests.flows.doctor_subject import AnsweringEngine, subject_of
from tests.flows.toolchain_world import World
from tests.project.rules.clean import CLEAN, FILES

FAMILIES = ["dockerfile", "ignore", "policy", "build", "compose", "privilege", "images"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    for name, text in FILES.items():
        made.file(f"proj/{name}", text)
    made.file("proj/Dockerfile", CLEAN)
    return made


def report(world: World, *only: str) -> DoctorReport:
    return run(subject_of(world, AnsweringEngine), wanted(only or FAMILIES, []))


def found(world: World) -> list[tuple[str, str, str]]:
    return [(one.id, one.severity, str(one.origin)) for one in report(world).findings]


def only(world: World) -> Finding:
    (finding,) = report(world).findings
    return finding


def test_a_clean_project_has_no_findings_and_its_checks_are_ok(world: World) -> None:
    world.file("proj/devbox.toml", '[box]\ndockerfile = "Dockerfile"\nmounts = [".:/app"]\nports = ["8000:8000"]\n')
    world.file(
        "proj/compose.yaml",
        "services:\n  app:\n    build: .\n    volumes: ['.:/app', 'data:/d']\n  db:\n"
        "    image: postgres:17\n    environment: [POSTGRES_PASSWORD_FILE=/run/secrets/p]\n",
    )
    done = report(world)
    assert done.findings == ()
    assert {check.status for check in done.checks} == {"ok"}
    assert {"dockerfile.user.root", "compose.ports", "privilege.mount", "build.dockerfile"} <= {
        one.id for one in done.checks
    }


def test_without_a_dockerfile_no_rule_ran(tmp_path: Path) -> None:
    empty = World(tmp_path)
    empty.directory.mkdir(parents=True, exist_ok=True)
    assert {check.id for check in report(empty).checks} <= {"images", "policy.lock"}


def test_buildkits_names_select_skip_and_set_severities(world: World) -> None:
    world.file("proj/Dockerfile", CLEAN.replace("EXPOSE 8000", "EXPOSE 8000/TCP\nMAINTAINER me"))
    assert [one.id for one in report(world, "ExposeProtoCasing").findings] == ["dockerfile.expose.case"]
    assert [one.id for one in report(world, "DL4000").findings] == ["dockerfile.maintainer"]
    world.file(
        "proj/devbox.toml",
        '[box]\ndockerfile = "Dockerfile"\n[policy.severity]\nDL4000 = "error"\nExposeProtoCasing = "off"\n',
    )
    assert [(id, severity) for id, severity, _ in found(world)] == [("dockerfile.maintainer", "error")]


def test_a_teams_rule_is_a_finding_by_its_own_id(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[box]\ndockerfile = "Dockerfile"\n[[policy.rule]]\nid = "no-expose"\n'
        'match = "^EXPOSE"\nmessage = "ports are published by compose"\n'
        '[policy.severity.policy.rule]\nno-expose = "error"\n',
    )
    assert found(world) == [("policy.rule.no-expose", "error", "Dockerfile:13")]


def test_a_teams_pattern_without_an_end_costs_its_own_finding(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[box]\ndockerfile = "Dockerfile"\n[[policy.rule]]\nid = "slow"\nmatch = "^(A+)+$"\nmessage = "x"\n',
    )
    world.file("proj/Dockerfile", CLEAN.replace("USER app\n", "").replace("EXPOSE", "ENV " + "A" * 60 + "=1\nEXPOSE"))
    assert "dockerfile.user.root" in [id for id, *_ in found(world)]
    world.file("proj/devbox.toml", (world.directory / "devbox.toml").read_text().replace("^(A+)+$", "(A+)+$"))
    assert {"dockerfile.user.root", "policy.rule.slow"} <= {id for id, *_ in found(world)}


def test_the_services_arguments_and_targets_count(world: World) -> None:
    world.file(
        "proj/Dockerfile",
        CLEAN.replace("FROM python:3.12-slim", "FROM python:${V}-slim", 1).replace(
            "# syntax=docker/dockerfile:1", "ARG V=3.12"
        ),
    )
    world.file("proj/devbox.toml", '[box]\ndockerfile = "Dockerfile"\ntarget = "dev"\nargs = { V = "3.8" }\n')
    assert [(id, severity) for id, severity, _ in found(world)] == [
        ("images.eol", "warn"),
        ("dockerfile.stage.missing", "error"),
    ]


def test_every_mode_must_find_its_dockerfile(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[box]\ndockerfile = "Dockerfile"\n[modes.source]\ndockerfile = "docker/Dockerfile.source"\n',
    )
    finding = only(world)
    assert (finding.id, finding.severity, str(finding.origin)) == ("build.dockerfile", "error", "devbox.toml:4")
    assert "modes.source" in finding.message


def test_a_dockerfile_that_nobody_names_is_looked_at_too(world: World) -> None:
    world.file(
        "proj/docker/Dockerfile.tools", "FROM debian:13@sha256:" + "a" * 64 + "\nUSER x\nMAINTAINER me\nCOPY none /x\n"
    )
    assert found(world) == [("dockerfile.maintainer", "info", "docker/Dockerfile.tools:3")]
    world.file("proj/docker/Dockerfile.tools", "FROM\n")
    assert found(world) == [("dockerfile.syntax", "warn", "docker/Dockerfile.tools:1")]


def test_two_dockerfiles_that_install_differently(world: World) -> None:
    world.file(
        "proj/api.Dockerfile",
        CLEAN.replace("pip install --no-cache-dir --prefix=/install -r", "pip3 install --no-cache-dir -r"),
    )
    assert found(world) == []
    world.file(
        "proj/api.Dockerfile", CLEAN.replace("RUN pip install --no-cache-dir --prefix=/install", "RUN uv pip install")
    )
    (finding,) = [one for one in report(world).findings if one.id == "dockerfile.install.differs"]
    assert finding.origin is not None
    assert finding.origin.path in ("Dockerfile", "api.Dockerfile")


def test_the_dockerfiles_own_ignore_file_counts(world: World) -> None:
    world.file("proj/.dockerignore", "")
    world.file("proj/Dockerfile.dockerignore", "requirements.txt\n.git\n")
    assert [one.id for one in report(world).findings] == ["dockerfile.copy.ignored"]
    world.file("proj/Dockerfile.dockerignore", "[a\n")
    finding = only(world)
    assert (finding.id, finding.severity, str(finding.origin)) == (
        "ignore.syntax",
        "error",
        "Dockerfile.dockerignore:1",
    )


def test_bytes_of_what_is_sent_for_nothing(world: World) -> None:
    world.file("proj/.dockerignore", "# nothing\n")
    world.file("proj/node_modules/p/index.js", "x" * 3_000_000)
    finding = only(world)
    assert (finding.id, finding.severity) == ("ignore.ineffective", "warn")
    assert "node_modules (installed packages, 3.0 MB)" in finding.message
    assert finding.hint == "add to .dockerignore: `**/node_modules`"


COMPOSE = "services:\n  app:\n    build: .\nAPP\n  db:\n    image: postgres:17\nDB\n"
COMPOSE_FAULTS = [
    ("compose.version", "info", "version: '3'\n" + COMPOSE, "", "", 1),
    ("compose.ports", "warn", COMPOSE, "", "    ports: ['5432:5432']", 7),
    ("compose.ports", "info", COMPOSE, "", "    ports: ['127.0.0.1:5432:5432']", 7),
    ("build.dockerfile", "error", COMPOSE.replace("build: .", "build: {dockerfile: '${DF:-none}'}"), "", "", 3),
    ("build.dockerfile", "error", COMPOSE.replace("build: .", "build: {dockerfile: 'D.${UNSET}'}"), "", "", 3),
    ("images.eol", "warn", COMPOSE.replace("postgres:17", "postgres:11"), "", "", 6),
    ("privilege.port", "info", COMPOSE, "    ports: ['8000:8000']", "", 4),
    ("privilege.socket", "warn", COMPOSE, "    volumes: ['/var/run/docker.sock:/s']", "", 4),
    ("privilege.privileged", "warn", COMPOSE, "    privileged: true", "", 4),
    ("privilege.privileged", "warn", COMPOSE, "    security_opt: ['seccomp:unconfined']", "", 4),
    ("privilege.namespace", "warn", COMPOSE, "", "    network_mode: host", 7),
    ("privilege.capability", "warn", COMPOSE, "    cap_add: [SYS_ADMIN]", "", 4),
    ("privilege.capability", "info", COMPOSE, "    cap_add: [CAP_SYS_NICE]", "", 4),
    ("privilege.device", "info", COMPOSE, "    devices: ['/dev/fuse:/dev/fuse']", "", 4),
    ("privilege.mount", "warn", COMPOSE, "    volumes: [{type: bind, source: '~/.ssh', target: /s}]", "", 4),
    ("privilege.mount", "info", COMPOSE, "    volumes: ['../sibling:/s:ro']", "", 4),
    ("privilege.remote", "warn", "include: [{path: 'https://x.example/c.yaml'}]\n" + COMPOSE, "", "", 1),
    ("privilege.secret", "info", COMPOSE, "", "    environment: {POSTGRES_PASSWORD: dev}", 7),
]


@pytest.mark.parametrize(("id", "severity", "text", "app", "db", "line"), COMPOSE_FAULTS)
def test_one_fault_in_a_compose_file(
    world: World, id: str, severity: str, text: str, app: str, db: str, line: int
) -> None:
    world.file("proj/compose.yaml", text.replace("APP", app).replace("DB", db))
    assert [one for one in found(world) if one[2].startswith("compose.yaml")] == [
        (id, severity, f"compose.yaml:{line}")
    ]


def test_a_compose_file_that_cannot_be_read_hides_nothing(world: World) -> None:
    world.file("proj/compose.yaml", "services: [\n")
    world.file("proj/Dockerfile", CLEAN.replace("USER app\n", ""))
    assert [id for id, *_ in found(world)] == ["dockerfile.user.root", "compose.syntax"]


DEVCONTAINER_FAULTS = [
    ("privilege.host-command", "warn", '"initializeCommand": "x"'),
    ("privilege.privileged", "warn", '"privileged": true'),
    ("privilege.privileged", "warn", '"runArgs": ["--privileged"]'),
    ("privilege.capability", "warn", '"capAdd": ["SYS_PTRACE"]'),
    ("privilege.capability", "warn", '"runArgs": ["--cap-add", "sys_admin"]'),
    ("privilege.namespace", "warn", '"runArgs": ["--network=host"]'),
    ("privilege.device", "info", '"runArgs": ["--device=/dev/kvm"]'),
    ("privilege.socket", "warn", '"mounts": ["source=/var/run/docker.sock,target=/s,type=bind"]'),
    ("privilege.mount", "warn", '"mounts": [{"source": "${localEnv:HOME}/.aws", "target": "/a", "type": "bind"}]'),
    ("privilege.mount", "info", '"runArgs": ["-v", "/srv/data:/d"]'),
    ("privilege.port", "info", '"appPort": [8000]'),
    ("privilege.secret", "info", '"containerEnv": {"API_TOKEN": "x"}'),
]


@pytest.mark.parametrize(("id", "severity", "text"), DEVCONTAINER_FAULTS)
def test_one_privilege_in_devcontainer_json(world: World, id: str, severity: str, text: str) -> None:
    world.file("proj/.devcontainer/devcontainer.json", f'{{ // comment\n"image": "debian:13",\n{text},\n}}')
    assert found(world) == [(id, severity, ".devcontainer/devcontainer.json:3")]


def test_a_devcontainers_dockerfile_is_looked_at_with_its_context(world: World) -> None:
    world.file(
        "proj/.devcontainer/api/devcontainer.json", '{"build": {"dockerfile": "D", "context": "../..", "target": "x"}}'
    )
    world.file("proj/.devcontainer/api/D", CLEAN.replace("COPY . .", "COPY . .\nCOPY nothing /x"))
    assert [(id, at) for id, _, at in found(world)] == [
        ("dockerfile.stage.missing", ".devcontainer/api/D:7"),
        ("dockerfile.copy.missing", ".devcontainer/api/D:12"),
    ]


def test_what_lies_outside_the_project_is_neither_read_nor_listed(world: World) -> None:
    world.file("outside/Dockerfile", "FROM scratch\nMAINTAINER me\n")
    world.file("outside/secret", "")
    world.file("proj/Dockerfile", CLEAN.replace("COPY . .", "COPY sekret /x"))
    (world.directory / "link").symlink_to("../outside")
    world.file(
        "proj/compose.yaml",
        "services:\n  a:\n    build: {context: .., dockerfile: outside/Dockerfile}\n"
        "  b:\n    build: {context: link, dockerfile: ../Dockerfile}\n",
    )
    assert [(id, at) for id, _, at in found(world)] == [
        ("build.dockerfile", "compose.yaml:5"),
        ("privilege.remote", "compose.yaml:3"),
    ], "no finding about what the Dockerfiles say or the folders hold"


def test_what_devcontainer_json_asks_of_its_own_is_nothing(world: World) -> None:
    world.file(
        "proj/.devcontainer/devcontainer.json",
        '{"image": "debian:13", "mounts": ["source=cache,target=/c,type=volume", "source=${localWorkspaceFolder}/x,'
        'target=/x,type=bind"], "containerEnv": {"TOKEN": "${localEnv:TOKEN}", "A": "1"}, "forwardPorts": [80],'
        '"runArgs": ["--init", "--name", "x", "-p", "127.0.0.1:80:80"], "postCreateCommand": "x"}',
    )
    assert found(world) == []


def test_privileges_of_devbox_toml_and_dockerfiles(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[box]\ndockerfile = "Dockerfile"\nports = ["0.0.0.0:8000:8000"]\nsudo = true\nmounts = ["/etc:/e"]\n'
        'env = { API_TOKEN = "abc" }\n[tasks.t]\nrun = "x"\nexecutor = "host"\n',
    )
    world.file("proj/devbox.local.toml", "")
    world.file("proj/Dockerfile", "# syntax=evil.example/frontend:1\n" + CLEAN.partition("\n")[2])
    assert sorted(found(world)) == [
        ("privilege.host-command", "warn", "devbox.toml:7"),
        ("privilege.mount", "warn", "devbox.toml:5"),
        ("privilege.override", "info", "devbox.local.toml:1"),
        ("privilege.port", "warn", "devbox.toml:3"),
        ("privilege.privileged", "info", "devbox.toml:4"),
        ("privilege.secret", "info", "devbox.toml:6"),
        ("privilege.syntax", "warn", "Dockerfile:1"),
    ]


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "compose.yaml", ".devcontainer/devcontainer.json"])
def test_a_fifo_costs_its_own_finding_only(world: World, name: str) -> None:
    path = world.directory / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    world.file("proj/docker/Dockerfile", CLEAN.replace("USER app\n", ""))
    assert "dockerfile.user.root" in [one.id for one in report(world).findings]


def test_a_service_without_its_env_file_is_an_error(world: World) -> None:
    text = "services:\n  db:\n    image: postgres:17\n    env_file: .env.db\n"
    world.file("proj/compose.yaml", text)
    assert found(world) == [("compose.env-file", "error", "compose.yaml:4")]
    world.file("proj/compose.yaml", text.replace(".env.db", "[{path: .env.db, required: false}]"))
    assert found(world) == []
    world.file("proj/.env.db", "A=1\n")
    world.file("proj/compose.yaml", text.replace(".env.db", "[./.env.db]"))
    assert found(world) == []


@pytest.mark.parametrize("image", ["postgres", "postgres:latest"])
def test_a_services_image_without_a_version_is_a_warning(image: str, world: World) -> None:
    world.file("proj/compose.yaml", f"services:\n  db:\n    image: {image}\n")
    assert [(one.id, one.severity) for one in report(world).findings] == [("compose.image", "warn")]


@dataclass
class _Image:
    """As much of an image as is asked for."""

    digests: tuple[str, ...]
    arch: str = "amd64"


class _Holding(AnsweringEngine):
    """An engine that has every image, pulled or made here."""

    digests: tuple[str, ...] = ()

    def image(self, ref: str) -> Any:
        return _Image(self.digests)


class _Pulled(_Holding):
    digests = ("team/base@sha256:" + "0" * 64,)


def test_an_image_that_is_only_here_has_no_digest_to_add(world: World) -> None:
    world.file("proj/Dockerfile", "FROM team/base:1\nUSER 1000\n")
    for engine, expected in ((_Pulled, 1), (AnsweringEngine, 1), (_Holding, 0)):
        done = run(subject_of(world, engine), wanted(["dockerfile.base.digest"], []))
        assert len(done.findings) == expected, engine
