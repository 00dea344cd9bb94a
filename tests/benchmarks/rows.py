"""One function per row of the table: what devbox takes, what the thing it is compared with takes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.clock import NotMeasured, fastest, run
from tests.benchmarks.doctor_projects import SLOW, asked, monorepo, told
from tests.benchmarks.screen import first_paint
from tests.flows.toolchain_world import World

FILES = 100


@dataclass(frozen=True)
class Row:
    """One measured line."""

    what: str
    ours: float
    """Seconds."""
    theirs: float | None
    """Seconds of the thing compared with; None where the target is absolute."""
    target: str
    held: bool


@dataclass(frozen=True)
class Bench:
    """Where and how often to measure."""

    env: Mapping[str, str]
    """Environment of every command; names the engine."""
    folder: Path
    """For projects made here; removed by the caller."""
    base: str
    rounds: int

    def devbox(self, *arguments: str) -> tuple[str, ...]:
        """The installed command where there is one, else the checkout's module."""
        script = Path(sys.executable).with_name("devbox")
        command = (str(script),) if script.exists() else (sys.executable, "-m", "devbox")
        return (*command, *arguments)


def version(bench: Bench) -> Row:
    """`devbox --version` against an interpreter that does nothing."""
    ours, bare = fastest(
        bench.rounds * 4,
        lambda: run(bench.devbox("--version"), bench.env),
        lambda: run((sys.executable, "-c", "pass"), bench.env),
    )
    return Row("devbox --version / python -c pass", ours, bare, "<= 2", ours <= 2 * bare)


def paint(bench: Bench) -> Row:
    """From start to the header on the screen."""
    project = make_project(bench, "paint")
    env = {**bench.env, "TERM": "xterm-256color"}
    (ours,) = fastest(bench.rounds, lambda: first_paint(bench.devbox(), env, project, b"Doctor"))
    return Row("TUI: start to first paint", ours, None, "<= 0.4 s", ours <= 0.4)


def up(bench: Bench) -> Row:
    """`up` with nothing changed against compose with nothing changed, on the same project."""
    project = make_project(bench, "up")
    ours = (*bench.devbox("up", "--trust", "--no-input"),)
    theirs = ("docker", "compose", "up", "-d", "--build")
    try:
        run(ours, bench.env, project)
        run(theirs, bench.env, project)
        mine, compose = fastest(
            bench.rounds, lambda: run(ours, bench.env, project), lambda: run(theirs, bench.env, project)
        )
    finally:
        tear_down(bench, project)
    return Row("up / docker compose up -d --build, nothing changed", mine, compose, "<= 1.2", mine <= 1.2 * compose)


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
    project = make_project(bench, "exchange")
    ours = bench.devbox("rebuild", "--trust", "--no-input")
    theirs = ("docker", "compose", "up", "-d", "--build")
    try:
        run(bench.devbox("up", "--trust", "--no-input"), bench.env, project)
        mine, compose = _after_edits(bench, project, ours, theirs)
    finally:
        tear_down(bench, project)
    return Row("rebuild, box exchanged / docker compose up -d --build", mine, compose, "<= 1.2", mine <= 1.2 * compose)


def doctor_told(bench: Bench) -> Row:
    """Doctor where the folders of version managers tell every version."""
    world = told(bench.folder / "told")
    (ours,) = fastest(bench.rounds, lambda: run(bench.devbox("doctor"), _of(bench, world), world.directory))
    return Row("doctor: 12 pins, no program to run", ours, None, "<= 0.25 s", ours <= 0.25)


def doctor_asked(bench: Bench) -> Row:
    """Doctor where programs must be run, against the slowest of them."""
    world = asked(bench.folder / "asked")
    (ours,) = fastest(bench.rounds, lambda: run(bench.devbox("doctor"), _of(bench, world), world.directory))
    held = ours <= 1.5 * SLOW + 0.1
    return Row("doctor: 6 programs to run / the slowest", ours, SLOW, "<= 1.5 + 0.1 s", held)


def doctor_recursive(bench: Bench) -> Row:
    """Doctor over every sub-project of a large repository."""
    world = monorepo(bench.folder / "monorepo")
    command = bench.devbox("doctor", "--recursive")
    (ours,) = fastest(min(bench.rounds, 3), lambda: run(command, _of(bench, world), world.directory))
    shutil.rmtree(world.root, ignore_errors=True)
    return Row("doctor --recursive: 100 000 files, 300 sub-projects", ours, None, "<= 2 s", ours <= 2)


def _of(bench: Bench, world: World) -> dict[str, str]:
    """The caller's environment on that machine; devbox itself is found as everywhere."""
    return {**world.environment(), "PYTHONPATH": bench.env.get("PYTHONPATH", "")}


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


ROWS: tuple[Callable[[Bench], Row], ...] = (
    version, doctor_told, doctor_asked, doctor_recursive, paint, up, rebuild, exchange,
)


def make_project(bench: Bench, name: str) -> Path:
    """A small project that devbox and compose understand alike: one service, a hundred files, no network needed."""
    project = bench.folder / name
    (project / "src").mkdir(parents=True)
    for index in range(FILES):
        (project / "src" / f"{index:03}.txt").write_text(f"file {index} of {name}\n")
    (project / "Dockerfile").write_text(
        f"FROM {bench.base}\nRUN echo {name} > /made\nCOPY src /src\nRUN cat /src/* > /all\n"
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
