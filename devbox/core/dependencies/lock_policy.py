"""`[policy] lock` of devbox.toml: whether the image must be built from a lock file, or must not hold one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from devbox.core.facts import Origin
from devbox.core.findings import Finding
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, found, look

if TYPE_CHECKING:  # so that a project without dependencies pays for none of it
    from devbox.core.dependencies.model import Ecosystem, Examined

ID = "policy.lock"


@dataclass(frozen=True, slots=True)
class Copied:
    """A lock file that an instruction brings into the image."""

    lock: str
    """Relative to the context."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Install:
    """A command that installs what a manifest declares."""

    ecosystem: Ecosystem
    command: str
    """Its first words: `npm ci`."""
    origin: Origin
    locked: bool
    """Whether a lock file is there for it by then."""


@dataclass(frozen=True, slots=True)
class DockerfileUse:
    """What one Dockerfile does with lock files."""

    path: str
    copied: tuple[Copied, ...] = ()
    installs: tuple[Install, ...] = ()


def judge_policy(
    policy: Literal["require", "forbid"] | None, examined: Iterable[Examined], uses: Iterable[DockerfileUse]
) -> Verdict:
    """The check and what violates the policy; without a policy there is nothing to violate."""
    if policy is None:
        return look(ID, "devbox.toml sets no `[policy] lock`"), ()
    findings = _required(examined, uses) if policy == "require" else _forbidden(uses)
    return look(ID, f"lock = {policy}", line="lock policy", expected=policy), tuple(findings)


def _required(examined: Iterable[Examined], uses: Iterable[DockerfileUse]) -> Iterable[Finding]:
    """A manifest without a lock file, then each Dockerfile's first installation without one."""
    for one in examined:
        lacking = next((problem for problem in one.problems if problem.kind in ("missing", "unpinned")), None)
        if lacking is not None:
            yield found(
                ID, "error", f"the policy requires a lock file: {lacking.message}", hint=lacking.hint, name="missing",
                subject=one.ecosystem, expected="a lock file", actual="none", origin=Origin(lacking.path, lacking.line),
            )
    for use in uses:
        bare = next((install for install in use.installs if not install.locked), None)
        if bare is not None:
            yield found(
                ID, "error", f"`{bare.command}` runs without a lock file in the image, and the policy requires one",
                hint="`COPY` the lock file beside the manifest, before the installation", name="unused",
                subject=use.path, expected="a lock file in the image", actual="none", origin=bare.origin,
            )


def _forbidden(uses: Iterable[DockerfileUse]) -> Iterable[Finding]:
    for use in uses:
        if use.copied:
            first = use.copied[0]
            yield found(
                ID, "error", f"{first.lock} is copied into the image, and the policy forbids lock files there",
                hint=f"name `{first.lock}` in .dockerignore", name="forbidden", subject=use.path,
                expected="no lock file in the image", actual=first.lock, origin=first.origin,
            )
