"""A project that no rule objects to, and looking at variations of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from devbox.core.findings import Finding
from devbox.core.team import PolicyRule
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.ignore import parse_ignore
from devbox.project.rules.context import Context
from devbox.project.rules.examine import examine, team_findings
from devbox.project.rules.team import texts
from devbox.project.rules.view import View

TODAY = (2026, 11, 25)
DIGEST = "@sha256:" + "a1" * 32
BUILD = f"FROM python:3.12-slim{DIGEST} AS build"
FINAL = f"FROM python:3.12-slim{DIGEST}"
CLEAN = f"""# syntax=docker/dockerfile:1
{BUILD}
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

{FINAL}
WORKDIR /app
RUN useradd --create-home app
COPY --from=build /install /usr/local
COPY . .
USER app
EXPOSE 8000
CMD ["python", "-m", "app"]
"""
FILES = {"requirements.txt": "flask==3.0.0\n", "app.py": "", ".dockerignore": ".git\n.venv\n**/__pycache__\n"}


def project(folder: Path, files: Mapping[str, str | None] | None = None) -> Path:
    """The files of the clean project in a folder, with these changes; None takes one away."""
    for name, text in {**FILES, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
    return folder


def context(folder: Path) -> Context:
    """The context that a folder is."""
    ignore = folder / ".dockerignore"
    if not ignore.is_file():
        return Context(str(folder))
    return Context(str(folder), parse_ignore(ignore.read_text()), ".dockerignore")


def look(
    text: str,
    folder: Path | None = None,
    *,
    args: Mapping[str, str] | None = None,
    targets: Iterable[str] = (),
    team: Iterable[PolicyRule] = (),
) -> tuple[Finding, ...]:
    """All findings in a Dockerfile."""
    view = View(
        parse_dockerfile(text.encode(), "Dockerfile"),
        text,
        TODAY,
        args or {},
        tuple(targets),
        context(folder) if folder else None,
    )
    found = examine(view)
    for rule in team:
        matching = [number for number, each in enumerate(texts(view)) if re.search(rule.match, each)]
        found += tuple(team_findings(view, rule, matching))
    return found


def ids(findings: Iterable[Finding]) -> list[str]:
    """The checks of findings, each once."""
    return sorted({finding.check for finding in findings})
