"""What an engine says in place of a command's output where the command could not be started.

It reports that as output and an exit code, 126 for everything on engines before 23; its words are the only thing to
tell it from a command that ran (moby `daemon/exec.go`, runc's and crun's errors).
"""

from __future__ import annotations

from devbox.core.errors import CommandError, ExitCode

_MARK = b"OCI runtime exec failed: "
_ABSENT = (b"executable file not found", b"no such file or directory", b"not found in $PATH")
_NO_FOLDER = b"chdir to cwd"
"""It is the working directory that is not there."""


def may_be_failure(first: bytes) -> bool:
    """Whether output that begins so may be the engine's word instead of the command's."""
    return first.startswith(_MARK)


def exec_failure(command: str, output: bytes, code: int) -> CommandError | None:
    """The error of a command that was never started, with the codes of shells; None where it ran."""
    if code not in (ExitCode.CANNOT_RUN, ExitCode.NO_COMMAND) or not may_be_failure(output):
        return None
    detail = output.decode("utf-8", "replace").strip()
    absent = code == ExitCode.NO_COMMAND or any(words in output for words in _ABSENT)
    if absent and _NO_FOLDER not in output:
        return CommandError(f"there is no command {command} in the container", ExitCode.NO_COMMAND)
    return CommandError(f"{command} can't be run in the container", ExitCode.CANNOT_RUN, detail=detail)
