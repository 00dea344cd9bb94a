"""Rules about COPY and ADD: sources that are not there, ignored, hidden, repeated; stages that can't be copied from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from difflib import get_close_matches

from devbox.project.dockerfile import Instruction, Stage
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import Run, View

_PATTERN = frozenset("*?[")
_SOURCE_LIMIT = 200
"""Sources of one COPY that are looked at."""
_ARCHIVE = re.compile(r".*\.(?:tar|tar\.\w+|tgz|tbz2?|txz)")
_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@|.*\.git(?:#|$)")
_MAKES = {
    "npm": "node_modules", "yarn": "node_modules", "pnpm": "node_modules", "bun": "node_modules", "composer": "vendor",
    "bundle": "vendor/bundle", "poetry": ".venv", "uv": ".venv", "pdm": ".venv", "cargo": "target",
}
"""The folder that an installer fills where it is called."""


def _context_sources(view: View) -> Iterator[tuple[Stage, Instruction, str, str]]:
    """Every source that is taken from the context: stage, instruction, as written, as a path inside it."""
    for stage, one in view.instructions("COPY", "ADD"):
        parts = view.sources(one)
        if parts is None or one.flag("from"):
            continue
        for path in parts.paths[:_SOURCE_LIMIT]:
            text = view.expanded(path, one)
            if text is None or (one.keyword == "ADD" and _REMOTE.match(text)):
                continue
            inside = posixpath.normpath("/" + text).lstrip("/")
            yield stage, one, path, inside


def _missing(view: View) -> Iterator[Hit]:
    if view.context is None:
        return
    for _, one, written, path in _context_sources(view):
        if not path or _PATTERN & set(path) or "\\" in path:
            continue
        if view.context.look(path) == "missing":
            near = _nearest(view, path)
            outside = ", because nothing outside the context can be copied" if written.startswith("../") else ""
            yield Hit(
                one.line, f"{one.keyword} names {written}, which is not in the build context{outside}",
                hint=f"did you mean `{near}`?" if near else "make it, or correct the path; it starts at the context",
                actual=written,
            )


def _nearest(view: View, path: str) -> str | None:
    folder, _, name = path.rpartition("/")
    assert view.context is not None
    beside = [posixpath.basename(found) for found in view.context.matches(f"{folder}/*" if folder else "*")[0]]
    lower = {one.lower(): one for one in beside}
    near = get_close_matches(name.lower(), lower, 1, 0.75)
    return posixpath.join(folder, lower[near[0]]) if near else None


def _ignored(view: View) -> Iterator[Hit]:
    if view.context is None:
        return
    for _, one, written, path in _context_sources(view):
        if path and not _PATTERN & set(path) and view.context.look(path) == "ignored":
            file = view.context.ignore_file or ".dockerignore"
            yield Hit(
                one.line, f"{one.keyword} names {written}, which {file} leaves out",
                hint=f"add `!{path}` at the end of {file}", actual=written,
            )


def _empty(view: View) -> Iterator[Hit]:
    if view.context is None:
        return
    for _, one, written, path in _context_sources(view):
        if _PATTERN & set(path) and "\\" not in path and view.context.matches(path) == ((), True):
            # A file beside a pattern that may match nothing: a well-known way to copy what may be absent.
            parts = view.sources(one)
            optional = parts is not None and len(parts.paths) + len(parts.documents) > 1
            yield Hit(
                one.line, f"{written} matches nothing in the build context, and the builder copies nothing",
                severity="info" if optional else None, hint="correct the pattern, or remove it", actual=written,
            )


def _overwrites(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        made: dict[str, int] = {}
        for one in stage.instructions:
            target = view.destination(one) if one.keyword == "COPY" and one.flag("from") else None
            if one.keyword == "RUN":
                made |= dict.fromkeys(_folders_made(view, view.run_at[one.line]), one.line)
            elif target is not None and not target.endswith("/"):
                made[target] = one.line
            elif one.keyword in ("COPY", "ADD") and not one.flag("from"):
                yield from _hidden(view, one, made)


def _folders_made(view: View, run: Run) -> Iterator[str]:
    """Absolute paths of folders that installers fill in this RUN."""
    workdir = view.places[run.line].workdir
    for command in run.commands:
        folder = _MAKES.get(command.name)
        if command.name == "uv" and command.words[1:2] != ("sync",):
            continue
        if command.name == "python3" or command.name == "python":
            if command.words[1:3] == ("-m", "venv") and len(command.words) > 3:
                folder = command.words[-1]
        elif folder and not {"install", "i", "ci", "sync", "build", "fetch"} & set(command.words[1:3]) and \
                len(command.words) > 1:
            continue
        if folder and (folder.startswith("/") or workdir):
            yield posixpath.normpath(posixpath.join(workdir or "/", folder))


def _hidden(view: View, copy: Instruction, made: dict[str, int]) -> Iterator[Hit]:
    """Folders of earlier steps that this COPY writes over with what the context holds under the same name."""
    target, parts = view.destination(copy), view.sources(copy)
    if target is None or parts is None or view.context is None:
        return
    for path in parts.paths[:_SOURCE_LIMIT]:
        source = view.expanded(path, copy)
        if source is None or _PATTERN & set(source):
            continue
        inside = posixpath.normpath("/" + source).lstrip("/")
        for folder, line in made.items():
            below = posixpath.relpath(folder, target.rstrip("/") or "/")
            if below.startswith(".."):
                continue
            held = posixpath.normpath(posixpath.join(inside, below)) if below != "." else inside
            if held and held != "." and view.context.look(held) == "there":
                yield Hit(
                    copy.line, f"{held} of the context is copied over what line {line} made in {folder}",
                    hint=f"add `{held}` to .dockerignore", actual=held,
                )


def _redundant(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        seen: dict[tuple[str, str, str], int] = {}
        inherited = {above.index for above in view.chain(stage)}
        for one in stage.instructions:
            source = one.flag("from") if one.keyword == "COPY" else None
            parts, target = view.sources(one), view.destination(one)
            if not source or parts is None or target is None:
                continue
            origin = view.source_stage(source)
            for path in parts.paths:
                key = (source.lower(), path, target)
                if key in seen:
                    yield Hit(one.line, f"{path} is copied from {source} already, at line {seen[key]}",
                              hint="remove one of the two")
                elif origin is not None and origin.index in inherited and origin is not stage and \
                        _same_place(path, target):
                    yield Hit(one.line, f"{path} is there already: this stage is FROM {source}",
                              hint="remove this COPY")
                seen[key] = one.line


def _same_place(path: str, target: str) -> bool:
    into = posixpath.join(target, posixpath.basename(path.rstrip("/"))) if target.endswith("/") else target
    return path.rstrip("/") in (target.rstrip("/"), into)


def _from(view: View) -> Iterator[Hit]:
    for stage, one in view.instructions("COPY"):
        source = one.flag("from")
        if not source or "$" in source:
            continue
        found = view.source_stage(source)
        if found is not None and found.index >= stage.index:
            which = "its own stage" if found is stage else f"{source}, which comes later"
            yield Hit(one.line, f"COPY --from takes from {which}", severity="error",
                      hint="only an earlier stage can be copied from", actual=source)
        elif source.isdecimal() and found is None:
            yield Hit(one.line, f"there is no stage {source}", severity="error",
                      hint=f"stages are counted from 0 to {len(view.dockerfile.stages) - 1}", actual=source)
        elif found is None and not set("/:@.") & set(source):
            names = [other.name for other in view.dockerfile.stages if other.name]
            near = get_close_matches(source.lower(), names, 1, 0.6)
            yield Hit(one.line, f"{source} is no stage, so the builder looks for an image of that name",
                      hint=f"did you mean `{near[0]}`?" if near else f"write its tag: `--from={source}:VERSION`",
                      actual=source)


def _everything(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("COPY"):
        parts = view.sources(one)
        if one.flag("from") and parts and "/" in parts.paths and view.root_image(_of(view, one)).name != "scratch":
            yield Hit(one.line, "the whole file system of a stage is copied", hint="copy the folders that are needed")


def _of(view: View, instruction: Instruction) -> Stage:
    return next(stage for stage, one in view.instructions("COPY") if one is instruction)


def _destination(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("COPY", "ADD"):
        parts = view.sources(one)
        if parts and len(parts.paths) + len(parts.documents) > 1 and \
                not parts.destination.endswith(("/", "/.", ".")) and "$" not in parts.destination:
            yield Hit(one.line, f"several sources go to `{parts.destination}`, which reads like one file",
                      hint=f"write `{parts.destination}/`", expected=f"{parts.destination}/", actual=parts.destination)


def _relative(view: View) -> Iterator[Hit]:
    for stage, one in view.instructions("COPY", "ADD"):
        parts = view.sources(one)
        if parts is None or view.places[one.line].workdir is not None or view.root_image(stage).name == "scratch":
            continue
        written = view.expanded(parts.destination, one)
        if written is not None and not written.startswith("/") and not re.match(r"[A-Za-z]:", written):
            yield Hit(one.line, f"`{written}` is below whatever WORKDIR the base image has",
                      hint="write `WORKDIR` before it")


def _add(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("ADD"):
        parts = view.sources(one)
        if parts and parts.paths and not any(
            _ARCHIVE.fullmatch(path) or _REMOTE.match(path) or "$" in path for path in parts.paths
        ):
            yield Hit(one.line, "ADD does more than copying: it unpacks and downloads", hint="write `COPY`",
                      expected="COPY", actual="ADD")


def _checksum(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("ADD"):
        parts = view.sources(one)
        if parts and one.flag("checksum") is None and any(re.match(r"https?://", path) and not
                                                          path.endswith(".git") for path in parts.paths):
            yield Hit(one.line, "what ADD downloads may change", hint="add `--checksum=sha256:…`")


RULES = (
    Rule("dockerfile.copy.missing", "error", _missing),
    Rule("dockerfile.copy.ignored", "error", _ignored),
    Rule("dockerfile.copy.empty", "warn", _empty),
    Rule("dockerfile.copy.overwrites", "warn", _overwrites),
    Rule("dockerfile.copy.redundant", "info", _redundant),
    Rule("dockerfile.copy.from", "warn", _from),
    Rule("dockerfile.copy.everything", "info", _everything),
    Rule("dockerfile.copy.destination", "warn", _destination),
    Rule("dockerfile.copy.relative", "info", _relative),
    Rule("dockerfile.add.copy", "info", _add),
    Rule("dockerfile.add.checksum", "info", _checksum),
)
