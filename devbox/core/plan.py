"""Operations: what will be done to the engine, each with its cause (contract.md, plan)."""

from __future__ import annotations

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One engine call to come; `resource` is a service, network or volume name."""

    kind: str
    """`build-image pull-image create-network create-volume create-container recreate-container start-container
    restart-container stop-container remove-container remove-network remove-volume remove-image wait-ready run-hook`"""
    resource: str
    cause: str

    def __str__(self) -> str:
        return f"{self.kind.replace('-', ' ')} {self.resource}: {self.cause}"
