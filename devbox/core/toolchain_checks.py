"""What is wrong with a toolchain, in words: one row beside its selection → findings. Pure."""

from __future__ import annotations

from devbox.core.facts import Origin
from devbox.core.findings import Conflict, Finding, Severity, ToolchainRow
from devbox.core.text import visible
from devbox.core.toolchain.selection import Answer, Selection
from devbox.core.toolchain_hints import next_step

CHECK = "toolchain"

_ERRORS = {
    "missing": "{manager} has not installed what {where} pins",
    "malformed": "{where} is not what {manager} can read",
    "cycle": "{where} leads back to itself",
    "no-version": "{where} names no version",
    "untrusted": "{manager} does not trust {where}, so every {manager} command fails here",
    "refused": "{manager} refuses what {where} names",
    "min-version": "{where} asks for a newer {manager}",
    "missing-file": "{where} names a file that is not there",
    "unsupported": "{where} uses what {manager} does not support",
    "conflict": "{where} contradicts itself",
    "other-tool": "{where} names another tool",
}

_READERS = {"package.json": "npm", "pyproject": "pip"}
"""Whose rules a file follows that is its own source."""


def findings_of(selection: Selection, row: ToolchainRow, shadow: Answer | None) -> tuple[Finding, ...]:
    """The findings of one row; none where its pins are met or nothing is pinned."""
    found = [_unsatisfied(selection, row)] if row.satisfied is False and not _is_nothing(selection, row) else []
    if row.satisfied and selection.shadow and shadow:
        found += _shadowed(selection, row, shadow)
    found += [_finding(selection, "note", "info", note) for note in selection.notes]
    return tuple(found)


def conflict_finding(conflict: Conflict) -> Finding:
    """Sources that no version satisfies together: an error even where the host matches one of them (product.md D3)."""
    one, two = conflict.sources
    return Finding(
        id=f"toolchain.conflict.{conflict.tool}",
        check="toolchain.conflict",
        layer="runtime",
        severity="error",
        subject=conflict.tool,
        message=f"no {conflict.tool} version satisfies both {_place(one.path, one.line)} ({visible(one.raw)}) "
        f"and {_place(two.path, two.line)} ({visible(two.raw)})",
        expected=one.raw,
        actual=two.raw,
        origin=Origin(one.path, one.line),
        hint=f"change one of them: `{two.path}` or `{one.path}`",
    )


def _is_nothing(selection: Selection, row: ToolchainRow) -> bool:
    """A container's or runner's tool that this machine does not have; a command that corepack keeps for another, or
    that it would refuse if it were here."""
    unheard = row.manager == "corepack" and not row.declared and not selection.present
    return (selection.elsewhere and row.host_runs is None) or row.error == "other-tool" or unheard


def unknown_reason(selection: Selection, row: ToolchainRow, answer: Answer | None) -> str | None:
    """Why a pinned row is neither satisfied nor not; None where it is decided."""
    if row.satisfied is False or not row.declared:
        return None
    if selection.undecided:
        return selection.undecided
    if row.host_runs is None and selection.runs is not None:
        reason = answer.reason if answer and answer.reason else "its version is not known"
        return f"{reason} ({row.host_path})"
    if row.satisfied is None:
        raw = row.declared[0].raw
        return f"`{raw}` names no version" if selection.elsewhere else f"`{raw}` means nothing without {row.manager}"
    return None


def _unsatisfied(selection: Selection, row: ToolchainRow) -> Finding:
    kind = row.error or "mismatch"
    if row.error == "missing" and not selection.present:
        message = f"{row.tool} is not on PATH, {_where(selection)} pins {_pinned(row)}"
    elif row.error is not None:
        reason = _ERRORS[row.error].format(manager=_READERS.get(row.manager, row.manager), where=_where(selection))
        message = ": ".join(part for part in (reason, selection.detail) if part)
        message += f"; {row.tool} runs {row.host_runs} ({row.host_path})" if row.host_runs else ""
    else:
        runs = f"{row.tool} is {row.host_runs or 'unknown'} ({row.host_path})"
        message = f"{runs}, {_where(selection)} pins {_pinned(row)}"
    severity: Severity = "info" if selection.elsewhere else "error"
    return _finding(selection, kind, severity, message, row, selection.hint or next_step(selection, row))


def _shadowed(selection: Selection, row: ToolchainRow, shadow: Answer) -> list[Finding]:
    if shadow.version is not None and shadow.version == row.host_runs:
        return []
    first = f"`{row.tool}` on PATH is {row.shadowed_by}"
    if shadow.version is None:
        message = f"{first}, which devbox does not run ({shadow.reason}); {row.manager} selects {row.host_runs}"
        return [_finding(selection, "shadowed", "info", message, row)]
    message = f"{first}, version {shadow.version}; {row.manager} is not in charge there and selects {row.host_runs}"
    return [_finding(selection, "shadowed", "warn", message, row, _ACTIVATE.get(row.manager))]


_ACTIVATE = {
    "pyenv": "`eval \"$(pyenv init -)\"` in your shell's start file",
    "nvm": "`nvm use`",
    "mise": "`eval \"$(mise activate bash)\"` in your shell's start file",
    "rbenv": "`eval \"$(rbenv init - bash)\"` in your shell's start file",
    "nodenv": "`eval \"$(nodenv init - bash)\"` in your shell's start file",
    "jenv": "`eval \"$(jenv init -)\"` in your shell's start file",
    "fnm": "`eval \"$(fnm env --use-on-cd --shell bash)\"` in your shell's start file",
    "volta": "`volta setup`, then a new shell",
    "sdkman": "`sdk env`",
    "asdf": "`export PATH=\"${ASDF_DATA_DIR:-$HOME/.asdf}/shims:$PATH\"` in your shell's start file",
    "tfenv": "`export PATH=\"$HOME/.tfenv/bin:$PATH\"` in your shell's start file",
}


def _finding(
    selection: Selection, kind: str, severity: Severity, message: str, row: ToolchainRow | None = None,
    hint: str | None = None,
) -> Finding:
    first = selection.declared[0] if selection.declared else None
    path = first.path if first else selection.source
    return Finding(
        id=f"{CHECK}.{selection.tool}.{kind}",
        check=CHECK,
        layer="runtime",
        severity=severity,
        subject=selection.tool,
        message=visible(message),
        expected=_pinned(row) or None if row else None,
        actual=row.host_runs if row else None,
        origin=Origin(path, first.line if first else None) if path else None,
        hint=visible(hint) if hint else None,
    )


def _pinned(row: ToolchainRow) -> str:
    return ", ".join(visible(pin.raw) for pin in row.declared)


def _where(selection: Selection) -> str:
    if selection.declared:
        return _place(selection.declared[0].path, selection.declared[0].line)
    return f"`{selection.source}`" if selection.source else "nothing"


def _place(path: str, line: int | None) -> str:
    return f"`{path}:{line}`" if line else f"`{path}`"
