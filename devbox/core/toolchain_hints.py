"""The one next step where a pin of a toolchain is not met, for managers that do not name a better one themselves. Pure.

A hint names a command only for a pin that is a version, never puts a word of the project's into a sentence that it
makes no sense of, and names the file and line to change.
"""

from __future__ import annotations

import re

from devbox.core.findings import Declared, ToolchainRow
from devbox.core.toolchain.selection import SYSTEM, Selection

_VERSION = re.compile(r"(?:go |toolchain )?(?:go|v)?([0-9]+(?:\.[0-9]+){0,3}(?:[-+.]?[0-9A-Za-z]+)*)", re.ASCII)
"""A version as managers write it, among them the lines of go.mod."""
_RANGE = re.compile(r"[<>=~^*|,]|\.x\b|- ")
_NOT_A_VERSION = ("malformed", "no-version", "unsupported")
_DATA = (".json", ".jsonc", ".toml", ".yml", ".yaml", ".mod", ".work")
"""Files that say more than a version: where they are broken, one more version mends nothing."""
_ELSEWHERE = {"dockerfile": "tag", "devcontainer": "version", "github-actions": "version"}
_RANGES = ("package.json", "pyproject", "devbox")
"""Sources that install nothing: any version that fits will do."""
_PLUGINS = {"node": "nodejs", "go": "golang"}
_EXAMPLES = {
    "python": "3.12", "node": "22", "go": "1.22.5", "ruby": "3.3.6", "java": "21", "terraform": "1.9.8",
    "rust": "1.80.0", "dotnet": "8.0.100", "npm": "10.9.0", "pnpm": "9.15.0", "yarn": "4.5.3",
}  # fmt: skip
_INSTALL = {
    "pyenv": "pyenv install {version}", "uv": "uv python install {version}", "nvm": "nvm install {version}",
    "nodenv": "nodenv install {version}", "fnm": "fnm install {version}", "volta": "volta install {tool}@{version}",
    "rbenv": "rbenv install {version}", "sdkman": "sdk install {tool} {version}", "tfenv": "tfenv install {version}",
    "asdf": "asdf install {plugin} {version}", "mise": "mise install {tool}@{version}",
    "rustup": "rustup toolchain install {version}", "go": "go install golang.org/dl/go{version}@latest",
    "dotnet": "dotnet-install --version {version}",
}  # fmt: skip


def next_step(selection: Selection, row: ToolchainRow) -> str | None:
    """What to do about a row that is not satisfied; None where nothing is written that could be changed."""
    if row.error == "untrusted":
        return "read the file, then `mise trust`"
    if selection.manager in _ELSEWHERE and selection.declared:
        return f"change the {_ELSEWHERE[selection.manager]} in {_place(selection, selection.declared[0])}"
    unmet = _unmet(selection, row)
    where = _place(selection, unmet)
    if not where:
        return None
    if row.error in _NOT_A_VERSION:
        broken = unmet is None and where.strip("`").endswith(_DATA)
        return f"correct {where}" if broken else _write(row.tool, where)
    if row.error not in (None, "missing") or unmet is None:
        return f"change {where}"
    return _obtain(selection, row, unmet, where)


def _obtain(selection: Selection, row: ToolchainRow, unmet: Declared, where: str) -> str:
    raw = unmet.raw.strip()
    plain = _VERSION.fullmatch(raw)
    if plain is None and (selection.manager in _RANGES or _RANGE.search(raw)):
        ranges = [pin.range for pin in selection.pins if pin.declared == unmet]
        fitting = f"install {row.tool} in a version that meets `{raw}`, or change {where}"
        return fitting if any(ranges) else _write(row.tool, where)
    if raw == SYSTEM:
        return f"put {row.tool} on `PATH` outside every version manager, or {_write(row.tool, where)}"
    if plain is None:
        return _write(row.tool, where)
    command = _INSTALL.get(selection.manager)
    if command is None or (selection.manager == row.tool and not selection.present):
        return f"install {row.tool} {plain[1]}, or change {where}"
    plugin = _PLUGINS.get(row.tool, row.tool)
    step = f"`{command.format(version=plain[1], tool=row.tool, plugin=plugin)}`"
    if selection.present:
        return f"{step}, or change {where}"
    return f"install {row.tool} {plain[1]} (with {selection.manager}: {step}), or change {where}"


def _unmet(selection: Selection, row: ToolchainRow) -> Declared | None:
    """The pin that what runs does not meet, else the first."""
    for pin in selection.pins:
        if pin.range and row.host_runs and not pin.range.contains(row.host_runs):
            return pin.declared
    if selection.manager == "go" and selection.declared:
        return selection.declared[-1]  # `toolchain` stands after `go` and is never below it
    return selection.declared[0] if selection.declared else None


def _write(tool: str, where: str) -> str:
    example = _EXAMPLES.get(tool, "1.2.3")
    return f"write a version such as `{example}` in {where}"


def _place(selection: Selection, declared: Declared | None) -> str:
    if declared is None:
        return f"`{selection.source}`" if selection.source else ""
    return f"`{declared.path}:{declared.line}`" if declared.line else f"`{declared.path}`"
