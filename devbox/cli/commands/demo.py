"""The bundled project, from nothing to a live, cached rebuild: in the session on a terminal, else as a tour.

A small web service that reloads as you save, with a private Redis beside it. It gets an engine where none answers and a
base image where no registry does, and leaves nothing but the engine's build cache, which makes a second run fast.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devbox.cli.invocation import Invocation
from devbox.cli.pump import follow
from devbox.core.errors import DevboxError, ExitCode
from devbox.core.present import Tone

if TYPE_CHECKING:
    from devbox.flows.demo import DemoCopy
    from devbox.flows.private_engine import EngineSetup
    from devbox.flows.tour import TourResult


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `devbox demo`."""
    parser.add_argument("--keep", action="store_true", help="leave the copy and what runs, and say where they are")


def run(invocation: Invocation) -> int:
    """Copy the project, have an engine, play, clear away; FINDINGS when something was not as promised."""
    # Deferred: flows and adapters cost what `--help` does not pay.
    from devbox.flows.demo import copy_demo
    from devbox.resources import demo_folder
    from devbox.wiring import state_dirs

    copy = copy_demo(demo_folder(), state_dirs(invocation.env), keep=invocation.args.keep)
    # The unmodified copy is devbox's own: trusted for this run, recorded nowhere.
    invocation.move(copy.root, trust="")
    with _cleared_away(invocation, copy) as stage:
        stage.prepare()
        if _for_a_person(invocation):
            from devbox.cli.session import open_session

            for line in welcome(stage.copy, keep=invocation.args.keep):
                invocation.narrate(line)
            return open_session(invocation)
        result = stage.tour()
    return _conclude(invocation, copy.root, result)


def welcome(copy: DemoCopy, *, keep: bool) -> tuple[str, ...]:
    """What a person needs to know before the screens open: where the files are, what to open, the keys, what stays."""
    from devbox.flows.demo import SOURCE

    end = "`q` leaves, and what runs and the copy stay" if keep else "`q` leaves and clears all of it away"
    return (
        f"the demo's files are in {copy.root}: edit `{SOURCE}` there while the box runs",
        f"once it is up, open http://127.0.0.1:{copy.port}/",
        f"`2` shows the box, `u` brings it up, `?` lists the keys, {end}",
    )


def _for_a_person(invocation: Invocation) -> bool:
    """Whether the session can open: a terminal, nobody who said that nothing shall be asked, not CI."""
    terminal = os.isatty(0) and os.isatty(1) and not invocation.env.get("CI")
    return terminal and not invocation.json and not invocation.options.no_input


class _Stage:
    """What the demo stands on, and what of it the demo itself put there."""

    def __init__(self, invocation: Invocation, copy: DemoCopy) -> None:
        self.invocation = invocation
        self.copy = copy
        self.reached = False
        """Whether an engine answered: only then something can be left on it."""
        self.engine_is_ours = False

    def prepare(self) -> None:
        """An engine, a base image and a free port, written into the copy; what a killed demo left goes."""
        from devbox.flows.demo import abandoned
        from devbox.flows.demo_engine import have_base, have_engine

        workspace, setup = self.invocation.workspace(), self._setup()
        self.engine_is_ours = follow(self.invocation, have_engine(workspace, setup, self.invocation.options.engine))
        self.reached = True
        for root in abandoned(workspace.state):
            self.invocation.narrate(f"clearing away what an earlier demo left: {root}")
            self._clear_copy(root)
        base: str = follow(self.invocation, have_base(workspace, setup))
        self.copy = self.copy.settle(base=base)

    def tour(self) -> TourResult:
        """The whole tour, narrated."""
        from devbox.flows.tour import Tour

        tour = Tour(self.invocation.workspace(), self.copy, keep=self.invocation.args.keep)
        follow(self.invocation, tour.events())
        return tour.result

    def clear(self) -> None:
        """Leave nothing of the demo: its objects, its copy, and the engine if that was started for it."""
        try:
            self._clear()
        except OSError:
            # The terminal or the reader of a pipe is gone. Clearing again is harmless: now without words.
            self.invocation.stdout = self.invocation.stderr = open(os.devnull, "w")  # noqa: SIM115
            self._clear()

    def _clear(self) -> None:
        from devbox.flows import private_engine

        # A fresh workspace: the one of an interrupted tour is cancelled.
        self.invocation.move(self.copy.root, trust="")
        self._clear_copy(self.copy.root)
        if self.engine_is_ours:
            follow(self.invocation, private_engine.stop(self._setup()))
            self.invocation.narrate("the demo's engine is stopped; what it cached stays for the next time")

    def _clear_copy(self, root: Path) -> None:
        from devbox.flows.box import api as box
        from devbox.flows.demo import forget, remove_copy
        from devbox.flows.tour import leftovers

        # By its path, whatever its files have become meanwhile: another project above it is never meant.
        workspace = replace(self.invocation.workspace(), root=root)
        if self.reached and leftovers(workspace):
            follow(self.invocation, box.down(workspace, volumes=True, images=True))
        remove_copy(root)
        forget(root, workspace.state, workspace.uid)

    def _setup(self) -> EngineSetup:
        from devbox.flows.private_engine import EngineSetup

        return EngineSetup(ask=self.invocation.ask, env=self.invocation.env, interactive=self.invocation.interactive)


@contextmanager
def _cleared_away(invocation: Invocation, copy: DemoCopy) -> Iterator[_Stage]:
    """The stage, cleared however the body ends; with `--keep` it stays and is named."""
    stage = _Stage(invocation, copy)
    try:
        yield stage
    except BaseException:
        # The first failure is the one to report; what the clearing adds to it is narrated.
        if not invocation.args.keep:
            try:
                stage.clear()
            except DevboxError as error:
                invocation.narrate(f"{error.summary}: the next `devbox demo` tries again to clear {copy.root} away")
        raise
    if invocation.args.keep:
        invocation.narrate(f"kept: {copy.root}, where `devbox --trust` goes on")
    else:
        stage.clear()


def _conclude(invocation: Invocation, root: Path, result: TourResult) -> int:
    """Say how it went, as text or JSON."""
    kept = str(root) if invocation.args.keep else None
    for problem in result.problems:
        invocation.print(f"{invocation.glyphs.of(Tone.ERROR)} {problem}")
    if not result.problems and result.broke_at is not None:
        end = f"kept in {kept}" if kept else "nothing is left behind"
        invocation.print(
            f"{invocation.glyphs.of(Tone.OK)} same container, new answer after {result.reload_seconds:.1f} s; "
            f"the cache broke at `{result.broke_at.instruction}`; {end}"
        )
    invocation.finish("findings" if result.problems else "ok", **tour_fields(result), kept=kept)
    return ExitCode.FINDINGS if result.problems else ExitCode.OK


def tour_fields(result: TourResult) -> dict[str, Any]:
    """The tour as fields of the final JSON object."""
    step = result.broke_at
    broke_at = step and {
        "stage": step.key.stage, "index": step.key.index, "of": step.of, "instruction": step.instruction,
        "state": str(step.status),
    }
    return {**asdict(result), "broke_at": broke_at}
