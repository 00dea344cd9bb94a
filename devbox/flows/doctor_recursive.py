"""`devbox doctor --recursive`: the working directory's project and every sub-project below it, in one report.

A folder is a project of its own where it has a version file, a devbox.toml or a Dockerfile that git does not ignore.
What many folders share (files above them, what PATH answers, versions of programs) is read once, and the machine is
looked at once. Nothing of the repository is run, fetched or written, as everywhere in doctor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from devbox.core.checks import Wanted
from devbox.core.doctor import Judged
from devbox.core.errors import ConfigError, UsageError
from devbox.core.facts import Origin
from devbox.core.findings import Conflict, DoctorReport, DoctorRow, Finding, ImageRow, ToolchainRow
from devbox.core.frozen import dataclass
from devbox.core.judging import some
from devbox.core.pins import Pin
from devbox.core.project import Project
from devbox.core.toolchain.selection import Answer, Program, Selection
from devbox.flows.doctor import DEADLINE, EVERYTHING, Examination, late, wanted_groups
from devbox.flows.doctor_project import ProjectView, Subject, config_finding, images_of, view_project
from devbox.flows.probing import run_all
from devbox.flows.shared_reading import Readers, remembering
from devbox.flows.toolchain_report import Toolchains, read_toolchains
from devbox.host.git_listing import visible_files
from devbox.project.discovery import DOCKERFILE, FILE, Discovery, load_project
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.subprojects import project_folders, walk

LIMIT = 2000
"""Sub-projects of one report."""


def examine_all(subject: Subject, wanted: Wanted = EVERYTHING) -> DoctorReport:
    """The report; a toolchain's row says which project it belongs to, paths are relative to the root."""
    view = view_project(subject, wanted)
    view = replace(view, machine=remembering(view.machine))
    folders, reason = find_folders(view, subject)
    root = str(view.root)
    here = os.path.relpath(view.machine.cwd, root)
    parts = [_Part(here, read_toolchains(view.machine, view.images, wanted), everything=True)]
    subviews = [_subview(view, folder, subject) for folder in folders[:LIMIT] if folder != here]
    readers = Readers(view.machine)
    parts += [
        _Part(name, read_toolchains(sub.machine, sub.images, wanted, readers.select_for(name)))
        for name, sub in subviews
    ]
    many = Many(tuple(part.own() for part in parts))
    examination = Examination(view, many, wanted, wanted_groups(wanted))
    return _run(subject, examination, dict(subviews), _notes(folders, reason))


def find_folders(view: ProjectView, subject: Subject) -> tuple[tuple[str, ...], str | None]:
    """Folders with a project of their own, relative to the root and sorted; and why git's ignores are not in it."""
    root = str(view.root)
    listed = _git_files(view, root)
    if isinstance(listed, list):
        return project_folders(name for name in listed if not name.endswith(b"/")), None
    closed: list[str] = []
    found = project_folders(walk(root, subject.clock.monotonic, closed.append))
    skipped = f"{some(tuple(sorted(closed)))} cannot be listed" if closed else None
    return found, "; ".join(reason for reason in (listed, skipped) if reason) or None


def _git_files(view: ProjectView, root: str) -> list[bytes] | str | None:
    """What git lists; why it does not; None outside a repository, where there are no ignores to keep."""
    if not any(os.path.lexists(os.path.join(folder, ".git")) for folder in folders_up(root)):
        return None
    git = view.machine.path.find("git", ("git",))
    if git is None or git.refused:
        return f"git: {git.refused if git else 'not on PATH'}"
    return visible_files(git.path, root, view.machine.home)


def _notes(folders: tuple[str, ...], reason: str | None) -> Judged:
    words = []
    if reason:
        words.append(f"the folders were walked, not what git lists ({reason})")
    if len(folders) > LIMIT:
        words.append(f"{len(folders)} sub-projects; only the first {LIMIT} are in this report")
    found = tuple(Finding("project.files.walk", "project.files", "code", "info", "--recursive", word) for word in words)
    return Judged((), found)


def _run(
    subject: Subject, examination: Examination, subviews: Mapping[str, ProjectView], notes: Judged
) -> DoctorReport:
    """Every probe beside the others: of programs and groups, and of groups in sub-projects that describe a box."""
    groups = tuple(group for group in examination.groups if group.in_subprojects)
    boxes = {name: _by_itself(view) for name, view in subviews.items() if view.has_box}
    inside: dict[Hashable, Callable[[], Any]] = {
        (group.name, name): partial(group.probe, subject, view) for name, view in boxes.items() for group in groups
    }
    found: dict[tuple[str, str], object] = {}
    probes: dict[Hashable, Callable[[], Any]] = {**examination.probes(subject), **inside}
    for key, value, seconds in run_all(probes, clock=subject.clock, deadline=DEADLINE):
        if isinstance(key, tuple):
            found[key] = value
        else:
            examination.keep(key, value, seconds)
    others = [notes, *(Judged((), view.problems) for view in subviews.values())]
    for name, view in boxes.items():
        for group in groups:
            key = (group.name, name)
            judged = group.judge(found[key], view, examination.found) if key in found else late(group)
            others.append(_below(judged, name))
    return examination.report(others)


def _by_itself(view: ProjectView) -> ProjectView:
    """A sub-project whose paths begin at its own root, as a group expects."""
    root = str(view.root)
    machine = replace(view.machine, files=VersionFiles(root), pins=view.project.toolchains if view.project else ())
    return replace(view, machine=machine)


def _below(judged: Judged, folder: str) -> Judged:
    """A sub-project's findings as the root sees them. Its checks are the root's own, so only findings count."""
    return Judged((), tuple(_finding_below(finding, folder) for finding in judged.findings))


def _finding_below(finding: Finding, folder: str) -> Finding:
    if folder == ".":
        return finding
    origin = finding.origin
    if origin is not None and not origin.path.startswith(("/", "env:")):
        origin = replace(origin, path=f"{folder}/{origin.path}")
    return replace(finding, origin=origin, message=f"{folder}: {finding.message}")


# One project among many


@dataclass(frozen=True, slots=True)
class _Part:
    """The toolchains of one folder; `everything` also those that it inherits."""

    folder: str
    toolchains: Toolchains
    everything: bool = False

    def own(self) -> tuple[str, Toolchains]:
        """Without what a folder above decides, which is reported there."""
        if self.everything:
            return self.folder, self.toolchains
        selections = tuple(one for one in self.toolchains.selections if self._is_own(one))
        conflicts = tuple(
            one for one in self.toolchains.conflicts if any(self._holds(source.path) for source in one.sources)
        )
        return self.folder, replace(self.toolchains, selections=selections, conflicts=conflicts)

    def _is_own(self, selection: Selection) -> bool:
        paths = [pin.path for pin in selection.declared] or ([selection.source] if selection.source else [])
        return any(self._holds(path) for path in paths)

    def _holds(self, path: str) -> bool:
        if path.startswith(("/", "env:")):
            return False
        return self.folder == "." or path.startswith(f"{self.folder}/")


@dataclass(frozen=True, slots=True)
class Many:
    """The toolchains of all folders, as one."""

    parts: tuple[tuple[str, Toolchains], ...]
    """Folder relative to the root, and what it pins."""

    @property
    def images(self) -> tuple[ImageRow, ...]:
        """Every FROM."""
        return tuple(image for _, part in self.parts for image in part.images)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """Those of the working directory: the box that is compared with them is its own."""
        return self.parts[0][1].pins

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every contradiction, once."""
        return tuple(dict.fromkeys(conflict for _, part in self.parts for conflict in part.conflicts))

    def programs(self) -> tuple[Program, ...]:
        """Each program once, however many folders select it."""
        return tuple(dict.fromkeys(program for _, part in self.parts for program in part.programs()))

    def judge(self, answers: Mapping[Program, Answer]) -> tuple[tuple[ToolchainRow, ...], Judged]:
        """Rows with their folder, and what is wrong with them."""
        rows: list[ToolchainRow] = []
        verdicts: list[Judged] = []
        for folder, part in self.parts:
            made, verdict = part.judge(answers)
            rows += (replace(row, project=folder) for row in made)
            verdicts.append(verdict)
        return tuple(rows), _together(verdicts)

    def lines(self, answers: Mapping[Program, Answer], *, checking: bool = False) -> list[DoctorRow]:
        """Not drawn while it runs."""
        return []

    def lines_of(self, program: Program, answers: Mapping[Program, Answer]) -> list[DoctorRow]:
        """Not drawn while it runs."""
        return []


def _together(verdicts: list[Judged]) -> Judged:
    """The checks once, with every reason why one could not decide and the evidence of all."""
    merged = []
    for check in verdicts[0].checks:
        same = [one for verdict in verdicts for one in verdict.checks if one.id == check.id]
        reasons = dict.fromkeys(one.reason for one in same if one.reason)
        seen = dict.fromkeys(word for one in same for word in one.evidence.split(", ") if word)
        merged.append(replace(check, reason="; ".join(reasons) or None, evidence=", ".join(seen)))
    findings = dict.fromkeys(finding for verdict in verdicts for finding in verdict.findings)
    return Judged(tuple(merged), tuple(findings))


def _subview(view: ProjectView, folder: str, subject: Subject) -> tuple[str, ProjectView]:
    """A sub-project as doctor sees it: its own devbox.toml and Dockerfile, everything else shared."""
    root = os.path.normpath(os.path.join(view.root, folder))
    project, problems = _project(root, folder, subject)
    files = view.machine.files
    has_dockerfile = files.is_file(os.path.join(root, DOCKERFILE))
    images: tuple[ImageRow, ...] = ()
    if has_dockerfile or project:
        images, more = images_of(files, root, project)
        problems += more
    pins = project.toolchains if project else ()
    below = tuple(replace(pin, origin=replace(pin.origin, path=os.path.join(folder, pin.origin.path))) for pin in pins)
    machine = replace(view.machine, cwd=root, pins=below)
    return folder, replace(
        view, root=Path(root), machine=machine, project=project, has_box=has_dockerfile or project is not None,
        images=images, problems=problems, checks=(),
    )


def _project(root: str, folder: str, subject: Subject) -> tuple[Project | None, tuple[Finding, ...]]:
    if not os.path.lexists(os.path.join(root, FILE)):
        return None, ()
    found = Discovery(Path(root), FILE, "devbox.toml")
    try:
        return load_project(found, env=subject.env, home=subject.home, launching=False), ()
    except (ConfigError, UsageError) as error:
        finding = config_finding(error)
        path = os.path.join(folder, finding.origin.path) if finding.origin else FILE
        line, column = (finding.origin.line, finding.origin.column) if finding.origin else (None, None)
        return None, (replace(finding, subject=path, origin=Origin(path, line, column)),)
