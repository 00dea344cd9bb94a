"""What asdf has on this machine, from folders and files (spec/toolchains.md 6, 16). Never runs asdf or its plugins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.path import executable
from devbox.host.versions_folder import VersionsFolder, folder_names

_SCRIPT_LIMIT = 64 * 1024
_SHIM_LINE = re.compile(r"# asdf-plugin: (\S+) (\S.*)")
_LITERAL = re.compile(r"(?:echo|printf)\s+(['\"]?)([^'\"$`\\;&|<>()]*)\1")
_CAT = re.compile(r"(?:exec\s+)?cat\s+\"?\$(?:1|\{1\})\"?")
_NOT_SAYING = re.compile(r"\s*(?:#.*|set\s.*)?")


@dataclass(frozen=True, slots=True)
class Asdf:
    """One asdf, present or not."""

    data: str
    bash: bool
    """Up to 0.15: a git clone of shell scripts."""
    program_root: str
    """Where the bash line's own files are."""
    present: bool

    @property
    def shims(self) -> str:
        """The folder of shims."""
        return os.path.join(self.data, "shims")

    def plugins(self) -> tuple[str, ...]:
        """Plugins that are here, or whose versions are."""
        names = {*folder_names(os.path.join(self.data, "plugins")), *folder_names(os.path.join(self.data, "installs"))}
        return tuple(sorted(name for name in names if not name.startswith(".")))

    def versions(self, plugin: str) -> VersionsFolder:
        """The installed versions of a plugin."""
        return VersionsFolder(os.path.join(self.data, "installs", os.path.basename(plugin)))

    def in_shim(self, command: str, plugin: str) -> tuple[str, ...] | None:
        """The versions of the plugin that the command's shim lists; None where there is no shim."""
        path = os.path.join(self.shims, command)
        text = _text(path) if executable(path) else None
        if text is None:
            return None
        lines = (_SHIM_LINE.fullmatch(line) for line in text.split("\n"))
        return tuple(match[2] for match in lines if match and match[1] == plugin)

    def program_folders(self, plugin: str) -> tuple[str, ...]:
        """The folders of an installation that hold its programs, as far as the plugin says so in plain words."""
        said = self._literal(plugin, "list-bin-paths")
        if said is not None:
            return tuple(name for name in said if not os.path.isabs(name) and ".." not in name)
        return ("bin", "go/bin") if plugin == "golang" else ("bin",)

    def legacy_files(self, plugin: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """The other managers' files that the plugin reads; `known` is what such a plugin usually says."""
        if not os.path.exists(self._callback(plugin, "list-legacy-filenames")):
            return ()
        said = self._literal(plugin, "list-legacy-filenames")
        names = known if said is None else said
        return tuple(name for name in names if "/" not in name and name not in ("", ".", ".."))

    def reads_plainly(self, plugin: str) -> bool:
        """Whether the plugin takes another manager's file as it is; else a program of its own decides."""
        path = self._callback(plugin, "parse-legacy-file")
        if not os.path.exists(path):
            return True
        lines = _saying(_text(path))
        return len(lines) == 1 and _CAT.fullmatch(lines[0]) is not None

    def _callback(self, plugin: str, name: str) -> str:
        return os.path.join(self.data, "plugins", os.path.basename(plugin), "bin", name)

    def _literal(self, plugin: str, name: str) -> tuple[str, ...] | None:
        """What a callback says if it is nothing but one `echo` of plain words; None for everything else."""
        lines = _saying(_text(self._callback(plugin, name)))
        match = _LITERAL.fullmatch(lines[0]) if len(lines) == 1 else None
        return tuple(match[2].split()) if match else None


def find(env: Mapping[str, str], home: str) -> Asdf:
    """The asdf whose data `ASDF_DATA_DIR`, else `~/.asdf`, names; which line it is tells the program or its files."""
    data = env.get("ASDF_DATA_DIR") or os.path.join(home, ".asdf")
    data = os.path.join(home, data[2:]) if data.startswith("~/") else data
    program = _on_path(env)
    root = env.get("ASDF_DIR") or (os.path.dirname(os.path.dirname(program)) if program else data)
    if program and not env.get("ASDF_DIR"):
        bash = _is_bash(root)
    else:
        bash = _is_bash(root) or (not program and _is_bash(data))
    present = os.path.isabs(data) and (os.path.isdir(data) or program is not None)
    return Asdf(os.path.normpath(data), bash, root, present)


def _is_bash(root: str) -> bool:
    return any(os.path.isfile(os.path.join(root, name)) for name in ("asdf.sh", "lib/utils.bash"))


def _on_path(env: Mapping[str, str]) -> str | None:
    folders = (folder for folder in env.get("PATH", "").split(os.pathsep) if os.path.isabs(folder))
    paths = (os.path.join(folder, "asdf") for folder in folders)
    return next((os.path.realpath(path) for path in paths if executable(path)), None)


def _text(path: str) -> str | None:
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read(_SCRIPT_LIMIT).decode("utf-8", "replace")
    except OSError:
        return None


def _saying(script: str | None) -> list[str]:
    """The lines of a script that do something."""
    return [line.strip() for line in (script or "").split("\n") if not _NOT_SAYING.fullmatch(line)]
