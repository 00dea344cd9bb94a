"""What the readers of toolchains are handed: where they stand, whose environment, which files, what PATH holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from devbox.core.frozen import dataclass
from devbox.host.program import commands

if TYPE_CHECKING:
    from devbox.core.findings import ImageRow
    from devbox.core.project import ToolPin
    from devbox.core.toolchain.selection import Program
    from devbox.host.path import SearchPath
    from devbox.project.pins.files import VersionFiles


@dataclass(frozen=True, slots=True)
class Machine:
    """One directory on one machine."""

    cwd: str
    """Where the user stands, canonical; managers search from here."""
    home: str
    env: Mapping[str, str]
    files: VersionFiles
    path: SearchPath
    pins: tuple[ToolPin, ...]
    """`[toolchains]` of devbox.toml; empty where it is broken."""
    today: tuple[int, int, int]
    """Year, month, day."""
    images: tuple[ImageRow, ...] = ()
    """The FROM lines of the project's Dockerfiles."""

    def on_path(self, tool: str, *, without: tuple[str, ...] = ()) -> Program | None:
        """What answers for the tool on PATH, canonical folders in `without` passed over."""
        return self.path.find(tool, commands(tool), without=without)

    @property
    def utf8(self) -> bool:
        """Whether the caller's locale is UTF-8, which changes how bash reads bytes."""
        locale = next((self.env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if self.env.get(name)), "")
        return locale.lower().replace("-", "").endswith("utf8")
