"""Reports for the tests of every format: an ordinary one, and one whose every word means harm."""

from __future__ import annotations

from devbox.core.checks import checked, wanted
from devbox.core.doctor import Judged, assemble
from devbox.core.facts import Origin
from devbox.core.findings import Declared, DoctorReport, Finding, ToolchainRow
from devbox.core.project import Policy

EVIL = (
    "x|y` @octocat <img src=x onerror=a> [link](http://evil.example) ![i](http://evil.example/i) \n"
    "::error::pwned\r\n##[error]pwned %0A **b** #1 https://evil.example \x1b]52;c;ZXZpbA==\x07\u202e | a | b |"
)
FACTS = {
    "platform": {
        "os": "linux", "arch": "x86_64", "kernel": "6.1.0", "libc": "glibc 2.36", "distribution": "debian",
        "release": "12", "os_name": "Debian GNU/Linux 12 (bookworm)", "memory": 16 << 30, "disk_free": 40 << 30,
    },
    "gpu": {"devices": [{"name": "NVIDIA H200", "compute_capability": "9.0", "memory": 140 << 30}], "driver": "570"},
    "engine": {"version": "26.1.5", "os": "linux", "arch": "amd64", "local": True, "endpoint": "ssh://ada@ada-laptop"},
}  # fmt: skip


def finding(
    id: str, check: str, severity: str, path: str | None, line: int | None = None, message: str = "", hint: str = ""
) -> Finding:
    return Finding(
        id, check, "runtime", severity, id.split(".")[-2], message or f"{id} is wrong", "3.11", "3.12.4",  # type: ignore[arg-type]
        Origin(path, line) if path else None, hint or "`pyenv install 3.11`",
    )  # fmt: skip


ORDINARY = (
    finding("toolchain.python.mismatch", "toolchain", "error", ".python-version", 1,
            "python is 3.12.4 (/home/ada/bin/python3), `.python-version:1` pins 3.11"),
    finding("images.base.moving", "images", "warn", "docker/Dockerfile dev", 12),
    finding("toolchain.path.inside", "toolchain.path", "info", "env:PATH"),
    finding("toolchain.node.missing", "toolchain", "error", "/etc/nvm/.nvmrc", 1),
    finding("platform.memory", "platform.memory", "warn", None, None, "memory is 4 GiB on ada-laptop"),
)  # fmt: skip
HOSTILE = (
    finding("toolchain.python.mismatch", "toolchain", "error", EVIL, 1, EVIL, EVIL),
    finding("images.base.moving", "images", "warn", "%2e,:b", 3, EVIL),
)


def report(*findings: Finding, raw: str = "3.11") -> DoctorReport:
    """A report with these findings, one toolchain, one check that is unknown."""
    row = ToolchainRow(
        "python", "pyenv", (Declared(".python-version", 1, raw),), "3.11.7", ("3.11.7",), "managed", "3.12.4",
        "/home/ada/.pyenv/bin/python", "3.11.9", False,
    )  # fmt: skip
    checks = (
        checked("toolchain"), checked("platform.memory", subject="memory", actual="16.0 GiB"),
        checked("platform.release", subject="release", unknown="nothing on ada-laptop tells"),
    )  # fmt: skip
    groups = [Judged(checks, findings, FACTS)]
    return assemble("/home/ada/shop/api", groups, wanted((), ()), Policy(), toolchains=(row,))
