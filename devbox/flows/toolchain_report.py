"""Selections of all managers as rows, findings and conflicts of the report, as the answers of programs come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from devbox.core.checks import Wanted, checked
from devbox.core.doctor import Judged
from devbox.core.findings import Conflict, DoctorRow, Finding, ImageRow, ToolchainRow
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin, find_conflicts
from devbox.core.rows import toolchain_key, toolchain_rows
from devbox.core.toolchain.selection import Answer, Program, Selection, finish
from devbox.core.toolchain_checks import conflict_finding, findings_of, unknown_reason
from devbox.flows.toolchains import select_all
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins.files import is_personal

_NOT_ASKED = Answer(None, "it was not asked")


@dataclass(frozen=True, slots=True)
class Toolchains:
    """What files and folders tell; versions come later."""

    selections: tuple[Selection, ...]
    images: tuple[ImageRow, ...]
    conflicts: tuple[Conflict, ...]
    pins: tuple[Pin, ...]
    """What the team pins for whoever works here; not what build stages and CI runners pin for themselves."""
    shown: Callable[[str], str]
    wanted: bool

    def programs(self) -> tuple[Program, ...]:
        """Programs whose version is wanted, each once."""
        return tuple(dict.fromkeys(program for selection in self.selections for program in selection.programs()))

    def judge(self, answers: Mapping[Program, Answer]) -> tuple[tuple[ToolchainRow, ...], Judged]:
        """The rows and what is wrong with them."""
        settled = self._settled(answers)
        rows = tuple(self._row(selection, answers) for selection in settled)
        unknown = [
            f"{row.tool}: {row.reason}"
            for selection, row in zip(settled, rows, strict=True)
            if row.reason and not selection.elsewhere
        ]
        evidence = ", ".join(f"{row.tool} {row.host_runs}" for row in rows if row.declared and row.host_runs)
        checks = (
            checked("toolchain", evidence=evidence, unknown="; ".join(unknown) or None),
            checked("toolchain.conflict"),
        )
        return rows, Judged(checks, self._findings(settled, rows, answers)) if self.wanted else Judged()

    def lines(self, answers: Mapping[Program, Answer], *, checking: bool = False) -> list[DoctorRow]:
        """The table's lines; `checking` before programs were asked."""
        settled = self._settled(answers)
        rows = [self._row(selection, answers) for selection in settled]
        return toolchain_rows(rows, self._findings(settled, rows, answers), checking=checking)

    def lines_of(self, program: Program, answers: Mapping[Program, Answer]) -> list[DoctorRow]:
        """The lines that this program's answer completes."""
        complete = {
            toolchain_key(self._row(selection, answers))
            for selection in self.selections
            if program in selection.programs() and all(other in answers for other in selection.programs())
        }
        return [line for line in self.lines(answers) if line.key in complete]

    def _settled(self, answers: Mapping[Program, Answer]) -> tuple[Selection, ...]:
        return tuple(one.settled(lambda program: self._answer(program, answers)) for one in self.selections)

    def _row(self, selection: Selection, answers: Mapping[Program, Answer]) -> ToolchainRow:
        row = finish(selection, lambda program: self._answer(program, answers), self.shown)
        reason = unknown_reason(selection, row, self._answer(selection.runs, answers))
        return replace(row, reason=reason or "")

    def _answer(self, program: Program | None, answers: Mapping[Program, Answer]) -> Answer:
        """A shim's answer is its manager's: computed, never asked."""
        if program is None:
            return _NOT_ASKED
        if program.shim_of:
            for selection in self.selections:
                runs = selection.runs
                same = selection.manager == program.shim_of and selection.tool == program.tool
                if same and runs and not runs.shim_of:
                    return answers.get(runs, _NOT_ASKED)
        return answers.get(program, _NOT_ASKED)

    def _findings(
        self, selections: Sequence[Selection], rows: Sequence[ToolchainRow], answers: Mapping[Program, Answer]
    ) -> tuple[Finding, ...]:
        found: list[Finding] = []
        broken: set[str | None] = set()
        for selection, row in zip(selections, rows, strict=True):
            said = row.source in broken and row.manager == "corepack"
            if row.error == "malformed" and not row.declared:
                broken.add(row.source)  # a file without any meaning is one finding, whoever reads it
            if not said:
                found += findings_of(selection, row, self._answer(selection.shadow, answers))
        return (*found, *(conflict_finding(conflict) for conflict in self.conflicts))


def read_toolchains(
    machine: Machine, images: tuple[ImageRow, ...], wanted: Wanted,
    select: Callable[[Machine], tuple[Selection, ...]] = select_all,
) -> Toolchains:
    """Every selection, and the pins that exclude each other; nothing where no toolchain check runs."""
    asked = wanted.any_of("toolchain", "toolchain.conflict")
    # With `--only toolchain.python`, or `r` on a row of the screen, no other tool's program is asked.
    found = select(replace(machine, images=images)) if asked else ()
    selections = tuple(one for one in found if wanted.subject(f"toolchain.{one.tool}"))
    team = [(one, pin) for one in selections for pin in one.pins if not _is_personal(machine, pin)]
    pins = tuple(pin for one, pin in team if not one.elsewhere)
    return Toolchains(
        selections, images, find_conflicts(pin for _, pin in team), pins, machine.files.shown, asked
    )


def _is_personal(machine: Machine, pin: Pin) -> bool:
    """A user's own default is no wish of the team's: what it selects is compared with the pins, it contradicts none."""
    return is_personal(pin.declared.path, machine.cwd, machine.home)
