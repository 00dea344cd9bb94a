"""Made-up projects: files, a Dockerfile and build options as plain values, and how they get onto a disk.

What is not changed by an edit is not touched on the disk either: BuildKit and devbox both look at times.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the context."""

    kind: Literal["file", "folder", "link", "fifo"]
    text: str = ""
    """A file's content, a link's target."""
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Stage:
    """A `FROM … AS` block."""

    base: str
    name: str | None
    lines: tuple[str, ...] = ()
    """Instructions; one may have several lines."""

    def __str__(self) -> str:
        head = f"FROM {self.base}" + (f" AS {self.name}" if self.name else "")
        return "\n".join((head, *self.lines))


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that decides a build."""

    id: str
    """Unique: no cache answers at first."""
    files: dict[str, Entry]
    stages: tuple[Stage, ...]
    head: tuple[str, ...] = ()
    """ARGs before the first FROM, comments."""
    ignore: tuple[str, ...] = ()
    args: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    image: str = "A"
    """Which image the tag in FROM names now."""
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()

    def dockerfile(self) -> str:
        """Its text."""
        return "\n".join((*self.head, "\n\n".join(map(str, self.stages)))) + "\n"

    def on_disk(self) -> dict[str, Entry]:
        """All paths, those of the build itself included."""
        return {
            **self.files, "Dockerfile": Entry("file", self.dockerfile()),
            **({".dockerignore": Entry("file", "\n".join(self.ignore) + "\n")} if self.ignore else {}),
        }

    def with_file(self, path: str, entry: Entry | None) -> Project:
        """With one path more, other or less; what was below it goes with it."""
        files = {name: old for name, old in self.files.items()
                 if name != path and not (name.startswith(f"{path}/") and (entry is None or entry.kind != "folder"))}
        if entry is not None:
            files[path] = entry
        return replace(self, files=files)

    def with_line(self, stage: int, number: int, *lines: str) -> Project:
        """With other lines at a place of a stage."""
        old = self.stages[stage]
        new = replace(old, lines=(*old.lines[:number], *lines, *old.lines[number + 1 :]))
        return replace(self, stages=(*self.stages[:stage], new, *self.stages[stage + 1 :]))


class Disk:
    """A folder that holds one project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.there: dict[str, Entry] = {}

    def bring(self, project: Project, *, keep_times: frozenset[str] = frozenset()) -> None:
        """Make the folder hold this project; `keep_times` are files whose times stay although they change."""
        wanted = project.on_disk()
        for path in sorted(self.there.keys() - wanted.keys(), reverse=True):
            self._remove(path)
        for path in sorted(wanted):
            if self.there.get(path) != wanted[path]:
                self._put(path, self.there.get(path), wanted[path], path in keep_times)
        self.there = dict(wanted)

    def touch(self, path: str) -> None:
        """New times, the same content."""
        os.utime(self.root / path)

    def _remove(self, path: str) -> None:
        full = self.root / path
        if full.is_dir() and not full.is_symlink():
            shutil.rmtree(full)
        else:
            full.unlink(missing_ok=True)

    def _put(self, path: str, old: Entry | None, new: Entry, keep_times: bool) -> None:
        full = self.root / path
        times = full.stat() if keep_times and full.exists() else None
        if old is not None and (old.kind != new.kind or new.kind == "link"):
            self._remove(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        if new.kind == "folder":
            full.mkdir(exist_ok=True)
        elif new.kind == "link":
            full.symlink_to(new.text)
        elif new.kind == "fifo":
            if not full.exists():
                os.mkfifo(full)
        elif old is None or old.kind != "file" or old.text != new.text:
            full.write_text(new.text)
        if new.kind != "link":
            full.chmod(new.mode)
        if times is not None:
            os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))
