"""The project's Dockerfiles and ignore files by the rules of `devbox.project.rules`: found before a build fails.

Only read: nothing is built, pulled or run. A project without a Dockerfile costs one listing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devbox.core.checks import checked
from devbox.core.dockerfile_check_list import BASE, COPIES, PACKAGES, RUNS, STAGES, STYLE
from devbox.core.doctor import Judged
from devbox.core.errors import ConfigError, EngineError
from devbox.core.facts import Origin
from devbox.core.findings import Finding
from devbox.core.frozen import dataclass
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.probing import within
from devbox.project.discovery import COMPOSE_FILES, DEVCONTAINER_FILES
from devbox.project.reading import list_project_folder

if TYPE_CHECKING:
    # Not at run time: they load beside the other probes, and only where there is a Dockerfile.
    from devbox.project.rules.builds import NamedBuild, Site
    from devbox.project.rules.context import Context
    from devbox.project.rules.view import View

_DIGEST = "dockerfile.base.digest"
_ENGINE_DEADLINE = 1.0
"""Seconds an engine has to say which images it alone has; without an answer the notes stay."""
_IDS = tuple(id for id, *_ in (*BASE, *STAGES, *STYLE, *PACKAGES, *RUNS, *COPIES))


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules found."""

    dockerfiles: int
    findings: tuple[Finding, ...] = ()


def _probe(subject: Subject, view: ProjectView) -> Found:
    # Deferred, like the rest: many directories have no Dockerfile.
    from devbox.project.rules.builds import folders, named_builds, sites

    root = str(view.root)
    builds = [
        *(named_builds(view.project) if view.project else ()), *_compose_builds(view), *_devcontainer_builds(view),
    ]
    listed = {folder: names for folder in folders() if isinstance(names := list_project_folder(root, folder), tuple)}
    places = sites(root, builds, listed)
    return Found(len(places), _without_local(subject, tuple(_examined(view, places)))) if places else Found(0)


def _without_local(subject: Subject, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Without the notes on digests of images that no registry has: the engine holds them and knows none."""
    refs = {one.actual for one in findings if one.check == _DIGEST and one.actual}

    def ask() -> set[str]:
        engine = subject.connect()
        known = {ref: engine.image(ref) for ref in refs}
        return {ref for ref, image in known.items() if image is not None and not image.digests}

    try:
        local = within(_ENGINE_DEADLINE, ask) if refs else None
    except EngineError:
        local = None
    return tuple(one for one in findings if one.check != _DIGEST or one.actual not in (local or ()))


def _compose_builds(view: ProjectView) -> Iterator[NamedBuild]:
    """The builds that compose files ask for."""
    root, files = str(view.root), view.machine.files
    if not any(files.is_file(os.path.join(root, name)) for name in COMPOSE_FILES):
        return
    # Deferred: YAML costs 15 ms.
    from devbox.project.rules.compose import builds, read_compose, variables

    found, _ = read_compose(files, root)
    known = variables(files, root, view.machine.env)
    for file in found:
        yield from builds(file, known)


def _devcontainer_builds(view: ProjectView) -> Iterator[NamedBuild]:
    """The builds that devcontainer.json files ask for."""
    for name in devcontainer_files(str(view.root)):
        path = os.path.join(view.root, name)
        data = view.machine.files.read(path)
        if data is None:
            continue
        from devbox.project.jsonc_source import parse_jsonc
        from devbox.project.rules.builds import devcontainer_build

        try:
            build = devcontainer_build(parse_jsonc(data, name), os.path.dirname(path), name)
        except ConfigError:
            continue  # the reader of toolchains says so
        if build is not None:
            yield build


def devcontainer_files(root: str) -> tuple[str, ...]:
    """Every devcontainer.json of the project, as paths from its root."""
    named = list_project_folder(root, ".devcontainer")
    inner = [f".devcontainer/{name}/devcontainer.json" for name in named] if isinstance(named, tuple) else []
    return tuple(name for name in (*DEVCONTAINER_FILES, *inner) if os.path.lexists(os.path.join(root, name)))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    if not facts.dockerfiles:
        return Judged()
    return Judged(tuple(checked(id) for id in _IDS), facts.findings)


def _examined(view: ProjectView, places: tuple[Site, ...]) -> Iterator[Finding]:
    # Deferred: the rules cost 10 ms, and many directories have no Dockerfile.
    from devbox.project.dockerfile import parse_dockerfile
    from devbox.project.rules.examine import examine, finding_of
    from devbox.project.rules.installs import differing
    from devbox.project.rules.view import INSTRUCTION_LIMIT, View

    views = []
    for site in places:
        shown = view.machine.files.shown(site.path)
        # What a project names outside itself is not read (security.md 3.1).
        data = None if os.path.isabs(shown) else view.machine.files.read(site.path)
        if data is None:
            continue
        try:
            dockerfile = parse_dockerfile(data, shown)
        except ConfigError as error:
            yield from _unreadable(view, site, shown, error)
            continue
        context, problems = _context(view, site)
        yield from problems
        if 1 + sum(1 + len(stage.instructions) for stage in dockerfile.stages) > INSTRUCTION_LIMIT:
            yield _too_long(shown)
            continue
        text = data.decode("utf-8", "replace")
        looked = View(
            dockerfile, text, view.machine.today, site.args, site.targets, context, named=site.named_by is not None,
        )
        views.append((shown, looked))
        try:
            yield from examine(looked)
        except ConfigError as error:  # a substitution in FROM that BuildKit refuses
            yield from _unreadable(view, site, shown, error)
    yield from _team_rules(view, [looked for _, looked in views])
    for path, hits in differing(views).items():
        yield from (finding_of("dockerfile.install.differs", path, hit, "warn") for hit in hits)


def _team_rules(view: ProjectView, views: list[View]) -> Iterator[Finding]:
    """`[[policy.rule]]`: all patterns over all Dockerfiles at once, in a process that can be stopped."""
    rules = view.policy.rules
    if not rules or not views:
        return
    from devbox.host.pattern_matches import matches
    from devbox.project.rules.examine import team_findings
    from devbox.project.rules.team import texts

    told = [texts(looked) for looked in views]
    answers = matches([rule.match for rule in rules], [text for each in told for text in each])
    for rule, answer in zip(rules, answers, strict=True):
        if answer is None:
            yield Finding(
                id="policy.rule.slow", check="policy.rule", layer="configuration", severity="warn", subject=rule.id,
                message=f"the pattern of {rule.id} found no end in 2 s, so nothing is known of it", origin=rule.origin,
                hint="write it without nested repeats such as `(a+)+`",
            )
            continue
        start = 0
        for looked, its in zip(views, told, strict=True):
            inside = [number - start for number in answer if start <= number < start + len(its)]
            yield from team_findings(looked, rule, inside)
            start += len(its)


def _too_long(shown: str) -> Finding:
    return Finding(
        id="dockerfile.syntax.long", check="dockerfile.syntax", layer="configuration", severity="warn", subject=shown,
        message=f"{shown} has too many instructions to be looked at", origin=Origin(shown, 1),
        hint="split it, or generate it outside the project",
    )


def _unreadable(view: ProjectView, site: Site, shown: str, error: ConfigError) -> Iterator[Finding]:
    """One that the list of images has not reported already."""
    if any(problem.check == "images" and problem.subject == shown for problem in view.problems):
        return
    yield Finding(
        id="dockerfile.syntax", check="dockerfile.syntax", layer="configuration",
        severity="error" if site.named_by else "warn", subject=shown, message=f"{shown}: {error.summary}",
        origin=Origin(shown, error.line), hint=error.hint,
    )


def _context(view: ProjectView, site: Site) -> tuple[Context | None, tuple[Finding, ...]]:
    """The context a Dockerfile is built with, its ignore rules applied; and what is wrong with those."""
    from devbox.project.ignore import parse_ignore
    from devbox.project.rules.context import Context

    files, root = view.machine.files, os.path.realpath(view.root)
    context = os.path.realpath(site.context) if site.context else ""
    if not f"{context}/".startswith(f"{root.rstrip('/')}/") or not os.path.isdir(context):
        return None, ()
    for path in (f"{site.path}.dockerignore", os.path.join(context, ".dockerignore")):
        data = files.read(path)
        if data is None:
            continue
        shown = files.shown(path)
        try:
            rules = parse_ignore(data.decode("utf-8", "surrogateescape"), shown)
        except ConfigError as error:
            problem = Finding(
                id="ignore.syntax", check="ignore.syntax", layer="configuration", severity="error", subject=shown,
                message=f"{shown}: {error.summary}; the builder refuses it", origin=Origin(shown, error.line),
                hint=error.hint or "correct the pattern, or remove it",
            )
            return None, (problem,)
        return Context(context, rules, shown), ()
    return Context(context), ()


GROUP = Group("dockerfile", dict.fromkeys(_IDS, ""), _probe, _judge, lambda view: False, in_subprojects=True)
