"""Every command of the contract: its one-line summary, and its module where this version has it.

Importing this module loads no command; help, completion, README's table and the TUI's palette derive from it.
"""

from __future__ import annotations

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One command; `module` is None for a command of the contract that this version lacks."""

    name: str
    usage: str
    summary: str
    module: str | None


def _entry(name: str, usage: str, summary: str, *, here: bool = True) -> Entry:
    return Entry(name, usage, summary, f"devbox.cli.commands.{name}" if here else None)


COMMANDS: tuple[Entry, ...] = (
    _entry("up", "up", "build if needed, then converge network, volumes, sidecars and box; wait until ready"),
    _entry("rebuild", "rebuild", "build now, then recreate what the new image makes stale"),
    _entry("down", "down", "remove what `up` made; volumes only when asked"),
    _entry("stop", "stop [SERVICE…]", "stop services, keeping them"),
    _entry("start", "start [SERVICE…]", "start stopped services"),
    _entry("restart", "restart [SERVICE…]", "restart services"),
    _entry("status", "status", "what runs, and what is stale field by field"),
    _entry("logs", "logs [SERVICE…]", "output of the services"),
    _entry("shell", "shell [SERVICE]", "a shell in the box"),
    _entry("exec", "exec [SERVICE] -- CMD…", "run a command in the box"),
    _entry("plan", "plan", "the operations `up` would do, each with its cause"),
    _entry("why", "why [STEP]", "the causes of the last build's misses"),
    _entry("history", "history [A [B]]", "past builds, or two compared"),
    _entry("doctor", "doctor", "is this machine what the project expects"),
    _entry("engine", "engine [status|start|stop]", "the private engine, where no other answers"),
    _entry("trust", "trust", "which folders may build and run here"),
    _entry("demo", "demo", "the bundled tour, from nothing to a live, cached rebuild"),
    _entry("watch", "watch", "act on changed files by the project's rules", here=False),
    _entry("tunnel", "tunnel SIDECAR[:PORT]", "a loopback listener to a private sidecar", here=False),
    _entry("stats", "stats", "CPU, memory and network of the services", here=False),
    _entry("image", "image [REF [REF2]]", "layers, sizes, and which step made each", here=False),
    _entry("advise", "advise", "layer-order advice priced in seconds", here=False),
    _entry("run", "run TASK", "a hermetic, memoized task", here=False),
    _entry("tasks", "tasks", "the project's tasks", here=False),
    _entry("lock", "lock", "record or verify the team's baseline", here=False),
    _entry("share", "share", "build the share stage, run its gate, export", here=False),
    _entry("repro", "repro", "build twice and name what differs", here=False),
    _entry("init", "init", "write devbox.toml from what is there", here=False),
    _entry("onboard", "onboard", "from clone to first green, resumable", here=False),
    _entry("profiles", "profiles", "list and show the shipped profiles", here=False),
    _entry("gc", "gc", "remove devbox's own leftovers", here=False),
    _entry("info", "info", "a paste-ready bug report", here=False),
    _entry("completion", "completion SHELL", "shell completion", here=False),
)

BY_NAME = {entry.name: entry for entry in COMMANDS}
