"""`exec` and `shell`: a process in a running service, with the caller's terminal or exact bytes (X10)."""

from __future__ import annotations

from devbox.core import labels as label
from devbox.core.errors import NotReadyError, UsageError
from devbox.core.labels import Identity
from devbox.core.present import STOPPED
from devbox.core.project import BOX, Pairs
from devbox.engine.port import ContainerInfo, ExecSession, ExecSpec
from devbox.flows.box.observe import project_containers
from devbox.flows.trust import require_trust
from devbox.flows.workspace import Workspace

_TERMINAL_VARIABLES = ("TERM", "COLORTERM", "LANG", "NO_COLOR")
SHELL = ("sh", "-c", "if command -v bash > /dev/null 2>&1; then exec bash; else exec sh; fi")
"""Not a login shell: /etc/profile would put another PATH in place of the image's."""


def open_exec(
    workspace: Workspace, service: str, argv: tuple[str, ...], *, tty: bool = False, stdin: bool = True
) -> ExecSession:
    """Start a process in the service's container.

    Raises NotTrustedError, UsageError for an unknown service, NotReadyError when it does not run, EngineError.
    """
    require_trust(workspace)
    container = running_service(workspace, service)
    spec = ExecSpec(argv, env=_terminal_env(workspace) if tty else (), tty=tty, stdin=stdin)
    return workspace.engine.exec(container.id, spec)


def shell_argv(workspace: Workspace, service: str = BOX) -> tuple[str, ...]:
    """The command that is a shell in that service: bash where the image has it, else sh."""
    return SHELL


def open_shell(workspace: Workspace, service: str = BOX) -> ExecSession:
    """An interactive shell in the service; raises what `open_exec` raises."""
    return open_exec(workspace, service, shell_argv(workspace, service), tty=True)


def running_service(workspace: Workspace, service: str) -> ContainerInfo:
    """The running container of a service."""
    identity = Identity.of("", str(workspace.root), workspace.uid)
    found = [
        each for each in project_containers(workspace.engine, identity) if each.labels[label.SERVICE] == service
    ]
    running = [each for each in found if each.state == "running"]
    if running:
        return running[-1]
    names = [each.name for each in workspace.project.services]
    if service not in names and not found:
        raise UsageError(f"no service `{service}`", hint=f"services here: {', '.join(names)}")
    if not found:
        raise NotReadyError(f"{service} is not up", hint="`devbox up`")
    code = found[0].exit_code
    crashed = code not in (None, STOPPED)
    ended = f"it exited with code {code}" if crashed else "it is stopped" if code else f"it is {found[0].state}"
    hint = f"`devbox logs {service}` shows why, `devbox up` starts it"
    raise NotReadyError(f"{service} does not run: {ended}", hint=hint)


def _terminal_env(workspace: Workspace) -> Pairs:
    return tuple((name, workspace.env[name]) for name in _TERMINAL_VARIABLES if workspace.env.get(name))
