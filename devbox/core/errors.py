"""The few error types of devbox and the exit codes they end in.

Every error says what failed in one line (`summary`), may add why (`detail`)
and what to do next (`hint`, commands in backticks), and may point into a file.
The edges catch these by type; nothing matches on message text.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes; the table of contract.md."""

    OK = 0
    """done, nothing found"""
    FINDINGS = 1
    """findings of severity error, a failed gate, a check that says no"""
    USAGE = 2
    """wrong usage, or a command of a feature this version lacks"""
    INVALID = 3
    """the project's files or devbox's state are invalid or unreadable"""
    ENGINE = 4
    """no engine, or the engine failed, is too old, or timed out"""
    BUILD = 5
    """the build failed"""
    NOT_READY = 6
    """something did not start, become ready, or a hook failed"""
    NOT_TRUSTED = 7
    """not trusted, or declined"""
    BUSY = 8
    """another devbox is changing the same project"""
    EXHAUSTED = 9
    """disk, memory, descriptors or inotify watches are used up"""
    INTERNAL = 70
    """a bug: one line and the path of the report"""
    TIMED_OUT = 124
    """timed out"""
    CANNOT_RUN = 126
    """`exec`: the command is there and can't be run, as shells say"""
    NO_COMMAND = 127
    """`exec`: there is no such command, as shells say"""
    HANGUP = 129
    """hangup, after clean-up"""
    INTERRUPTED = 130
    """interrupt, after clean-up"""
    TERMINATED = 143
    """termination, after clean-up"""


class DevboxError(Exception):
    """What failed, in words a user can act on.

    `path`, `line`, `column` (both 1-based) say where; a path inside the project is relative to it.
    """

    kind = "internal"
    exit_code = ExitCode.INTERNAL

    def __init__(
        self,
        summary: str,
        *,
        detail: str | None = None,
        hint: str | None = None,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.path = path
        self.line = line
        self.column = column

    @property
    def where(self) -> str | None:
        """`file:line:column`, as far as known."""
        if self.path is None:
            return None
        known = [str(part) for part in (self.path, self.line, self.column) if part is not None]
        return ":".join(known)


class UsageError(DevboxError):
    """The command line asks for something that does not exist or does not fit together."""

    kind = "usage"
    exit_code = ExitCode.USAGE


class ConfigError(DevboxError):
    """A project file or devbox's own state is invalid or unreadable."""

    kind = "config"
    exit_code = ExitCode.INVALID


class EngineError(DevboxError):
    """No engine answers, or the engine failed, is too old, or timed out."""

    kind = "engine"
    exit_code = ExitCode.ENGINE


class BuildError(DevboxError):
    """A build failed, or its base image can't be had."""

    kind = "build"
    exit_code = ExitCode.BUILD


class NotReadyError(DevboxError):
    """A container did not start or become ready, a port is taken, or a hook failed."""

    kind = "not-ready"
    exit_code = ExitCode.NOT_READY


class CommandError(NotReadyError):
    """A command in a container could not be started; ends in what a shell would end in."""

    def __init__(self, summary: str, code: ExitCode, *, detail: str | None = None) -> None:
        super().__init__(summary, detail=detail)
        self.exit_code = code


class NotTrustedError(DevboxError):
    """The folder is not trusted, or the user declined."""

    kind = "not-trusted"
    exit_code = ExitCode.NOT_TRUSTED


class BusyError(DevboxError):
    """Another devbox holds the project's lock and the wait ended."""

    kind = "busy"
    exit_code = ExitCode.BUSY


class ExhaustedError(DevboxError):
    """A resource of the machine is used up."""

    kind = "exhausted"
    exit_code = ExitCode.EXHAUSTED


class TimedOutError(DevboxError):
    """A deadline passed that is neither the lock's nor readiness."""

    kind = "timeout"
    exit_code = ExitCode.TIMED_OUT


class RequirementError(DevboxError):
    """The machine does not meet `[host]`."""

    kind = "requirement"
    exit_code = ExitCode.FINDINGS


class Cancelled(Exception):
    """The caller asked a running flow to stop; not an error of its own."""
