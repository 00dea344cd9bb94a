"""The project's files as a repository: git's state, names, scripts, and the file system that holds them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.doctor import Judged
from devbox.core.frozen import dataclass
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject

if TYPE_CHECKING:
    # Not at run time: they load beside the other probes.
    from devbox.core.git_checks import GitState, Outsider, Tracked
    from devbox.core.tree_checks import Tree
    from devbox.project.checkout import Checkout

_ENV_FILE = ".env"


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at the repository told."""

    git: GitState | None
    tree: Tree


def _probe(subject: Subject, view: ProjectView) -> Found:
    # Deferred, like everything below: the readers load beside the other probes.
    from devbox.core.tree_checks import Tree
    from devbox.host.disk import disk_of
    from devbox.project.checkout import find_checkout

    root = str(view.root)
    checkout = find_checkout(root)
    disk = disk_of(root)
    if checkout is None:
        return Found(None, _walked(root, Tree(disk)))
    git = _git_state(subject, view, checkout)
    if git.unread:
        return Found(git, Tree(disk, unread=git.unread))
    return Found(git, _tracked_tree(root, checkout, git, Tree(disk)))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    from devbox.core import git_checks, tree_checks

    git = git_checks.judge(facts.git)
    tree = tree_checks.judge(facts.tree, wsl=bool(others.get("platform", {}).get("wsl")))
    return Judged((*git.checks, *tree.checks), (*git.findings, *tree.findings))


def _walked(root: str, tree: Tree) -> Tree:
    """The files of a project outside git; too many of them are not compared."""
    from devbox.core.git_checks import REGULAR, Tracked
    from devbox.core.tree_checks import survey
    from devbox.project.scripts import read_scripts, walk

    paths, complete = walk(root)
    scripts = read_scripts(root, (Tracked(path, REGULAR) for path in paths))
    unread = None if complete else "the folder is not a git checkout and holds too many files to compare"
    return replace(tree, names=survey(paths), scripts=scripts, unread=unread)


def _tracked_tree(root: str, checkout: Checkout, git: GitState, tree: Tree) -> Tree:
    from devbox.core.git_checks import REGULAR, SUBMODULE, Tracked
    from devbox.core.tree_checks import survey
    from devbox.project.scripts import read_scripts

    files = [
        replace(one, path=shown) if checkout.inside else one
        for one in git.tracked
        if one.mode != SUBMODULE and (shown := checkout.shown(one.path))
    ]
    own = [Tracked(_ENV_FILE, REGULAR)] if os.path.isfile(os.path.join(root, _ENV_FILE)) else []
    paths = [one.path for one in files]
    return replace(
        tree, names=survey(paths), scripts=read_scripts(root, (*own, *files)), env_file_tracked=_ENV_FILE in paths
    )


def _git_state(subject: Subject, view: ProjectView, checkout: Checkout) -> GitState:
    from devbox.core.git_checks import GitState
    from devbox.project import checkout as reader

    root, env = str(view.root), view.machine.env
    config = _config_files(env, str(subject.home))
    state = GitState(
        checkout.root, git_dir=checkout.git_dir,
        shallow=checkout.git_dir is None and os.path.isfile(os.path.join(checkout.root, ".git", "shallow")),
        foreign_owner=_foreign_owner(checkout.root, env, subject.uid, reader.safe_directories(config)),
        autocrlf=reader.autocrlf(checkout, config), line_endings_settled=reader.line_endings_settled(checkout),
    )
    if checkout.git_dir is not None:
        missing = not os.path.isdir(checkout.git_dir)
        state = replace(state, git_dir_missing=missing, git_dir_in_box=_in_box(view, checkout))
        if missing:
            return replace(state, unread="the repository of this worktree is not there")
    tracked, unread = _tracked(view, checkout)
    if unread:
        return replace(state, unread=unread)
    return replace(
        state, tracked=tracked, outsiders=_outsiders(view, checkout, root, tracked),
        empty_submodules=reader.empty_submodules(checkout, tracked), pointers=reader.lfs_pointers(checkout, tracked),
    )


def _tracked(view: ProjectView, checkout: Checkout) -> tuple[tuple[Tracked, ...], str | None]:
    """The index read as data, or by git itself where it is of a kind that only git reads; else why not."""
    from devbox.project.checkout import NotRead, read_index
    from devbox.project.git_index import parse_listing

    try:
        return read_index(checkout), None
    except NotRead as error:
        why = str(error)
    git = _git(view)
    if git is None:
        return (), f"{why}, and there is no git to ask"
    from devbox.host.git_program import GitFailed, staged_files

    try:
        return parse_listing(staged_files(git, checkout.root)), None
    except (GitFailed, ValueError) as error:
        return (), f"{why}; {error}"


def _outsiders(
    view: ProjectView, checkout: Checkout, root: str, tracked: Iterable[Tracked]
) -> tuple[Outsider, ...]:
    """Version files that git does not track, once anything is tracked at all."""
    from devbox.core.git_checks import Outsider
    from devbox.project.checkout import present_version_files

    # A folder that a checkout above it knows nothing of, as below a HOME under git, is no part of that checkout.
    names = {one.path for one in tracked if checkout.shown(one.path)}
    missing = [path for path in present_version_files(checkout, root) if path not in names] if names else []
    git = _git(view) if missing else None
    excluded: tuple[str, ...] = ()
    if git is not None:
        from devbox.host.git_program import GitFailed, ignored

        try:
            excluded = ignored(git, checkout.root, missing)
        except GitFailed:
            excluded = ()  # that they are not tracked is known all the same
    return tuple(
        Outsider(checkout.shown(path) or path, "ignored" if path in excluded else "untracked") for path in missing
    )


def _git(view: ProjectView) -> str | None:
    """git, where it may be run."""
    program = view.machine.path.find("git", ("git",))
    return program.path if program and not program.refused else None


def _config_files(env: Mapping[str, str], home: str) -> tuple[str, ...]:
    """git's configuration of system and user, the weakest first."""
    base = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return "/etc/gitconfig", os.path.join(base, "git", "config"), os.path.join(home, ".gitconfig")


def _foreign_owner(checkout: str, env: Mapping[str, str], uid: int, safe: tuple[str, ...]) -> int | None:
    """The owner that git does not accept: another uid, unless `sudo` came from it or configuration names the folder."""
    try:
        owner = os.stat(checkout).st_uid
    except OSError:
        return None
    if owner == uid or (uid == 0 and env.get("SUDO_UID") == str(owner)):
        return None
    above = [f"{checkout[:index]}/*" for index, letter in enumerate(checkout) if letter == "/"]
    return None if any(word in ("*", checkout, *above) for word in safe) else owner


def _in_box(view: ProjectView, checkout: Checkout) -> bool:
    """Whether the box, where it mounts the project at all, mounts the worktree's repository too."""
    mounts = view.project.box.mounts if view.project else ()
    sources = [mount.source.rstrip("/") for mount in mounts]
    holds = [any(f"{path}/".startswith(f"{source}/") for source in sources)
             for path in (checkout.root, checkout.git_dir or "")]  # fmt: skip
    return not holds[0] or holds[1]


GROUP = Group(
    "repository",
    dict.fromkeys(
        (
            "git.autocrlf", "git.version-files", "git.submodules", "git.lfs", "git.worktree", "git.shallow",
            "git.owner", "files.case", "files.collisions", "files.names", "files.mount", "files.line-endings",
            "files.bom", "files.executable",
        ),
        "",
    ),
    _probe, _judge,
)
