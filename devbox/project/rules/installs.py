"""Rules about installing a project's dependencies: twice, after the sources are copied, by two commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from devbox.project.rules.packages import pip_of
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.shell import Command
from devbox.project.rules.view import Run, View

_URL = re.compile(r"https?://[^\s'\"|;]+")
_SHELLS = ("sh", "bash", "ash", "dash", "zsh", "python", "python3")


def manifest_install(command: Command) -> tuple[str, str] | None:
    """The manifest that a command installs from, and the command in one notation; None where it is no such command."""
    words, pip = command.words, pip_of(command)
    if pip is not None and pip.words[1:2] == ("install",):
        named = [following for word, following in zip(pip.words, pip.words[1:], strict=False)
                 if word in ("-r", "--requirement")]
        named += [word.partition("=")[2] for word in pip.words if word.startswith("--requirement=")]
        named += [word for word in pip.operands()[1:] if word in (".", "-e")]
        if named:
            manifest = "pyproject.toml" if named[0] in (".", "-e") else named[0].rpartition("/")[2]
            return manifest, f"{command.name} {_verb_of(words)}".replace("pip3", "pip")
        return None
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    table: Mapping[str, tuple[tuple[str, ...], str]] = {
        "npm": (("install", "i", "ci", "clean-install"), "package.json"), "pnpm": (("install", "i"), "package.json"),
        "yarn": (("install", ""), "package.json"), "bun": (("install",), "package.json"),
        "poetry": (("install",), "pyproject.toml"), "pdm": (("install", "sync"), "pyproject.toml"),
        "uv": (("sync",), "pyproject.toml"), "pipenv": (("install", "sync"), "Pipfile"),
        "bundle": (("install", ""), "Gemfile"), "composer": (("install",), "composer.json"),
        "go": (("mod",), "go.mod"), "cargo": (("fetch",), "Cargo.toml"), "mix": (("deps.get",), "mix.exs"),
    }
    verbs, manifest = table.get(command.name, ((), ""))
    names = [word for word in words[2:] if not word.startswith("-")]
    by_name = names and command.name in ("npm", "pnpm", "bun", "pipenv")
    if verb not in verbs or command.has("-g", "--global") or by_name:
        return None
    if command.name == "go" and "download" not in words:
        return None
    return manifest, f"{command.name} {verb}".strip()


def _verb_of(words: tuple[str, ...]) -> str:
    return "install" if words[0] != "uv" else "pip install"


def _twice(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        seen: dict[tuple[str, str], int] = {}
        for run in view.runs_of(*view.chain(stage)):
            removed = {word for command in run.commands if {"purge", "remove", "del"} & set(command.words[1:3])
                       for word in command.words}
            seen = {key: line for key, line in seen.items() if key[1] not in removed}
            for key, what in _installed(run):
                first = seen.setdefault(key, run.line)
                if first != run.line and run.stage is stage:
                    yield Hit(run.line, f"{what} is installed already, at line {first}",
                              hint="remove one of the two", actual=what)


def _installed(run: Run) -> Iterator[tuple[tuple[str, str], str]]:
    """What a RUN installs: a kind and a name, and its words."""
    for number, command in enumerate(run.commands):
        manifest = manifest_install(command)
        if manifest and not command.has("--no-root", "--no-install-project"):
            flags = " ".join(sorted(word for word in command.options if word not in ("-r", "-q", "-y")))
            yield (manifest[0], f"{command.name} {flags}"), manifest[0]
        following = run.commands[number + 1] if number + 1 < len(run.commands) else None
        if command.name in ("curl", "wget") and command.piped and following and following.name in _SHELLS:
            for url in _URL.findall(" ".join(command.words)):
                yield ("script", url), url
        if command.name in ("apt-get", "apt", "apk", "dnf", "yum"):
            words = command.operands("-t", "-o", "--virtual")
            if words[:1] in (("install",), ("add",)):
                yield from ((("package", word), word) for word in words[1:] if re.fullmatch(r"[a-z0-9][\w.+-]*", word))


def _order(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        copied = None
        for one in stage.instructions:
            if one.keyword in ("COPY", "ADD") and not one.flag("from"):
                parts = view.sources(one)
                if parts and any(path.rstrip("/") in (".", "", "./") for path in parts.paths):
                    copied = one
            elif one.keyword == "RUN" and copied is not None:
                run = view.run_at[one.line]
                found = next((found for command in run.commands if (found := manifest_install(command))), None)
                if found and found[0] != "Cargo.toml":
                    yield Hit(copied.line, f"every changed file runs `{found[1]}` at line {one.line} again",
                              hint=f"copy {found[0]} and its lock file first, install, then copy the rest")
                    break


def differing(views: Iterable[tuple[str, View]]) -> dict[str, list[Hit]]:
    """Per Dockerfile: where it installs a manifest by another program than the first Dockerfile that installs it."""
    first: dict[str, tuple[str, str, int]] = {}
    found: dict[str, list[Hit]] = {}
    for path, view in views:
        for run in view.runs:
            for command in run.commands:
                manifest = manifest_install(command)
                if manifest is None:
                    continue
                name, words = manifest
                where = first.setdefault(name, (words, path, run.line))
                if where[0] != words and where[1] != path:
                    found.setdefault(path, []).append(Hit(
                        run.line, f"{name} is installed by `{words}` here and by `{where[0]}` in {where[1]}:{where[2]}",
                        hint=f"write `{where[0]}` in both", expected=where[0], actual=words,
                    ))
    return found


RULES = (
    Rule("dockerfile.install.twice", "warn", _twice),
    Rule("dockerfile.order.dependencies", "warn", _order),
)
