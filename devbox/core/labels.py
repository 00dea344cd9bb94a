"""The labels that are the only record of what devbox runs (contract.md, Labels; security.md 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    from devbox.core.project import Pairs

PREFIX = "dev.devbox."
PROJECT_ID = PREFIX + "project-id"
ROOT = PREFIX + "root"
SERVICE = PREFIX + "service"
ROLE = PREFIX + "role"
GENERATION = PREFIX + "generation"
CONFIG_DIGEST = PREFIX + "config-digest"
MODE = PREFIX + "mode"
SCHEMA = PREFIX + "schema"

SCHEMA_VERSION = "1"


def project_id(canonical_root: str, uid: int) -> str:
    """128-bit identity of a project: its canonical root path and the user, as 32 hex digits."""
    text = f"{canonical_root}\0{uid}".encode("utf-8", "surrogateescape")
    # Deferred: OpenSSL costs 3 ms.
    import hashlib

    return hashlib.sha256(text).hexdigest()[:32]


VOLUME = PREFIX + "volume"
"""On volumes only: the name as declared; the engine's name carries the project."""
NETWORK = PREFIX + "network"
"""On networks only: `private` or `egress`."""
HOOKS = PREFIX + "hooks"
"""On containers with create hooks only: a digest of them, since the engine's inspect cannot show them."""

IMAGE_KEYS = (PROJECT_ID, SERVICE, MODE, SCHEMA)
"""What images carry: no more, so that they do not change without cause."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose objects these are. Lookup is by label only; names are decoration made unique by `short`."""

    project_id: str
    root: str
    slug: str
    """The project's name as far as the engine's naming rules allow it."""

    @classmethod
    def of(cls, name: str, root: str, uid: int) -> Identity:
        """The identity of the project called `name` at the canonical `root`, for this user."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
        return cls(project_id(root, uid), root, slug or "project")

    @property
    def short(self) -> str:
        """The part of names that keeps two projects of one name apart."""
        return f"{self.slug}-{self.project_id[:8]}"

    @property
    def selector(self) -> dict[str, str]:
        """The labels that select everything of this project (images carry no root)."""
        return {PROJECT_ID: self.project_id, ROOT: self.root}

    def container_name(self, service: str, generation: int) -> str:
        """A name for a container of this generation."""
        return f"{self.short}-{service}-{generation}"

    def network_name(self, kind: str, generation: int) -> str:
        """A name for a network."""
        return f"{self.short}-{kind}-{generation}"

    def volume_name(self, declared: str) -> str:
        """The engine's name of a declared volume; without generation, because its data outlives containers."""
        return f"{self.short}-{declared}"

    def image_ref(self, service: str, mode: str) -> str:
        """The tag of a service's image, one for each mode."""
        tag = re.sub(r"[^A-Za-z0-9_.-]", "-", mode).lstrip(".-")[:100]
        return f"devbox/{self.short}-{re.sub(r'[^a-z0-9]+', '-', service).strip('-')}:{tag or 'default'}"

    def object_labels(self, *, service: str, role: str, generation: int, digest: str, mode: str) -> Pairs:
        """The labels of a container, network or volume, set when it is created."""
        return (
            (PROJECT_ID, self.project_id), (ROOT, self.root), (SERVICE, service), (ROLE, role),
            (GENERATION, str(generation)), (CONFIG_DIGEST, digest), (MODE, mode), (SCHEMA, SCHEMA_VERSION),
        )

    def image_labels(self, service: str, mode: str) -> Pairs:
        """The labels of a built image."""
        return ((PROJECT_ID, self.project_id), (SERVICE, service), (MODE, mode), (SCHEMA, SCHEMA_VERSION))
