"""Folder trust as a use case: who may build and run here, asked once per folder (security.md 2.2, 2.5).

Every flow that builds, starts, runs or fetches calls `require_trust` before anything else. Nothing a project contains
can answer: only a record in the user's state folder, the command line, or a person at a terminal.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

from devbox.core.errors import ConfigError, NotTrustedError
from devbox.core.frozen import dataclass
from devbox.core.text import shown_name
from devbox.flows.workspace import Workspace
from devbox.project.reading import Absent, Refused, read_outside_file, read_project_file
from devbox.store.trust import TrustRecord, TrustStore

CONTENT_FILES = (
    "devbox.toml", "devbox.local.toml", "Dockerfile", ".devcontainer/devcontainer.json", ".devcontainer.json",
    "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
)
"""What a project's box is made from; the Dockerfiles it names come on top."""

QUESTION = "trust this folder?"


@dataclass(frozen=True, slots=True)
class Folder:
    """A project folder as trust sees it."""

    root: str
    owner: int
    digest: str
    """`sha256:…` of the files that decide what is built and run."""

    @property
    def explanation(self) -> str:
        """What is asked, for whom, and what a yes means."""
        return (
            f"{shown_name(self.root)} is not trusted yet\n"
            f"  owner    uid {self.owner}\n"
            f"  content  {self.digest}\n"
            "A trusted folder's Dockerfile, images and commands may run in containers on your engine, with the\n"
            "network and the folders it mounts. devbox asks once per folder; `devbox trust --revoke` takes it back."
        )


def require_trust(workspace: Workspace) -> None:
    """Return when this folder may build and run; ask when nobody decided yet, and remember a yes.

    Raises NotTrustedError (exit 7) when declined, when nobody can be asked, or when `--trust=DIGEST` names something
    else than this content.
    """
    if workspace.trust_granted == "":
        return
    if workspace.trust_granted is not None:
        _match_digest(describe(workspace), workspace.trust_granted)
        return
    notes: list[str] = []
    if trusted(workspace, notes.append) is None:
        ask_for_trust(workspace, describe(workspace), notes)


def ask_for_trust(workspace: Workspace, folder: Folder, notes: Iterable[str] = ()) -> TrustRecord:
    """Ask, and remember a yes. Raises NotTrustedError for anything else, Ctrl-C at the question included (2.5)."""
    try:
        agreed = workspace.ask(QUESTION, detail="\n".join([*notes, folder.explanation]), trust=True)
    except KeyboardInterrupt:
        agreed = False
    if not agreed:
        raise declined(folder)
    return grant(workspace, folder)


def trusted(workspace: Workspace, note: Callable[[str], None] | None = None) -> TrustRecord | None:
    """The record that trusts this folder as it is, else None. Asks nobody; for read-only commands and the TUI.

    With `paranoid = true` in the user's config.toml a record counts only for the content it was given for. `note` is
    told why a record does not count.
    """
    record = TrustStore(workspace.state, note=note).find(str(workspace.root), owner_of(workspace.root))
    if record is not None and _paranoid(workspace) and record.content != describe(workspace).digest:
        if note is not None:
            note(f"the content changed since it was trusted on {record.granted}")
        return None
    return record


def grant(workspace: Workspace, folder: Folder) -> TrustRecord:
    """Remember that the user trusts this folder; only after the user said so."""
    return TrustStore(workspace.state).grant(folder.root, folder.owner, workspace.clock.time(), folder.digest)


def revoke(workspace: Workspace) -> bool:
    """Forget it; False when this folder was not trusted."""
    return TrustStore(workspace.state).revoke(str(workspace.root), owner_of(workspace.root))


def trusted_folders(workspace: Workspace, note: Callable[[str], None]) -> tuple[TrustRecord, ...]:
    """Every trusted folder of this user; `note` is told of damaged records."""
    return TrustStore(workspace.state, note=note).list()


def describe(workspace: Workspace) -> Folder:
    """This folder, with the digest of what it would build and run."""
    root = workspace.root
    return Folder(str(root), owner_of(root), content_digest(root, _dockerfiles(workspace)))


def content_digest(root: Path, more: Iterable[str] = ()) -> str:
    """`sha256:…` over the names and bytes of `CONTENT_FILES` and `more` (relative paths), absent ones left out."""
    digest = hashlib.sha256()
    for name in sorted({*CONTENT_FILES, *more}):
        content = read_project_file(root, name)
        if isinstance(content, bytes):
            encoded = name.encode("utf-8", "surrogateescape")
            digest.update(b"%d %d\0%s\0" % (len(encoded), len(content), encoded))
            digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def owner_of(root: Path) -> int:
    """The uid that owns a folder. Raises ConfigError when it can't be read."""
    try:
        return os.stat(root).st_uid
    except OSError as error:
        raise ConfigError(f"cannot read {root}: {error.strerror}", path=str(root)) from error


def declined(folder: Folder) -> NotTrustedError:
    """The error for a no, or for nobody there to ask."""
    return NotTrustedError(
        f"this folder is not trusted: {shown_name(folder.root)}", detail=f"its content is {folder.digest}",
        hint=f"read its devbox.toml and Dockerfile, then `devbox -C {shlex.quote(folder.root)} trust`; "
        "or add `--trust` for one run",
    )


def _paranoid(workspace: Workspace) -> bool:
    """`paranoid` of the user's config.toml. A file that can't be read is an error, never a no."""
    path = workspace.state.settings
    content = read_outside_file(path)
    if isinstance(content, Absent):
        return False
    if isinstance(content, Refused):
        raise ConfigError(f"{path} {content.sentence}", path=str(path))
    import tomllib  # 5 ms, and few users have the file

    try:
        value = tomllib.loads(content.decode("utf-8")).get("paranoid", False)
    except (ValueError, RecursionError) as error:
        raise ConfigError("not valid TOML", path=str(path)) from error
    if not isinstance(value, bool):
        raise ConfigError("`paranoid` is neither true nor false", path=str(path))
    return value


def _match_digest(folder: Folder, given: str) -> None:
    if given.removeprefix("sha256:").lower() != folder.digest.removeprefix("sha256:"):
        raise NotTrustedError(
            f"the content of {shown_name(folder.root)} is not what `--trust` names",
            detail=f"its content is {folder.digest}", hint=f"read what changed, then use `--trust={folder.digest}`",
        )


def _dockerfiles(workspace: Workspace) -> tuple[str, ...]:
    """The Dockerfiles the project names, as far as it can be read and they lie inside it."""
    try:
        services = workspace.project.services
    except ConfigError:
        return ()
    root = str(workspace.root)
    paths = [service.build.dockerfile for service in services if service.build is not None]
    return tuple(os.path.relpath(path, root) for path in paths if path.startswith(f"{root.rstrip('/')}/"))
