"""The part that runs as root: what it does about a missing buildx, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devbox.core.errors import EngineError
from devbox.core.events import Note
from devbox.engine.private import root_side
from devbox.engine.private.machine import Machine
from devbox.engine.private.request import Request, decode_news
from devbox.engine.stream import Cancellation

REPOSITORY = Path(__file__).resolve().parents[3]
FEDORA = Machine(
    system="Linux", is_root=True, uid=0, gid=0, sudo=None, package_manager="dnf", distribution="fedora", codename="",
    programs=frozenset(),
)


def test_without_a_newer_buildx_the_engine_still_starts_and_the_loss_is_said(tmp_path: Path) -> None:
    request = Request("start", str(tmp_path), str(tmp_path), 0, 0, plugins=("docker-buildx",))
    *_, last = root_side._fetch(request, FEDORA, Cancellation())
    assert isinstance(last, Note)
    assert last.severity == "warn"
    assert "classic builder" in last.text


@pytest.mark.parametrize("line", ["", "{}", "not json"])
def test_a_broken_request_ends_in_an_error_that_arrives(line: str) -> None:
    code = "from devbox.engine.private.root_side import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], input=line + "\n", capture_output=True, text=True, cwd=REPOSITORY, timeout=30,
        check=False,
    )
    news = decode_news(done.stdout.splitlines()[-1])
    assert isinstance(news, EngineError)
    assert "Traceback" not in done.stderr
