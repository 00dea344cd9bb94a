"""Which tools the running box has, and their versions: one exec for all of them (security.md 2.1).

The shell, what it calls and what is asked lie outside every mount, links resolved; the working directory is `/`, the
environment starts empty, Python runs isolated. What a mount puts first on PATH is named, and not run.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator

from devbox.core.container_checks import Inside, Told
from devbox.core.errors import EngineError
from devbox.engine.port import ContainerInfo, Engine, ExecSpec
from devbox.engine.stream import Cancellation
from devbox.flows.box.run_inside import NOT_FOUND, run_inside
from devbox.host.program import COMMANDS, QUESTIONS

SECONDS = 3.0
"""For all tools together."""
_ENV, _SHELL = "/usr/bin/env", "/bin/sh"
_CLEAN = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_IMAGE_PATH = _CLEAN
"""What the engine gives a container whose image sets no PATH."""
_LOADER = ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH")
"""Emptied for the first program, which still gets the container's own environment."""

_SCRIPT = r"""
mark=$1 mounts=$2 path=$3
mounted() {
  IFS=:
  for mount in $mounts; do case "$1" in "$mount"|"$mount"/*) return 0 ;; esac; done
  return 1
}
ask() {
  tool=$1 names=$2
  shift 2
  IFS=:
  for name in $names; do for folder in $path; do
    program=$folder/$name
    [ -f "$program" ] && [ -x "$program" ] || continue
    real=$(readlink -f "$program" 2>/dev/null) || real=$program
    if mounted "$program" || mounted "$real"; then
      printf '\n%s mounted %s %s\n' "$mark" "$tool" "$program"
      return
    fi
    printf '\n%s told %s %s\n' "$mark" "$tool" "$program"
    "$program" "$@" 2>&1 < /dev/null
    return
  done; done
}
"""
_WORD = re.compile(r"[A-Za-z0-9_.,=/+:-]+", re.ASCII)


def ask_box(engine: Engine, box: ContainerInfo) -> Inside:
    """Ask the running box for every tool that devbox knows a question for. The folder must be trusted."""
    mounts = tuple(posixpath.normpath(mount.target) for mount in box.mounts)
    refused = _refuse(mounts)
    if refused:
        return Inside(reason=refused)
    mark = f"devbox-{os.urandom(8).hex()}"
    try:
        answer = run_inside(engine, box.id, _spec(box, mounts, mark), seconds=SECONDS, cancel=Cancellation())
    except EngineError as error:
        return Inside(reason=error.summary)
    if answer.code in NOT_FOUND:
        return Inside(reason=f"the box has no {_SHELL} that could be asked")
    tools = read_answer(answer.output.decode("utf-8", "replace"), mark)
    if answer.code is None and not tools:
        return Inside(reason=f"the box did not answer in {SECONDS:g} s")
    return Inside(tools)


def read_answer(output: str, mark: str) -> dict[str, Told]:
    """What each tool said; a tool cannot speak for another, because it does not know the mark."""
    found: dict[str, Told] = {}
    for part in output.split(f"\n{mark} ")[1:]:
        head, _, said = part.partition("\n")
        kind, _, rest = head.partition(" ")
        tool, _, path = rest.partition(" ")
        if tool not in QUESTIONS or tool in found:
            continue
        if kind == "mounted":
            found[tool] = Told(path, None, reason=f"{path} lies inside a mount of the box, so it is not run")
        else:
            match = re.search(QUESTIONS[tool].pattern, said)
            found[tool] = Told(path, match[1] if match else None, said.strip()[:500])
    return found


def _refuse(mounts: tuple[str, ...]) -> str | None:
    """Why this box is not asked, whatever runs in it."""
    for mount in mounts:
        if any(f"{program}/".startswith(f"{mount.rstrip('/')}/") for program in (_ENV, _SHELL, "/usr/bin/sh")):
            return f"the box mounts {mount}, where its own shell lies"
        if ":" in mount or "\n" in mount:
            return "the box has a mount whose name a shell cannot be handed safely"
    return None


def _spec(box: ContainerInfo, mounts: tuple[str, ...], mark: str) -> ExecSpec:
    path = next((entry[5:] for entry in box.env if entry.startswith("PATH=")), _IMAGE_PATH)
    folders = [folder for folder in path.split(":") if folder.startswith("/")]
    environment = {name: value for question in QUESTIONS.values() for name, value in question.env.items()}
    settings = (f"PATH={_outside(_CLEAN.split(':'), mounts)}", "HOME=/", "LC_ALL=C",
                *(f"{name}={value}" for name, value in environment.items()))  # fmt: skip
    script = "\n".join((_SCRIPT, *_questions()))
    argv = (_ENV, "-i", *settings, _SHELL, "-c", script, "sh", mark, ":".join(mounts), ":".join(folders))
    return ExecSpec(argv, env=tuple((name, "") for name in _LOADER), workdir="/")


def _outside(folders: Iterable[str], mounts: tuple[str, ...]) -> str:
    return ":".join(
        folder for folder in folders if not any(f"{folder}/".startswith(f"{mount.rstrip('/')}/") for mount in mounts)
    )


def _questions() -> Iterator[str]:
    """One line of the script for each tool; every word is one of devbox's own tables, and plain."""
    for tool, question in QUESTIONS.items():
        arguments = ("-I", *question.arguments) if tool == "python" else question.arguments
        words = (tool, ":".join(COMMANDS.get(tool, (tool,))), *arguments)
        if all(_WORD.fullmatch(word) for word in words):
            yield f"ask {' '.join(words)}"
