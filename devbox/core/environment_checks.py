"""The caller's environment: PATH, variables that change every program, modules that hide others. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding, Severity
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, collect, found, look, quoted, some

VARIABLES: Mapping[str, tuple[Severity, str]] = {
    "PYTHONHOME": ("warn", "every Python takes its standard library from there"),
    "PYTHONPATH": ("info", "every Python imports from there first"),
    "PYTHONSTARTUP": ("info", "interactive Pythons run it first"),
    "NODE_OPTIONS": ("info", "every Node starts with them"),
    "NODE_PATH": ("info", "every Node looks for modules there"),
    "LD_PRELOAD": ("warn", "it is loaded into every program"),
    "LD_LIBRARY_PATH": ("info", "every program looks for libraries there first"),
    "DYLD_INSERT_LIBRARIES": ("warn", "it is loaded into every program"),
    "DYLD_LIBRARY_PATH": ("info", "every program looks for libraries there first"),
    "JAVA_TOOL_OPTIONS": ("info", "every Java starts with them"),
    "_JAVA_OPTIONS": ("info", "every Java starts with them"),
    "RUBYOPT": ("info", "every Ruby starts with them"),
    "RUBYLIB": ("info", "every Ruby looks for libraries there first"),
    "PERL5OPT": ("info", "every Perl starts with them"),
    "PERL5LIB": ("info", "every Perl looks for libraries there first"),
    "BASH_ENV": ("info", "every bash script runs it first"),
    "GIT_DIR": ("info", "git works on that repository, wherever it is called"),
    "GIT_WORK_TREE": ("info", "git works on those files, wherever it is called"),
    "GIT_INDEX_FILE": ("info", "git uses that index"),
    "GIT_SSL_NO_VERIFY": ("warn", "git trusts any server"),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("warn", "Node trusts any server"),
}
"""Variables that make programs behave differently here than on a teammate's machine: how bad it is, and what they do.
`info` where tools and CI systems set them in earnest."""


_ONLY_WHERE = {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}
"""Variables that change something at one value only."""


@dataclass(frozen=True, slots=True)
class PathEntry:
    """One folder of PATH."""

    directory: str
    real: str
    """Links resolved."""
    open_to_others: bool = False
    """Whether anybody on this machine may put programs there."""
    manager: str | None = None
    """The version manager whose shims lie there."""
    hidden_by: str | None = None
    """A system folder that comes earlier and has some of the same tools."""
    hidden: tuple[str, ...] = ()
    """Those tools."""


@dataclass(frozen=True, slots=True)
class Hiding:
    """A module of the project with a name that is taken."""

    path: str
    module: str
    whose: str
    """`the standard library`, or the folder of packages that has one of that name."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What was looked at."""

    path: tuple[PathEntry, ...] = ()
    hiding: tuple[Hiding, ...] = ()
    unread: str | None = None
    """Why the project's folder could not be listed."""


def judge(environment: Environment, variables: Mapping[str, str]) -> Judged:
    """Every check of the environment. Of `variables` only names are told."""
    # A CI runner's own folders are open to all, and nobody else is on that machine.
    writable: Severity = "info" if variables.get("CI") else "warn"
    return collect([_path(environment.path, writable), _variables(variables), _shadowing(environment)])


def _path(entries: tuple[PathEntry, ...], writable: Severity) -> Verdict:
    check = look("env.path", f"{len(entries)} entries")
    findings = [
        found(
            "env.path", writable, f"anybody on this machine may put programs into {one.directory}, which is on PATH",
            name="writable", subject="PATH", expected="writable by its owner", actual="writable by all",
            origin=Origin("env:PATH"), hint=f"`chmod o-w {quoted(one.directory)}`, or take it off PATH",
        )
        for one in entries
        if one.open_to_others
    ]
    findings += [_late(one) for one in entries if one.hidden]
    places = [one.directory for one in entries]
    twice = tuple(dict.fromkeys(place for number, place in enumerate(places) if place in places[:number]))
    if twice:
        message = f"PATH has the same folder more than once: {some(twice)}"
        findings.append(found("env.path", "info", message, name="twice", subject="PATH", origin=Origin("env:PATH"),
                              hint="look in your shell's start files for what adds it again"))  # fmt: skip
    return check, tuple(findings)


def _late(one: PathEntry) -> Finding:
    message = f"{one.hidden_by} comes before {one.manager}'s folder on PATH, so {some(one.hidden)} are the system's own"
    return found(
        "env.path", "info", message, name="order", subject="PATH", origin=Origin("env:PATH"),
        hint=f"put {quoted(one.directory)} first: `export PATH={quoted(one.directory)}:$PATH`",
    )


def _variables(variables: Mapping[str, str]) -> Verdict:
    there = (name for name in VARIABLES if variables.get(name))
    names = tuple(name for name in there if _ONLY_WHERE.get(name) in (None, variables[name]))
    check = look("env.variables", f"set: {', '.join(names)}" if names else "none of them is set")
    return check, tuple(
        found("env.variables", VARIABLES[name][0], f"{name} is set: {VARIABLES[name][1]}", name=name, actual="set",
              expected="not set", origin=Origin(f"env:{name}"), hint=f"`unset {name}`")
        for name in names
    )


def _shadowing(environment: Environment) -> Verdict:
    check = look("env.shadowing", unknown=environment.unread)
    return check, tuple(
        found(
            "env.shadowing", "warn", f"{one.path} hides the module {one.module} of {one.whose} from scripts beside it",
            name=one.module, expected="another name", actual=one.path, origin=Origin(one.path),
            hint=f"rename it: `git mv {quoted(one.path)} ANOTHER-NAME`",
        )
        for one in environment.hiding
    )
