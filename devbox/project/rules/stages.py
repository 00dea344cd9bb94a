"""Rules about stages, and about what the final one is: its names, its user, what is left in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.project.dockerfile import Stage
from devbox.project.dockerfile_values import mounts
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import View

_RESERVED = ("scratch", "context")
_TOOLS = frozenset({
    "build-essential", "gcc", "g++", "clang", "make", "cmake", "ninja-build", "autoconf", "automake", "build-base",
    "alpine-sdk", "gfortran", "rustc", "cargo", "golang", "golang-go", "python3-dev", "python-dev", "pkg-config",
})
"""Packages that only build."""
_PURGING = ("purge", "remove", "autoremove", "del", "erase")
_ROOT = ("root", "0")
_NOT_ROOT = re.compile(r"nonroot|chainguard|cgr\.dev|bitnami|rootless|unprivileged|devcontainers/|jenkins/")
"""Images that bring a user of their own."""


def _duplicate(view: View) -> Iterator[Hit]:
    seen: dict[str, int] = {}
    for stage in view.dockerfile.stages:
        if stage.name in seen:
            yield Hit(
                stage.origin.line, f"the stage {stage.name} is there already, at line {seen[stage.name]}; "
                "what comes after means this one", hint="give it another name",
            )
        elif stage.name:
            seen[stage.name] = stage.origin.line


def _reserved(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        if stage.name in _RESERVED:
            yield Hit(stage.origin.line, f"`{stage.name}` has a meaning of its own in Dockerfiles",
                      hint="give the stage another name")


def _case(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        words = stage.origin.arguments.split()
        if stage.name and words[-1] != stage.name:
            yield Hit(stage.origin.line, f"the stage {words[-1]} is called {stage.name}",
                      hint=f"write it so: `AS {stage.name}`", expected=stage.name, actual=words[-1])
    for stage, row in zip(view.dockerfile.stages, view.images, strict=True):
        if row.stage_ref and row.ref is not None and row.ref != row.ref.lower():
            name = row.ref.lower()  # AS makes names lower-case, and FROM looks for them as it is written
            yield Hit(stage.origin.line, f"the builder takes {row.ref} for an image; the stage is called {name}",
                      severity="error", hint=f"write `FROM {name}`", expected=name, actual=row.ref)


def _unused(view: View) -> Iterator[Hit]:
    needed: set[int] = set()
    waiting = [view.final, *(stage for target in view.targets if (stage := view.dockerfile.stage(target)))]
    while waiting:
        stage = waiting.pop()
        if stage.index not in needed:
            needed.add(stage.index)
            waiting += list(_sources(view, stage))
    for stage in view.dockerfile.stages:
        if stage.name is None and stage.index not in needed:
            yield Hit(stage.origin.line, "nothing needs this stage, and without a name nothing can build it",
                      hint="remove it, or name it: `FROM … AS name`")


def _sources(view: View, stage: Stage) -> Iterator[Stage]:
    above = view.parent(stage)
    if above:
        yield above
    for one in stage.instructions:
        names = [one.flag("from")] if one.keyword == "COPY" else [options.get("from") for options in mounts(one)]
        for name in names:
            found = view.source_stage(name) if name else None
            if found:
                yield found


def _tools(view: View) -> Iterator[Hit]:
    left: dict[str, int] = {}
    for run in view.runs_of(*view.shipped):
        for command in run.commands:
            if any(word in _PURGING for word in command.words[1:3]):
                left = {tool: line for tool, line in left.items() if tool not in command.words}
            elif any(word in ("install", "add") for word in command.words[1:4]):
                kept = () if "--virtual" in command.words else command.words
                left |= {name: run.line for word in kept if (name := re.split("[=<>~]", word)[0]) in _TOOLS}
    if left:
        named = ", ".join(sorted(left))
        alone = len(view.dockerfile.stages) == 1
        hint = "build in an earlier stage, and `COPY --from=` the result" if alone else \
            "install them in the stage that builds, not in the final one"
        yield Hit(min(left.values()), f"build tools stay in the final image: {named}", hint=hint, actual=named)


def _missing(view: View) -> Iterator[Hit]:
    for target in view.targets:
        if view.dockerfile.stage(target) is None:
            names = ", ".join(stage.label for stage in view.dockerfile.stages)
            yield Hit(view.final.origin.line, f"the target {target} is no stage of this Dockerfile",
                      hint=f"its stages: {names}", expected=names, actual=target)


def _user(view: View) -> Iterator[Hit]:
    user = None
    for stage in view.shipped:
        for one in stage.instructions:
            if one.keyword == "USER":
                user = one
    row = view.root_image(view.final)
    if user is None:
        if row.name == "scratch" or row.ref is None or _NOT_ROOT.search(row.ref):
            return
        yield Hit(view.final.origin.line, "the final stage has no USER, so what it runs is root",
                  hint="add a user, and `USER` with it, before CMD", expected="USER name", actual="root")
        return
    name = view.expanded(user.arguments, user)
    if name is not None and name.partition(":")[0] in _ROOT:
        yield Hit(user.line, f"the final stage runs as {name}", hint="add `USER` with another user after this line",
                  expected="USER name", actual=name)


def _high_id(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.calls("useradd"):
            number = re.search(r"(?:-u|--uid)[ =]?(\d+)", " ".join(command.words))
            if number and len(number[1]) > 5 and not command.has("-l", "--no-log-init"):
                yield Hit(run.line, f"useradd with the id {number[1]} writes a login log of gigabytes",
                          hint="add `--no-log-init`")


RULES = (
    Rule("dockerfile.stage.duplicate", "warn", _duplicate),
    Rule("dockerfile.stage.reserved", "warn", _reserved),
    Rule("dockerfile.stage.case", "info", _case),
    Rule("dockerfile.stage.unused", "info", _unused),
    Rule("dockerfile.stage.tools", "info", _tools),
    Rule("dockerfile.stage.missing", "error", _missing),
    Rule("dockerfile.user.root", "warn", _user),
    Rule("dockerfile.user.high-id", "warn", _high_id),
)
