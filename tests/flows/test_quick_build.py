"""Which builds go to the faster builder: only those it does exactly as the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.buildplan import BaseImage
from devbox.core.project import Secret
from devbox.engine.builder import BuildRequest
from devbox.engine.port import EngineInfo
from devbox.flows.cache_context import see_contexts
from devbox.flows.quick_build import BYTES, FILES, taker
from devbox.project.build_plan import build_plan
from devbox.project.build_stage import PlanOptions
from devbox.project.dockerfile import parse_dockerfile
from tests.flows.test_build import ScriptedBuilder

INFO = EngineInfo("26.1.5", "1.45", "linux", "x86_64")
PLAIN = "FROM x\nCOPY sub/a /a\nRUN y\n"


def took(tmp_path: Path, text: str = PLAIN, **more: Any) -> str:
    """The name of the builder that takes it."""
    (tmp_path / "sub").mkdir(exist_ok=True)
    (tmp_path / "sub" / "a").write_text("a")
    request = replace(BuildRequest(str(tmp_path), str(tmp_path / "Dockerfile"), "t:1"), **more)
    plan = build_plan(
        parse_dockerfile(text.encode(), "Dockerfile"), lambda ref: BaseImage(("l",)) if ref == "x" else None,
        PlanOptions(),
    )
    contexts = see_contexts(request, plan, {})
    quick = ScriptedBuilder([], name="quick")
    builder = ScriptedBuilder([], name="usual")
    builder.quick = lambda info: quick  # type: ignore[assignment,return-value]
    return taker(builder, INFO, request, plan, contexts).name


def test_a_small_plain_build_is_taken(tmp_path: Path) -> None:
    assert took(tmp_path) == "quick"


@pytest.mark.parametrize("needs", [
    {"secrets": (Secret("tok", env="T"),)}, {"extra_contexts": (("docs", "/docs"),)}, {"pull": True},
    {"no_cache_filter": ("dev",)},
], ids=str)
def test_what_needs_a_session_is_not(tmp_path: Path, needs: dict[str, Any]) -> None:
    assert took(tmp_path, **needs) == "usual"


@pytest.mark.parametrize("text", [
    "FROM elsewhere\nCOPY sub/a /a\n", "# syntax=example/other\nFROM x\nCOPY sub/a /a\n",
    "FROM x\nADD https://example.org/a /a\nCOPY sub/a /a\n",
], ids=["image to fetch", "frontend to fetch", "remote source"])
def test_what_must_be_fetched_is_not_because_it_may_need_a_login(tmp_path: Path, text: str) -> None:
    assert took(tmp_path, text) == "usual"


@pytest.mark.parametrize(
    "step", ["COPY . /all", "COPY / /all", "ADD sub/.. /all", "RUN --mount=type=bind,target=/m ls"]
)
def test_the_root_of_the_context_is_not_because_its_records_are_others(tmp_path: Path, step: str) -> None:
    assert took(tmp_path, f"FROM x\n{step}\n") == "usual"


def test_a_large_context_is_not_unless_it_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(BYTES))
    assert took(tmp_path) == "usual"
    assert took(tmp_path, ignore_text="large\n") == "quick"
    (tmp_path / "many").mkdir()
    for number in range(FILES):
        (tmp_path / "many" / str(number)).touch()
    assert took(tmp_path, ignore_text="large\n") == "usual"
    assert took(tmp_path, ignore_text="large\nmany\n") == "quick"
