"""The first paint pays for one screen only: what is loaded before it is a tested property (tui.md, Speed)."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import devbox.tui.app, devbox.tui.screens.doctor, devbox.tui.flow_session
print(*sorted(sys.modules))
"""
NOT_YET = (
    "docker", "requests", "psutil", "tomlkit", "devbox.flows", "devbox.host", "devbox.engine.http",
    "devbox.engine.docker_sdk", "devbox.tui.screens.box", "devbox.tui.screens.build", "devbox.tui.dialogs",
    "devbox.tui.commands", "devbox.tui.widgets.log_view", "devbox.tui.widgets.prompt",
    "textual.widgets._data_table", "textual.widgets._markdown", "textual.widgets._footer",
)  # fmt: skip


def test_nothing_slow_is_imported_before_the_first_paint() -> None:
    loaded = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    early = [name for name in loaded if any(name == slow or name.startswith(f"{slow}.") for slow in NOT_YET)]
    assert early == []
