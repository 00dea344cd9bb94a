"""devcontainer.json: its image, its Dockerfile and the versions of its features (spec/toolchains.md 14).

Source of the variables: `src/spec-common/variableSubstitution.ts` of devcontainers/cli. A variable whose name promises
a secret is left as it stands, because what comes out is printed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.json_positions import JsonDocument
from devbox.project.jsonc_source import parse_jsonc

FILES = (".devcontainer/devcontainer.json", ".devcontainer.json")
FOLDER = ".devcontainer"
_VARIABLE = re.compile(r"\$\{([^}\n]{1,256})\}")
_SECRET = re.compile(r"(?i)token|secret|passw|credential|key|auth|cookie|session")
_LENGTH_LIMIT = 1024
_FEATURE_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature with a version."""

    name: str
    """The last part of its reference, without its own version: `node`."""
    version: str
    line: int | None


@dataclass(frozen=True, slots=True)
class DevContainer:
    """What one file says of toolchains."""

    image: str | None = None
    image_line: int | None = None
    dockerfile: str | None = None
    """Relative to the file's folder."""
    features: tuple[Feature, ...] = ()
    problem: str | None = None
    line: int | None = None


def parse(data: bytes, path: str, env: Mapping[str, str], workspace: str) -> DevContainer:
    """Image and features, variables of the caller replaced; never raises."""
    try:
        document = parse_jsonc(data, path)
    except ConfigError as error:
        return DevContainer(problem=error.summary, line=error.line)

    def text(value: object) -> str | None:
        return _expanded(value, env, workspace) if isinstance(value, str) else None

    build = document.get("build", "dockerfile")
    return DevContainer(
        image=text(document.get("image")), image_line=document.line("image"),
        dockerfile=text(build if build is not None else document.get("dockerFile")),
        features=_features(document, text),
    )


def _features(document: JsonDocument, text: Callable[[object], str | None]) -> tuple[Feature, ...]:
    found = []
    features = document.get("features")
    for reference, value in list(features.items())[:_FEATURE_LIMIT] if isinstance(features, dict) else ():
        in_table = isinstance(value, dict)
        version = text(value.get("version") if isinstance(value, dict) else value)
        line = document.line("features", reference, "version") if in_table else document.line("features", reference)
        if version is not None:
            found.append(Feature(_feature_name(reference), version, line))
    return tuple(found)


def _feature_name(reference: str) -> str:
    """`ghcr.io/devcontainers/features/node:1` → `node`; a digest is cut like a version."""
    return reference.rstrip("/").rpartition("/")[2].partition("@")[0].partition(":")[0].lower()


def _expanded(value: str, env: Mapping[str, str], workspace: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        variable, *arguments = match[1].split(":")
        if variable in ("env", "localEnv") and arguments and not _SECRET.search(arguments[0]):
            return env.get(arguments[0], arguments[1] if len(arguments) > 1 else "")
        if variable == "localWorkspaceFolder":
            return workspace
        return os.path.basename(workspace) if variable == "localWorkspaceFolderBasename" else match[0]

    return _VARIABLE.sub(replaced, value[:_LENGTH_LIMIT])[:_LENGTH_LIMIT]
