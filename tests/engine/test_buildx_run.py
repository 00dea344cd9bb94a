"""A whole run of the buildx adapter, with a program that plays recorded streams: real process, real pipes."""

from __future__ import annotations

import errno
import shlex
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devbox.core.build import BuildState, StepKey, StepStatus
from devbox.core.errors import ExhaustedError
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.buildx import BuildxBuilder
from devbox.engine.buildx_program import BuildxProgram
from devbox.engine.buildx_run import BuildxRun
from devbox.engine.port import Endpoint
from tests.core.build_streams import EXPECTED, fold, outcome_of, recording


def run_of(tmp_path: Path, script: str) -> BuildxRun:
    """A run whose buildx is this shell script."""
    program = tmp_path / "docker-buildx"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    builder = BuildxBuilder(
        BuildxProgram(str(program), "0.13.1"), Endpoint("unix:///nowhere", "test"), env={"PATH": "/usr/bin:/bin"},
        home=tmp_path, scratch=tmp_path / "scratch",
    )
    return builder.build(BuildRequest(context=str(tmp_path), dockerfile=str(tmp_path / "Dockerfile"), tag="t:1"))


def player(tmp_path: Path, name: str, then: str) -> BuildxRun:
    stream = tmp_path / "stream"
    stream.write_bytes(recording(name))
    return run_of(tmp_path, f"cat {shlex.quote(str(stream))} >&2\n{then}")


def finished(run: BuildxRun) -> tuple[BuildState, list[Output]]:
    updates = list(run)
    last = updates[-1]
    assert isinstance(last, Progress)
    return last.state, [update for update in updates if isinstance(update, Output)]


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_builds_end_as_they_did(tmp_path: Path, name: str) -> None:
    code = EXPECTED[name]["exit_code"]
    state, outputs = finished(player(tmp_path, name, f"exit {code}" if code >= 0 else "kill -9 $$"))
    expected = fold(recording(name), outcome_of(name))
    assert replace(state, seconds=0.0, builder="") == replace(expected, seconds=0.0)
    assert sum(len(output.data) for output in outputs) >= sum(EXPECTED[name]["log_bytes"].values())
    assert list((tmp_path / "scratch").iterdir()) == []


def test_twenty_thousand_lines_keep_up_and_arrive_in_blocks(tmp_path: Path) -> None:
    run = player(tmp_path, "logs20k", "exit 0")
    started = time.perf_counter()
    state, outputs = finished(run)
    assert time.perf_counter() - started < 2
    assert state.steps[-1].log_lines == 20_000
    assert b"".join(output.data for output in outputs).count(b"\n") == 20_000
    assert len(outputs) < 500


def test_image_id_is_read_where_buildx_wrote_it(tmp_path: Path) -> None:
    state, _ = finished(run_of(
        tmp_path, 'for word; do case $word in --iidfile=*) echo sha256:abc > "${word#--iidfile=}";; esac; done'
    ))
    assert (state.outcome, state.image) == ("ok", "sha256:abc")


def test_program_that_cannot_start_is_a_build_error(tmp_path: Path) -> None:
    from devbox.core.errors import BuildError

    run = run_of(tmp_path, "exit 0")
    (tmp_path / "docker-buildx").chmod(0o644)
    with pytest.raises(BuildError, match="cannot run"):
        list(run)


@pytest.mark.parametrize("script", ["exit 0", "touch full; exit 1"], ids=["before", "meanwhile"])
def test_a_full_disk_is_not_blamed_on_the_dockerfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    full, write = tmp_path / "full", Path.write_bytes

    def written(path: Path, data: bytes) -> int:
        if full.exists() and "scratch" in path.parts:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", written)
    if script == "exit 0":
        full.touch()
    with pytest.raises(ExhaustedError, match="no space left on the disk") as caught:
        list(run_of(tmp_path, script.replace("full", shlex.quote(str(full)))))
    assert caught.value.path == str(tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_closed_before_it_began_never_starts(tmp_path: Path) -> None:
    run = run_of(tmp_path, f"touch {tmp_path}/ran")
    run.close()
    state, _ = finished(run)
    assert state.outcome == "cancelled"
    assert not (tmp_path / "ran").exists()


def test_both_streams_of_a_step_never_share_a_line(tmp_path: Path) -> None:
    (tmp_path / "stream").write_text("\n".join([
        '{"vertexes":[{"digest":"d","name":"[1/1] RUN x","started":"2026-01-01T00:00:00Z"}]}',
        '{"logs":[{"vertex":"d","stream":1,"data":"b25l"},{"vertex":"d","stream":2,"data":"ZXJyCg=="}]}',
        '{"logs":[{"vertex":"d","stream":1,"data":"dHdv"},{"vertex":"d","stream":1,"data":"IG1vcmUK"}]}', "",
    ]))
    state, outputs = finished(run_of(tmp_path, f"cat {tmp_path}/stream >&2"))
    assert b"".join(output.data for output in outputs) == b"one\nerr\ntwo more\n"
    assert {output.step for output in outputs} == {StepKey("", 1)}
    assert state.steps[0].status is StepStatus.INTERRUPTED
