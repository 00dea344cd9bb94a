"""The project's settings: `.env` against its example, compose variables that stay empty, secrets in plain sight. Pure.

Findings name variables, never their values; the values do not come this far.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, collect, found, look, quoted, some
from devbox.core.masking import secret_name

if TYPE_CHECKING:
    from devbox.core.project import Service

ENV_FILE = ".env"
_SET_BY_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME"})

Fallback = Literal["empty", "default", "error", "optional"]


@dataclass(frozen=True, slots=True)
class DotenvName:
    """One variable of a dotenv file, without its value."""

    name: str
    line: int
    empty: bool
    secret: bool = False
    """Whether name or value look like a secret."""


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """A dotenv file without its values."""

    path: str
    names: tuple[DotenvName, ...] = ()
    """Each name once; of one written twice the later line counts."""
    bad_lines: tuple[int, ...] = ()
    readable_by_others: bool = False
    """Whether any user of this machine can open it."""

    def of(self, name: str) -> DotenvName | None:
        """The line of that name."""
        return next((one for one in self.names if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a compose file interpolates a variable."""

    name: str
    line: int
    fallback: Fallback
    """Where it is not set: it becomes empty, has a default, stops compose, or stands for something optional."""
    empty_counts: bool = False
    """Whether an empty value counts as unset (`:-`, `:?`)."""
    unless: tuple[str, ...] = ()
    """Variables in whose default it stands: it matters only where they are not set."""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What files say of the project's environment."""

    example: DotenvFile | None = None
    actual: DotenvFile | None = None
    """`.env`; None where there is none."""
    refused: str | None = None
    """Why `.env` or its example could not be read."""
    uses: tuple[Use, ...] = ()
    refused_compose: str | None = None


def judge(
    settings: Settings, environment: Collection[str], services: tuple[Service, ...], env_file_tracked: bool | None
) -> Judged:
    """Every check of settings. `environment` are the names that the caller has set, to something or to nothing."""
    return collect([
        _example(settings, environment), _exposed(settings, env_file_tracked), _interpolation(settings, environment),
        _secrets(services),
    ])


def _example(settings: Settings, environment: Collection[str]) -> Verdict:
    example, actual = settings.example, settings.actual
    if settings.refused:
        return look("env.example", unknown=settings.refused), ()
    if example is None:
        return look("env.example", "there is no example of a .env file"), _bad_lines(actual)
    check = look("env.example", f"{example.path} names {len(example.names)} variables")
    missing = [one for one in example.names if one.name not in environment and not (actual and actual.of(one.name))]
    if actual is None and missing:
        names = tuple(one.name for one in missing)
        message = f"there is no {ENV_FILE}; {example.path} names {some(names)}"
        hint = f"`cp {quoted(example.path)} {ENV_FILE}`, then fill it in"
        return check, (
            found("env.example", "warn", message, subject=ENV_FILE, expected="present", actual="missing",
                  origin=Origin(example.path), hint=hint),
        )  # fmt: skip
    return check, (
        *(_missing(example, one) for one in missing), *_notes(example, actual, environment), *_bad_lines(actual),
    )


def _missing(example: DotenvFile, one: DotenvName) -> Finding:
    message = f"{one.name} is neither in {ENV_FILE} nor set, `{example.path}:{one.line}` names it"
    return found(
        "env.example", "warn", message, name=one.name, expected="set", actual="missing",
        origin=Origin(example.path, one.line), hint=f"`echo '{one.name}=…' >> {ENV_FILE}`",
    )


def _notes(example: DotenvFile, actual: DotenvFile | None, environment: Collection[str]) -> list[Finding]:
    """What is worth knowing: names that only `.env` has, and empty ones that the example fills."""
    if actual is None:
        return []
    notes = []
    extra = tuple(one.name for one in actual.names if example.of(one.name) is None)
    if extra:
        message = f"{ENV_FILE} has names that {example.path} lacks: {some(extra)}"
        notes.append(found("env.example", "info", message, name="extra", origin=Origin(ENV_FILE),
                           hint=f"add them to `{example.path}`, so that teammates know of them"))  # fmt: skip
    empty = tuple(
        one.name
        for one in actual.names
        if one.empty and one.name not in environment and (like := example.of(one.name)) and not like.empty
    )
    if empty:
        message = f"empty in {ENV_FILE}, but not in {example.path}: {some(empty)}"
        notes.append(found("env.example", "info", message, name="empty", origin=Origin(ENV_FILE),
                           hint=f"fill them in, in `{ENV_FILE}`"))  # fmt: skip
    return notes


def _bad_lines(actual: DotenvFile | None) -> tuple[Finding, ...]:
    if actual is None or not actual.bad_lines:
        return ()
    line = actual.bad_lines[0]
    message = f"`{actual.path}:{line}` is not a line of an env file"
    return (
        found("env.example", "warn", message, name="syntax", subject=actual.path, expected="NAME=VALUE",
              actual="another line", origin=Origin(actual.path, line), hint=f"write `NAME=VALUE` in line {line}"),
    )  # fmt: skip


def _exposed(settings: Settings, tracked: bool | None) -> Verdict:
    actual = settings.actual
    if actual is None:
        return look("env.exposed", f"there is no {ENV_FILE}"), ()
    check = look("env.exposed", f"{ENV_FILE} names {len(actual.names)} variables",
                 unknown="whether git tracks it is not known" if tracked is None else None)  # fmt: skip
    findings = []
    if tracked:
        message = f"{ENV_FILE} is tracked by git: what one person sets goes to everybody, and stays in the history"
        hint = f"`git rm --cached {ENV_FILE} && echo {ENV_FILE} >> .gitignore`, then change what was secret in it"
        findings.append(found("env.exposed", "warn", message, name="tracked", subject=ENV_FILE, expected="ignored",
                              actual="tracked", origin=Origin(ENV_FILE), hint=hint))  # fmt: skip
    secrets = tuple(one.name for one in actual.names if one.secret and not one.empty)
    if actual.readable_by_others and secrets:
        message = f"every user of this machine can read {ENV_FILE}, which holds {some(secrets)}"
        findings.append(found("env.exposed", "warn", message, name="mode", subject=ENV_FILE, expected="0600",
                              actual="readable by others", origin=Origin(ENV_FILE),
                              hint=f"`chmod 600 {ENV_FILE}`"))  # fmt: skip
    return check, tuple(findings)


def _interpolation(settings: Settings, environment: Collection[str]) -> Verdict:
    """Names that the example has are `env.example`'s to tell: one fault, one finding."""
    if settings.refused_compose:
        return look("env.interpolation", unknown=settings.refused_compose), ()
    given = {one.name for one in settings.actual.names} if settings.actual else set()
    empty = {one.name for one in settings.actual.names if one.empty} if settings.actual else set()
    told = {one.name for one in settings.example.names} if settings.example else set()
    known = given | set(environment) | told | _SET_BY_COMPOSE
    findings: dict[str, Finding] = {}
    for use in settings.uses:
        unset = use.name not in known or (use.empty_counts and use.name in empty and use.name not in environment)
        if unset and use.fallback in ("empty", "error") and not any(name in known for name in use.unless):
            findings.setdefault(use.name, _unset(use))
    names = {use.name for use in settings.uses}
    return look("env.interpolation", f"{len(names)} variables are interpolated"), tuple(findings.values())


def _unset(use: Use) -> Finding:
    stops = use.fallback == "error"
    what = "compose stops there" if stops else "compose puts nothing in its place"
    return found(
        "env.interpolation", "error" if stops else "warn",
        f"{use.name} is not set, `{use.path}:{use.line}` interpolates it: {what}",
        name=use.name, expected="set", actual="missing", origin=Origin(use.path, use.line),
        hint=f"`echo '{use.name}=…' >> {ENV_FILE}`, or a default: `${{{use.name}:-default}}`",
    )


def _secrets(services: tuple[Service, ...]) -> Verdict:
    """Plain settings are seen in the engine's inspect by whoever may ask it (security.md 7.1)."""
    findings = []
    for service in services:
        names = tuple(name for name, value in service.env if value and secret_name(name))
        if names:
            message = f"`docker inspect` shows settings of {service.name} that look like secrets: {some(names)}"
            findings.append(found(
                "env.secrets", "info", message, name=service.name, origin=service.origin_of("env"),
                hint="for a build: `secrets` in devbox.toml; for development use values that open nothing else",
            ))  # fmt: skip
    return look("env.secrets", f"{sum(len(service.env) for service in services)} settings"), tuple(findings)
