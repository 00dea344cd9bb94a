"""Rules about what RUN calls: sudo, cd, programs for people, pipes, downloaded scripts."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.shell import Command
from devbox.project.rules.view import Run, View

_INTERACTIVE = frozenset({
    "ssh", "vim", "vi", "nano", "shutdown", "service", "ps", "free", "top", "kill", "mount", "ifconfig",
})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_DOWNLOADS = ("curl", "wget")


def _sudo(view: View) -> Iterator[Hit]:
    for run in view.runs:
        if any(command.sudo for command in run.commands):
            yield Hit(run.line, "sudo in a build changes user and environment in ways that surprise",
                      hint="write `USER root` before this step and `USER name` after it")


def _directory(view: View) -> Iterator[Hit]:
    for run in view.runs:
        alone = run.instruction.arguments.startswith("(")  # a subshell: meant for this command alone
        if len(run.commands) > 1 and run.commands[0].name == "cd" and not alone:
            yield Hit(run.line, "cd holds for this step alone", hint="write `WORKDIR` before it")


def _interactive(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.commands:
            if command.name in _INTERACTIVE:
                yield Hit(run.line, f"{command.name} makes no sense while an image is built", hint="remove it",
                          actual=command.name)
                break


def _pipe(view: View) -> Iterator[Hit]:
    for run in view.runs:
        shell = view.places[run.line].shell
        text = run.instruction.arguments
        if "pipefail" in shell or "pipefail" in text or "pwsh" in shell or "cmd" in shell or run.instruction.exec_form:
            continue
        if any(command.piped for command in run.commands):
            yield Hit(run.line, "only the last command of a pipe decides whether the step fails",
                      hint='write `SHELL ["/bin/bash", "-o", "pipefail", "-c"]` before it, or `set -o pipefail`')


def _remote_script(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command, following in _pairs(run):
            if command.name in _DOWNLOADS and command.piped and following in _SHELLS:
                yield Hit(run.line, f"{command.name} | {following} runs whatever the server sends today",
                          hint="download a fixed version, check its checksum, then run it")


def _pairs(run: Run) -> Iterator[tuple[Command, str]]:
    """Each command with the name of the next."""
    names = [command.name for command in run.commands]
    return zip(run.commands, [*names[1:], ""], strict=False)


def _downloads(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        first: dict[str, int] = {}
        for run in view.runs_of(stage):
            for command in run.calls(*_DOWNLOADS):
                first.setdefault(command.name, run.line)
        if len(first) == len(_DOWNLOADS):
            later = max(first, key=lambda name: first[name])
            yield Hit(first[later], "curl and wget do the same, and one of them is enough", hint="use one of the two")


RULES = (
    Rule("dockerfile.run.sudo", "warn", _sudo),
    Rule("dockerfile.run.directory", "info", _directory),
    Rule("dockerfile.run.interactive", "info", _interactive),
    Rule("dockerfile.run.pipe", "info", _pipe),
    Rule("dockerfile.run.remote-script", "info", _remote_script),
    Rule("dockerfile.run.downloads", "info", _downloads),
)
