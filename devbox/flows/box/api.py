"""All flows of the box in one place, for callers that run several of them.

What changes the engine yields events as it goes and is one iterator; closing it early
leaves a state from which the next run converges.
"""

from __future__ import annotations

from devbox.flows.box.attach import open_exec, open_shell, shell_argv
from devbox.flows.box.down import down
from devbox.flows.box.lifecycle import restart, start, stop
from devbox.flows.box.logs import follow_logs
from devbox.flows.box.observe import observe, plan_up
from devbox.flows.box.options import RebuildOptions, UpOptions
from devbox.flows.box.rebuild import rebuild
from devbox.flows.box.up import up

__all__ = [
    "RebuildOptions", "UpOptions", "down", "follow_logs", "observe", "open_exec", "open_shell", "plan_up", "rebuild",
    "restart", "shell_argv", "start", "stop", "up",
]
