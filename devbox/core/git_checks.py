"""The state of the git checkout: what teammates don't get, what is missing here, what git refuses. Pure."""

from __future__ import annotations

from typing import Literal

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, collect, found, look, quoted, some

IDS = (
    "git.autocrlf", "git.version-files", "git.submodules", "git.lfs", "git.worktree", "git.shallow", "git.owner",
)
REGULAR, EXECUTABLE, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
"""Modes of the index."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One file of the index."""

    path: str
    """Relative to the checkout, undecodable bytes as surrogate escapes."""
    mode: int
    size: int | None = None
    """Bytes when git last looked; None where not told."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of git's configuration."""

    value: str
    origin: str
    """The file that says so."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """A version file that the next clone will not have."""

    path: str
    why: Literal["ignored", "untracked"]


@dataclass(frozen=True, slots=True)
class GitState:
    """One checkout, read as data."""

    checkout: str
    """Absolute; the folder with `.git`."""
    tracked: tuple[Tracked, ...] = ()
    unread: str | None = None
    """Why the index could not be read; then `tracked` is empty."""
    outsiders: tuple[Outsider, ...] = ()
    empty_submodules: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    """Files that hold a pointer of Git LFS."""
    git_dir: str | None = None
    """Where a `.git` file leads; None where `.git` is a folder."""
    git_dir_missing: bool = False
    git_dir_in_box: bool = True
    """False where the box mounts this worktree, but not the repository that it belongs to."""
    shallow: bool = False
    foreign_owner: int | None = None
    """The uid that owns the checkout, where git refuses it."""
    autocrlf: Setting | None = None
    line_endings_settled: bool = False
    """Whether .gitattributes says `*` has LF, whatever the configuration says."""


def judge(state: GitState | None) -> Judged:
    """Every git check; outside a checkout there is nothing to look at."""
    if state is None:
        return Judged(tuple(look(id, "this is not a git checkout") for id in IDS))
    return collect([
        _autocrlf(state), _version_files(state), _submodules(state), _lfs(state), _worktree(state), _shallow(state),
        _owner(state),
    ])


def _autocrlf(state: GitState) -> Verdict:
    setting = state.autocrlf
    if setting is None:
        return look("git.autocrlf", "core.autocrlf is not set"), ()
    check = look("git.autocrlf", f"core.autocrlf = {setting.value} ({setting.origin})")
    if setting.value.lower() not in ("true", "1", "yes", "on") or state.line_endings_settled:
        return check, ()
    message = f"core.autocrlf is {setting.value}: git gives text files CRLF, which breaks scripts in containers"
    return check, (
        found(
            "git.autocrlf", "warn", message, subject="core.autocrlf", expected="input", actual=setting.value,
            origin=Origin(setting.origin), hint="`git config core.autocrlf input`, or `* text=auto eol=lf` in "
            "`.gitattributes` for everybody",
        ),
    )


def _version_files(state: GitState) -> Verdict:
    if state.unread:
        return look("git.version-files", unknown=state.unread), ()
    check = look("git.version-files", f"{len(state.tracked)} files are tracked")
    return check, tuple(
        found(
            "git.version-files", "warn",
            f"{one.path} is {'ignored by git' if one.why == 'ignored' else 'not tracked'}: "
            "teammates and CI never get it",
            name=one.path.lstrip("."), expected="tracked", actual=one.why, origin=Origin(one.path),
            hint=f"`git add {'-f ' if one.why == 'ignored' else ''}{quoted(one.path)}`",
        )
        for one in state.outsiders
    )


def _submodules(state: GitState) -> Verdict:
    if state.unread:
        return look("git.submodules", unknown=state.unread), ()
    check = look("git.submodules", f"{sum(one.mode == SUBMODULE for one in state.tracked)} submodules")
    if not state.empty_submodules:
        return check, ()
    message = f"submodules that are not checked out: {some(state.empty_submodules)}"
    return check, (
        found(
            "git.submodules", "warn", message, expected="checked out", actual="empty",
            origin=Origin(".gitmodules"), hint="`git submodule update --init --recursive`",
        ),
    )


def _lfs(state: GitState) -> Verdict:
    if state.unread:
        return look("git.lfs", unknown=state.unread), ()
    check = look("git.lfs", "no file holds an LFS pointer")
    if not state.pointers:
        return check, ()
    message = f"Git LFS pointers stand in place of files: {some(state.pointers)}"
    return check, (
        found(
            "git.lfs", "warn", message, subject="git lfs", expected="content", actual="pointer",
            origin=Origin(state.pointers[0]), hint="`git lfs install --local`, then `git lfs pull`",
        ),
    )


def _worktree(state: GitState) -> Verdict:
    if state.git_dir is None:
        return look("git.worktree", "`.git` is a folder"), ()
    check = look("git.worktree", f"`.git` leads to {state.git_dir}")
    if state.git_dir_missing:
        message = f"`.git` leads to {state.git_dir}, which is not there: git does nothing in this folder"
        hint = "`git worktree repair` in the main checkout, or mount the main checkout beside this one"
        return check, (
            found("git.worktree", "warn", message, subject="worktree", expected=state.git_dir, actual="missing",
                  origin=Origin(".git"), hint=hint),
        )  # fmt: skip
    if state.git_dir_in_box:
        return check, ()
    message = f"this worktree's repository is {state.git_dir}, which the box does not mount: git won't work in the box"
    hint = f'`mounts = ["{state.git_dir}:{state.git_dir}"]` in `[box]`, if git is wanted in the box'
    return check, (
        found("git.worktree", "info", message, name="box", subject="worktree", origin=Origin(".git"), hint=hint),
    )


def _shallow(state: GitState) -> Verdict:
    check = look("git.shallow", "shallow" if state.shallow else "the history is complete")
    if not state.shallow:
        return check, ()
    message = "the clone is shallow: versions made from tags, blame and layer advice see only its newest commits"
    return check, (found("git.shallow", "info", message, subject="history", hint="`git fetch --unshallow`"),)


def _owner(state: GitState) -> Verdict:
    if state.foreign_owner is None:
        return look("git.owner", "git accepts the owner of this checkout"), ()
    check = look("git.owner", f"owned by uid {state.foreign_owner}")
    message = f"the checkout belongs to uid {state.foreign_owner}, so git refuses it as of dubious ownership"
    return check, (
        found(
            "git.owner", "warn", message, subject="owner", expected="your own uid", actual=str(state.foreign_owner),
            hint=f"`git config --global --add safe.directory {quoted(state.checkout)}`",
        ),
    )
