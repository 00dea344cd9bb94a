"""A newer engine for the full-length run, with either image store: dockerd 26 from newer packages, unpacked privately
(spec/test-engine.md, Newer engine). Needs root and a Debian archive; nothing of it is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devbox.core.errors import DevboxError
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import Endpoint
from devbox.engine.private import apt, machine
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.mounts import unmount_below
from devbox.engine.stream import Cancellation
from tests import engine_session

LAYOUT = PrivateLayout(Path("/var/lib/devbox-engine-test-newer"), Path("/run/devbox-engine-test-newer"))
PACKAGES = ("docker.io", "containerd")
BRIDGE, ADDRESS = "dvbnewer", "10.213.77.1/24"
READY_IN = 60


@contextmanager
def newer_engine(store: str) -> Iterator[Endpoint]:
    """The engine, until the block ends; `store` is `classic` or `containerd`, and each begins empty. Raises DevboxError
    where it can't be had."""
    programs = _programs()
    _clear()
    subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
    process = None
    try:
        subprocess.run(["ip", "addr", "add", ADDRESS, "dev", BRIDGE], check=True)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
        LAYOUT.run.mkdir(parents=True, exist_ok=True)
        LAYOUT.daemon_config.write_text(json.dumps({
            "data-root": str(LAYOUT.data), "exec-root": str(LAYOUT.exec_root), "pidfile": str(LAYOUT.pid_file),
            "hosts": [LAYOUT.url], "bridge": BRIDGE, "iptables": False,
            "features": {"containerd-snapshotter": store == "containerd"},
        }))
        env = {**os.environ, "PATH": f"{programs / 'usr/bin'}:{programs / 'usr/sbin'}:{os.environ['PATH']}"}
        with LAYOUT.log.open("wb") as log:
            process = subprocess.Popen(
                [programs / "usr/sbin/dockerd", "--config-file", LAYOUT.daemon_config], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env=env, start_new_session=True,
            )
        _wait_for(LAYOUT.endpoint)
        yield LAYOUT.endpoint
    finally:
        if process is not None:
            process.terminate()
            process.wait(60)
        _clear()


def _programs() -> Path:
    """The unpacked packages, fetched once."""
    if not (LAYOUT.tools / "usr/sbin/dockerd").exists():
        LAYOUT.root.mkdir(parents=True, exist_ok=True)
        found = machine.observe_machine(os.environ)
        engine_session.say(apt.fetch_tools(LAYOUT, found, PACKAGES, Cancellation()))
        # The system's own serves; this one wants a newer C library (spec/test-engine.md).
        for runc in ("usr/bin/runc", "usr/sbin/runc"):
            (LAYOUT.tools / runc).unlink(missing_ok=True)
    return LAYOUT.tools


def _wait_for(endpoint: Endpoint) -> None:
    until = time.monotonic() + READY_IN
    while True:
        try:
            DockerSdkEngine(endpoint).info()
        except DevboxError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def _clear() -> None:
    for folder in (LAYOUT.run, LAYOUT.root):
        unmount_below(folder)
    subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)
    for folder in (LAYOUT.run, LAYOUT.data):
        shutil.rmtree(folder, ignore_errors=True)
