"""One run of one command: its arguments, the streams it may write to, and the ways to end.

stdout is data, stderr is narration; with `--json` stdout holds JSON only, also on failure (contract.md, Streams).
Everything printed here passes `clean()`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from devbox import __version__
from devbox.cli.options import GlobalOptions
from devbox.core.errors import DevboxError, UsageError
from devbox.core.present import Glyphs, glyphs
from devbox.core.text import clean_block, defuse_ci

if TYPE_CHECKING:
    from devbox.engine.stream import Cancellation
    from devbox.flows.workspace import Workspace


@dataclass
class Invocation:
    """What a command module gets."""

    command: str
    options: GlobalOptions
    args: argparse.Namespace
    env: Mapping[str, str]
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    project_dir: str | None = None
    """Set as soon as it is known, for the final JSON object."""
    _workspace: Workspace | None = None
    _finished: bool = False

    @property
    def json(self) -> bool:
        """Whether stdout is for JSON only."""
        return self.options.json

    @property
    def ascii(self) -> bool:
        """Whether glyphs beyond ASCII are out: asked for, or the locale is not UTF-8."""
        encoding = (getattr(self.stdout, "encoding", None) or "ascii").lower().replace("-", "")
        return self.options.ascii or encoding != "utf8"

    @property
    def glyphs(self) -> Glyphs:
        """The glyph set for this terminal."""
        return glyphs(self.ascii)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: a terminal on stdin and stderr, and nobody said otherwise."""
        return not self.options.no_input and _is_tty(sys.stdin) and _is_tty(self.stderr)

    def colour(self, stream: TextIO | None = None) -> bool:
        """Whether this stream (default stdout) gets colours."""
        if self.options.color != "auto":
            return self.options.color == "always"
        return not self.env.get("NO_COLOR") and self.env.get("TERM") != "dumb" and _is_tty(stream or self.stdout)

    def print(self, text: str = "") -> None:
        """Data for stdout, in text mode; lines end at `\\n`."""
        if not self.json:
            self._write(self.stdout, text, self.colour())

    def narrate(self, text: str) -> None:
        """One or more lines of narration on stderr; silent with `-q`."""
        if not self.options.quiet:
            self._write(self.stderr, text, self.colour(self.stderr))

    def emit(self, event: Mapping[str, Any]) -> None:
        """One JSON event on its own line; only with `--json`."""
        if self.json:
            self.stdout.write(json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n")
            self.stdout.flush()

    def finish(self, outcome: str, *, error: DevboxError | None = None, **fields: Any) -> None:
        """The final JSON object; only with `--json`, and only once."""
        if self._finished:
            return
        self._finished = True
        final: dict[str, Any] = {
            "schema": f"devbox.{self.command}/1",
            "devbox": __version__,
            "project_dir": self.project_dir,
            "outcome": outcome,
        }
        if error is not None:
            final["error"] = error_object(error)
        self.emit({**final, **fields})

    def workspace(self) -> Workspace:
        """The workspace of the working directory, built once."""
        if self._workspace is None:
            # Deferred: wiring pulls in project reading and the state store, which `--help` does not need.
            from devbox.wiring import build_workspace

            self._workspace = build_workspace(
                directory=self.directory,
                options=self.options,
                env=self.env,
                ask=self.ask,
                mode=getattr(self.args, "mode", None),
                builder=getattr(self.args, "builder", None) or "auto",
                lock_timeout=getattr(self.args, "timeout", None),
                looking=getattr(self.args, "looking", False),
            )
            self.project_dir = str(self._workspace.root)
        return self._workspace

    def move(self, directory: Path, *, trust: str | None = None) -> None:
        """Work in `directory` from now on, in a fresh workspace; `trust` as `--trust` gives it."""
        self.options = replace(self.options, directory=str(directory), trust=trust)
        self._workspace = None

    @property
    def cancellation(self) -> Cancellation | None:
        """The running workspace's cancel signal, once there is one."""
        return self._workspace.cancel if self._workspace else None

    @property
    def directory(self) -> Path:
        """The directory to work in (`-C`, else the current one), canonical; UsageError when it is none."""
        try:
            path = Path(self.options.directory or ".").resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            raise UsageError(f"`-C {self.options.directory or '.'}`: no such directory") from None
        if not path.is_dir():
            raise UsageError(f"`-C {self.options.directory}`: not a directory")
        return path

    def ask(self, question: str, *, detail: str = "", trust: bool = False) -> bool:
        """A yes/no question on stderr; no terminal, EOF and anything but yes mean no (security.md 2.5)."""
        if self.options.yes and not trust:
            self.narrate(f"{question} yes (--yes)")
            return True
        if not self.interactive:
            return False
        if detail:
            self._write(self.stderr, detail, self.colour(self.stderr))
        self._write(self.stderr, f"{question} [y/N] ", self.colour(self.stderr), end="")
        try:
            answer = sys.stdin.readline()
        except (OSError, ValueError, UnicodeDecodeError):
            return False
        return answer.strip().lower() in ("y", "yes")

    def report(self, error: DevboxError) -> None:
        """An error: two lines on stderr, the same text as `error` in JSON."""
        where = f" ({error.where})" if error.where else ""
        self._write(self.stderr, one_line(f"devbox: error: {error.summary}{where}"), False)
        if error.detail and (self.options.verbose or error.kind in ("build", "not-ready")):
            self._write(self.stderr, error.detail, self.colour(self.stderr))
        if error.hint:
            self._write(self.stderr, one_line(f"hint: {error.hint}"), False)
        self.finish("error", error=error)

    def _write(self, stream: TextIO, text: str, colour: bool, end: str = "\n") -> None:
        shown = clean_block(text, colour=colour)
        if self.env.get("GITHUB_ACTIONS") or self.env.get("TF_BUILD"):
            shown = "\n".join(defuse_ci(line) for line in shown.split("\n"))
        stream.write(shown + end)
        with contextlib.suppress(ValueError):
            stream.flush()


def error_object(error: DevboxError) -> dict[str, Any]:
    """An error as contract.md's `error` object."""
    return {
        "kind": error.kind,
        "summary": one_line(error.summary),
        "detail": clean_block(error.detail) if error.detail else None,
        "hint": one_line(error.hint) if error.hint else None,
        "path": error.path,
        "line": error.line,
        "column": error.column,
    }


def one_line(text: str) -> str:
    """The text with its line breaks as blanks, so that the first line is enough alone."""
    return clean_block(" ".join(text.split("\n")))


def _is_tty(stream: Any) -> bool:
    try:
        return bool(stream and os.isatty(stream.fileno()))
    except (OSError, ValueError, AttributeError):
        return False
