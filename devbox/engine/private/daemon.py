"""Start and stop the engine's two daemons, containerd and dockerd. Needs root; runs under the lock of `guard`.

Every start first removes what an earlier one left, and every stop does the same, so both converge from any state that a
kill or a crash can leave. Installs nothing and asks nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from devbox.core.errors import EngineError
from devbox.core.events import Event, Waiting
from devbox.engine.private import calls, firewall, network
from devbox.engine.private.cgroups import remove_cgroups
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.mounts import mounts_below, unmount_below
from devbox.engine.private.processes import MARK, daemon, end_processes, own_processes
from devbox.engine.private.programs import FOLDERS, KEPT_LINES, clean_env, need_program
from devbox.engine.stream import Cancellation
from devbox.failpoint import failpoint

READY_IN = 60.0
"""Seconds; 3 are usual, a cold disk and a data root with many images take longer."""
STOP_IN = 20.0
"""Seconds; dockerd gives its containers 10 to end."""


def is_running(layout: PrivateLayout) -> bool:
    """Whether the engine lives and answers."""
    return daemon(layout) is not None and calls.answers(layout.endpoint)


def start_daemons(layout: PrivateLayout, proxies: dict[str, str], cancel: Cancellation) -> Iterator[Event]:
    """Start both and wait until the engine answers; on any failure nothing of the attempt is left.

    Raises EngineError with the last lines of the log, Cancelled after a cancel.
    """
    clear(layout)
    try:
        network.remember_settings(layout, firewall.forward_policy())
        firewall.write_scripts(layout)
        network.make_bridge(layout.mark, network.pick_subnet(layout))
        _write_configs(layout)
        yield from _launch(layout, proxies, cancel)
    except BaseException:
        clear(layout)
        raise


def clear(layout: PrivateLayout) -> None:
    """End every process of the engine and undo what it did to the machine: mounts, bridges, packet filter rules,
    settings. Its data stays. EngineError when something resists."""
    end_processes(layout, STOP_IN)
    remove_cgroups(layout)
    bridges = firewall.own_bridges(layout)
    rules_gone = firewall.remove_rules(layout)
    bridges_left = network.remove_bridges(bridges)
    mounted = [*unmount_below(layout.run), *unmount_below(layout.root)]
    _restore_settings(layout)
    for left in (layout.socket, layout.containerd_socket, layout.pid_file, layout.before):
        left.unlink(missing_ok=True)
    if not mounted:
        shutil.rmtree(layout.exec_root, ignore_errors=True)
    _check_cleared(layout, rules_gone, bridges_left)


def give_to(layout: PrivateLayout, uid: int, gid: int) -> None:
    """Let the caller use the socket: their group may, or they alone where the group is not theirs alone, because
    whoever reaches the socket is root."""
    alone = _is_private_group(uid, gid)
    os.chown(layout.socket, 0 if alone else uid, gid)
    layout.socket.chmod(0o660 if alone else 0o600)
    os.chown(layout.log, 0, gid)
    layout.log.chmod(0o640 if alone else 0o600)


def last_log_lines(layout: PrivateLayout) -> str:
    """The end of dockerd's log."""
    with suppress(OSError), layout.log.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 16384))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-KEPT_LINES:])
    return ""


def _launch(layout: PrivateLayout, proxies: dict[str, str], cancel: Cancellation) -> Iterator[Event]:
    env = clean_env(proxies) | {"PATH": ":".join((str(layout.programs), *FOLDERS)), MARK: str(layout.root)}
    with layout.log.open("wb") as log:
        argv = (need_program("containerd"), "--config", str(layout.containerd_config))
        process = _spawn(argv, env, log.fileno())
        yield from _wait_for("containerd", process, layout.containerd_socket.is_socket, layout, cancel)
        failpoint("private-engine.containerd-started")
        argv = (need_program("dockerd"), "--config-file", str(layout.daemon_config))
        process = _spawn(argv, env, log.fileno())
        failpoint("private-engine.dockerd-started")
        yield from _wait_for("dockerd", process, lambda: is_running(layout), layout, cancel)


def _spawn(argv: tuple[str, ...], env: dict[str, str], log: int) -> subprocess.Popen[bytes]:
    # A session of its own: the engine outlives this devbox and its terminal, until `devbox engine stop`.
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=env, start_new_session=True, umask=0o022
    )


def _wait_for(
    name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], layout: PrivateLayout, cancel: Cancellation
) -> Iterator[Event]:
    began = time.monotonic()
    told = 0
    while not ready():
        waited = time.monotonic() - began
        if process.poll() is not None or waited > READY_IN:
            what = "ended at once" if process.returncode is not None else f"did not get ready within {READY_IN:.0f} s"
            raise EngineError(f"{name} {what}", detail=last_log_lines(layout), hint=f"its log: `{layout.log}`")
        if int(waited) > told:
            told = int(waited)
            yield Waiting(name, waited)
        cancel.wait(0.05)


def _write_configs(layout: PrivateLayout) -> None:
    # No default-address-pools: with them, dockerd deletes `docker0` on its second start, whoever it belongs to
    # (daemon_unix.go, removeDefaultBridgeInterface). Its own choice avoids every routed network.
    settings = {
        "data-root": str(layout.data),
        "exec-root": str(layout.exec_root),
        "pidfile": str(layout.pid_file),
        "hosts": [layout.url],
        "group": "root",
        "containerd": str(layout.containerd_socket),
        "bridge": layout.mark,
        "mtu": network.default_mtu(),
        "shutdown-timeout": 10,
    }
    layout.daemon_config.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    layout.containerd_config.write_text(
        "version = 2\n"
        f"root = {json.dumps(str(layout.data / 'containerd-root'))}\n"
        f"state = {json.dumps(str(layout.exec_root / 'containerd'))}\n"
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f"[grpc]\naddress = {json.dumps(str(layout.containerd_socket))}\n",
        encoding="utf-8",
    )


def _restore_settings(layout: PrivateLayout) -> None:
    """Put back what dockerd changed for the whole machine, unless somebody else has begun to rely on it."""
    settings = network.recall_settings(layout)
    if settings and not firewall.somebody_forwards():
        firewall.restore_forward_policy(settings.get("forward_policy", ""))
        network.restore_forwarding(settings.get("ip_forward", ""))


def _check_cleared(layout: PrivateLayout, rules_gone: bool, bridges: tuple[str, ...]) -> None:
    left = [f"process {pid}" for pid in own_processes(layout)]
    left += [f"mount {point}" for folder in (layout.root, layout.run) for point in mounts_below(folder)]
    left += [f"bridge {name}" for name in bridges]
    left += [] if rules_gone else [f"packet filter rules marked {layout.mark}"]
    if left:
        raise EngineError(f"the private engine left {len(left)} things behind", detail="\n".join(left))


def _is_private_group(uid: int, gid: int) -> bool:
    """Whether the group is the user's own (`adduser` makes one of the same name) and has no other members."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
