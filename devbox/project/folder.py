"""Paths that devbox.toml names, made absolute and canonical, with the rule on what may leave the project.

Looks at what exists (names and kinds, never content); content is `reading`'s.
"""

from __future__ import annotations

import os
import stat

from devbox.core.frozen import dataclass
from devbox.project.schema import bare, mistake, shown
from devbox.project.toml_source import Node


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """The project's place on this machine."""

    root: str
    """Canonical."""
    home: str
    """What `~` means."""
    launching: bool = True
    """Whether what is named must exist; false for commands that only look."""

    def inside(self, node: Node, name: str, text: str) -> str:
        """The canonical path of something that must lie in the project; ConfigError where it does not."""
        path = self.resolve(node, name, text)
        if not self.holds(path):
            raise mistake(node, f"`{name}` is {shown(text)}; expected a path inside the project")
        return path

    def resolve(self, node: Node, name: str, text: str) -> str:
        """The canonical path of what `text` names, wherever it is declared to be: `~` is HOME, the rest is relative to
        the project. ConfigError where a path inside the project leads out through a symbolic link."""
        if "\0" in text or not text.strip():
            raise mistake(node, f"`{name}` is empty or holds a NUL; expected a path")
        written = self._written(text)
        real = os.path.realpath(written)
        if self.holds(written) and not self.holds(real):
            raise mistake(
                node, f"`{name}` is {shown(text)}, which leads outside the project through a symbolic link",
                hint="write the path it leads to, so that the file says what is used",
            )
        return real

    def holds(self, path: str) -> bool:
        """Whether an absolute path is the root or below it."""
        return path == self.root or path.startswith(self.root.rstrip("/") + "/")

    def expect(self, node: Node, name: str, text: str, path: str, *, what: str, hint: str | None = None) -> None:
        """When launching: ConfigError unless `path` is there, as `what`: `file`, `folder`, or `file or folder`."""
        if not self.launching:
            return
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            gone = isinstance(error, FileNotFoundError | NotADirectoryError)
            words = "does not exist" if gone else f"cannot be read: {error.strerror}"
            summary = f"{bare(text)} {words}; expected the {what} that `{name}` names"
            raise mistake(node, summary, hint=hint) from None
        fits = (stat.S_ISREG(mode) and "file" in what) or (stat.S_ISDIR(mode) and "folder" in what)
        if not fits and not (what == "file or folder" and not self.holds(path)):
            raise mistake(node, f"{bare(text)} is of another kind; expected the {what} that `{name}` names")

    def _written(self, text: str) -> str:
        if text == "~" or text.startswith("~/"):
            text = self.home + text[1:]
        return os.path.normpath(os.path.join(self.root, text))
