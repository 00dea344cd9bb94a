"""The rows of what builds: `up`, `rebuild` and the forecast, beside compose, buildx and the file system itself."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench, Row
from tests.benchmarks.clock import NotMeasured, fastest, run, said
from tests.benchmarks.peers import with_compose

FILES = 100
LARGE, LARGE_IN_HASTE = 100_000, 10_000
"""Files of the large project; the second for the few rounds of a test run."""
UNCHANGED = "up / docker compose up -d --build, nothing changed"


def up(bench: Bench) -> Row:
    """`up` with nothing changed against compose with nothing changed, on the same project."""
    bench = replace(bench, env=with_compose(bench.env))
    project = make_project(bench, "up")
    try:
        mine, compose = _nothing_changed(bench, project)
    finally:
        tear_down(bench, project)
    return Row(f"{UNCHANGED}, {FILES} files", mine, compose, "<= 0.6", mine <= 0.6 * compose)


def up_large(bench: Bench) -> tuple[Row, ...]:
    """The same on a large project, and of it the forecast alone, beside the floor and beside git."""
    bench = replace(bench, env=with_compose(bench.env))
    files = LARGE_IN_HASTE if bench.in_haste else LARGE
    project = make_project(bench, "large", files)
    try:
        first = run(bench.devbox("up", "--trust", "--no-input"), bench.env, project)
        mine, compose = _nothing_changed(bench, project)
        measure = (sys.executable, "-m", "tests.benchmarks.measure")
        look, walk = fastest(
            bench.rounds, lambda: said((*measure, "look"), bench.env, project),
            lambda: said((*measure, "walk"), bench.env, project),
        )
        rows = [
            Row(f"{UNCHANGED}, {files} files", mine, compose, "<= 0.25 of 100 000", mine <= 0.25 * compose),
            Row(f"forecast / stat of every file, {files} files", look, walk, *_within(look, files)),
            Row(f"first up, image built, {files} files", first, None, "-", held=True),
        ]
        if not bench.in_haste and shutil.which("git"):
            (status,) = fastest(bench.rounds, lambda: run(("git", "status"), bench.env, _under_git(bench, project)))
            rows.append(Row(f"forecast / git status, {files} files", look, status, *_within(look, files)))
    finally:
        tear_down(bench, project)
        shutil.rmtree(project, ignore_errors=True)
    return tuple(rows)


def _within(seconds: float, files: int) -> tuple[str, bool]:
    limit = 0.08 if files <= LARGE_IN_HASTE else 0.45
    return f"<= {limit} s", seconds <= limit


def _nothing_changed(bench: Bench, project: Path) -> list[float]:
    ours = bench.devbox("up", "--trust", "--no-input")
    theirs = ("docker", "compose", "up", "-d", "--build")
    for argv in (ours, theirs):
        run(argv, bench.env, project)
    return fastest(bench.rounds, lambda: run(ours, bench.env, project), lambda: run(theirs, bench.env, project))


def _under_git(bench: Bench, project: Path) -> Path:
    if not (project / ".git").exists():
        for argv in (("git", "init", "-q"), ("git", "add", "-A")):
            run(argv, bench.env, project)
    return project


def rebuild(bench: Bench) -> Row:
    """`rebuild` against `docker buildx build`, each after an edit; no box runs, so that both only build."""
    project = make_project(bench, "rebuild")
    ours = bench.devbox("rebuild", "--trust", "--no-input")
    theirs = ("docker", "buildx", "build", "--load", "-q", "-t", "devbox-bench:rebuild", ".")
    try:
        mine, buildx = _after_edits(bench, project, ours, theirs)
    finally:
        tear_down(bench, project)
        run(("docker", "image", "rm", "-f", "devbox-bench:rebuild"), bench.env)
    held = mine <= 1.05 * buildx + 0.2
    return Row("rebuild / docker buildx build, one file edited", mine, buildx, "<= 1.05 + 0.2 s", held)


def exchange(bench: Bench) -> Row:
    """`rebuild` of a running box, with its exchange, against what compose does after the same edit."""
    bench = replace(bench, env=with_compose(bench.env))
    project = make_project(bench, "exchange")
    ours = bench.devbox("rebuild", "--trust", "--no-input")
    theirs = ("docker", "compose", "up", "-d", "--build")
    try:
        run(bench.devbox("up", "--trust", "--no-input"), bench.env, project)
        mine, compose = _after_edits(bench, project, ours, theirs)
    finally:
        tear_down(bench, project)
    return Row("rebuild, box exchanged / docker compose up -d --build", mine, compose, "<= 1.2", mine <= 1.2 * compose)


def _after_edits(bench: Bench, project: Path, *commands: tuple[str, ...]) -> list[float]:
    """The fastest of each command, a file having been edited before every run; the first runs do not count."""
    source = project / "src" / "000.txt"
    count = iter(range(10**6))

    def after_an_edit(argv: tuple[str, ...]) -> float:
        source.write_text(f"edit {next(count)}\n")
        return run(argv, bench.env, project)

    for argv in commands:
        after_an_edit(argv)
    return fastest(bench.rounds, *(partial(after_an_edit, argv) for argv in commands))


def make_project(bench: Bench, name: str, files: int = FILES) -> Path:
    """A project that devbox and compose understand alike: one service, folders of fifty files, no network needed."""
    project = bench.folder / name
    for index in range(files):
        folder = project / "src" if files <= FILES else project / "src" / f"{index // 2000:02}" / f"{index // 50:04}"
        if index % 50 == 0:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index:03}.txt").write_text(f"file {index} of {name}\n" * (1 + index % 50))
    (project / "Dockerfile").write_text(
        f"FROM {bench.base}\nRUN echo {name} > /made\nCOPY src /src\nRUN ls /src > /all\n"
    )
    (project / ".dockerignore").write_text("*\n!src\n")
    (project / "devbox.toml").write_text(
        f'name = "bench-{name}"\n[box]\ndockerfile = "Dockerfile"\nuser = "root"\nmounts = [".:/work"]\n'
    )
    (project / "compose.yaml").write_text(
        f"name: devbox-bench-{name}\nservices:\n  box:\n    build: .\n    init: true\n"
        "    command: sleep infinity\n    volumes: ['.:/work']\n"
    )
    return project


def tear_down(bench: Bench, project: Path) -> None:
    """Remove what both made, whatever state the measuring was left in."""
    for argv in (
        bench.devbox("down", "--volumes", "--images"),
        ("docker", "compose", "down", "--volumes", "--rmi", "local"),
    ):
        try:
            run(argv, bench.env, project)
        except NotMeasured as reason:
            print(f"clean-up of {project.name}: {reason}", file=sys.stderr)
