"""The variables that each instruction of a Dockerfile sees: build arguments, ENV, what a base image sets.

By moby/buildkit's `dockerfile2llb` (`buildMetaArgs`, `dispatchArg`, `dispatchEnv`; spec/buildkit.md 4.2).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from devbox.core.errors import ConfigError
from devbox.project.dockerfile import Dockerfile, Instruction
from devbox.project.dockerfile_values import pairs
from devbox.project.shell_words import expand

PREDEFINED = frozenset({
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
    "ALL_PROXY", "all_proxy",
})
"""Build arguments that need no ARG."""
PLATFORM_NAMES = (
    "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS", "TARGETARCH",
    "TARGETVARIANT",
)


@dataclass(slots=True)
class Scope:
    """The variables at one place of a stage, in the order in which they were set."""

    image: dict[str, str] = field(default_factory=dict)
    """ENV, the base image's included: what the image itself keeps."""
    all: dict[str, str] = field(default_factory=dict)
    """Those and build arguments, inherited ones too: what is expanded."""
    declared: set[str] = field(default_factory=set)
    """Names of ARG, with a value or without."""

    def __post_init__(self) -> None:
        self.all = {**self.image, **self.all}

    def inherited(self) -> Scope:
        """What a stage FROM this one starts with."""
        return Scope(dict(self.image), dict(self.all), set(self.declared))

    def set_env(self, instruction: Instruction, escape: str) -> None:
        """An ENV; all its values see what was set before it. ValueError for what BuildKit refuses."""
        found = [(expand(one.name, self.all, escape), expand(one.value or "", self.all, escape))
                 for one in pairs(instruction, escape)]
        for name, value in found:
            for variables in (self.image, self.all):
                variables.pop(name, None)
                variables[name] = value

    def declare(
        self, instruction: Instruction, escape: str, given: Mapping[str, str], outside: Mapping[str, str]
    ) -> None:
        """An ARG: the given value, else its default, else that of the ARG before the first FROM, else none."""
        found = [(expand(one.name, self.all, escape),
                  None if one.value is None else expand(one.value, self.all, escape))
                 for one in pairs(instruction, escape)]
        for name, default in found:
            value = given.get(name, default)
            if value is None:
                value = outside.get(name)
            self.declared.add(name)
            if value is not None:
                self.all.pop(name, None)
                self.all[name] = value


def global_scope(
    dockerfile: Dockerfile, given: Mapping[str, str], platform: str, *, lenient: bool = False
) -> dict[str, str]:
    """The variables of FROM lines: each ARG before the first, with the given value or its default, and the platform's
    own. Raises ConfigError for a substitution that BuildKit refuses, unless `lenient`."""
    variables = platform_variables(platform)
    for instruction in dockerfile.arguments:
        try:
            for one in pairs(instruction, dockerfile.escape):
                if one.name in given:
                    variables[one.name] = given[one.name]
                elif one.value is not None:
                    variables[one.name] = expand(one.value, variables, dockerfile.escape)
        except ValueError as error:
            if not lenient:
                raise ConfigError(
                    f"a variable in ARG cannot be replaced: {error}", path=dockerfile.path, line=instruction.line,
                    column=1,
                ) from None
    return variables


def platform_variables(platform: str) -> dict[str, str]:
    """`BUILDPLATFORM`, `TARGETARCH` and so on, where build and target platform are the same."""
    if not platform:
        return {}
    system, arch, variant = (*platform.split("/"), "", "")[:3]
    values = (platform, system, arch, variant)
    return dict(zip(PLATFORM_NAMES, values + values, strict=True))


def joined_path(current: str, path: str) -> str:
    """A working directory: an absolute path as it is written, a relative one below the current one."""
    if path.startswith("/"):
        return path
    return "/" + posixpath.normpath(posixpath.join("/", current, path)).lstrip("/")
