"""What Dockerfiles do with lock files, and the policy on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.dependencies.lock_policy import DockerfileUse, judge_policy
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.ignore import parse_ignore
from devbox.project.locks.dockerfile_use import dockerfile_use


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in ("package.json", "package-lock.json", "pyproject.toml", "uv.lock", "web/package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "loose.txt").write_text("a>=1\n")
    return tmp_path


def use(context: Path, body: str, ignored: str = "") -> DockerfileUse:
    dockerfile = parse_dockerfile(f"FROM debian AS base\n{body}\n".encode(), "Dockerfile")
    return dockerfile_use(dockerfile, str(context.resolve()), parse_ignore(ignored))


@pytest.mark.parametrize(
    ("body", "ignored", "copied"),
    [
        ("COPY . .", "", ["package-lock.json", "uv.lock"]),
        ("COPY . .", "*.lock\n", ["package-lock.json"]),
        ("COPY . .", "*\n!src\n", []),
        ("COPY package*.json ./", "", ["package-lock.json"]),
        ("COPY package.json ./", "", []),
        ("COPY ./uv.lock /app/", "", ["uv.lock"]),
        ("ADD uv.lock pyproject.toml /app/", "", ["uv.lock"]),
        ('COPY ["uv.lock", "/app/"]', "", ["uv.lock"]),
        ("COPY web /web", "", ["web/package-lock.json"]),
        ("COPY --from=other uv.lock .", "", []),
        ("COPY poetry.lock* .", "", []),
        ("COPY ../uv.lock .", "", []),
    ],
)
def test_which_lock_files_come_into_the_image(body: str, ignored: str, copied: list[str], context: Path) -> None:
    assert sorted(one.lock for one in use(context, body, ignored).copied) == copied


@pytest.mark.parametrize(
    ("body", "installs"),
    [
        ("COPY . .\nRUN npm ci", [("npm ci", True)]),
        ("RUN npm ci --omit=dev && npm cache clean", [("npm ci", False)]),
        ("RUN npm install -g pnpm", []),
        ("RUN npm install express", []),
        ("RUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync --locked", [("uv sync", True)]),
        ("RUN uv pip install ruff", []),
        ("RUN cd /app; yarn", [("yarn", False)]),
        ("RUN poetry run pytest", []),
        ("RUN pip install -r requirements.txt", [("pip install", True)]),
        ("RUN python3 -m pip install --no-cache-dir -r /tmp/loose.txt", [("pip install", False)]),
        ("RUN pip install .", [("pip install", False)]),
        ("RUN pip install requests", []),
        ("RUN <<EOF\nset -e\nnpm ci\nEOF", [("npm ci", False)]),
        ('RUN ["npm", "ci"]', [("npm ci", False)]),
        ("COPY --from=deps /app /app\nRUN npm ci", [("npm ci", True)]),
        ("COPY package-lock.json .\nFROM base\nRUN npm ci", [("npm ci", True)]),
        ("COPY package-lock.json .\nFROM debian\nRUN npm ci", [("npm ci", False)]),
        ("COPY uv.lock .\nRUN npm ci", [("npm ci", False)]),
    ],
)
def test_which_commands_install_and_whether_from_a_lock(
    body: str, installs: list[tuple[str, bool]], context: Path
) -> None:
    assert [(one.command, one.locked) for one in use(context, body).installs] == installs


def test_each_policy_finds_its_own_violation_and_no_policy_none(context: Path) -> None:
    locked, bare = use(context, "COPY . .\nRUN npm ci"), use(context, "RUN npm ci")
    assert judge_policy(None, (), (locked, bare))[1] == ()
    (required,) = judge_policy("require", (), (locked, bare))[1]
    assert (required.id, str(required.origin)) == ("policy.lock.unused", "Dockerfile:2")
    (forbidden,) = judge_policy("forbid", (), (locked, bare))[1]
    assert (forbidden.id, str(forbidden.origin)) == ("policy.lock.forbidden", "Dockerfile:2")
