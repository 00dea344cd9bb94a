"""The project's files and the file system below them: case, names, mount, scripts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding, Severity
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, collect, found, look, quoted, some

LONGEST = 200
"""Characters of a path inside the project; Windows' 260 leave the rest for the folder it lies in."""
SLOW = {
    "9p": "a folder of another system", "drvfs": "a Windows drive", "nfs": "a network file system",
    "nfs4": "a network file system", "cifs": "a network file system", "smb3": "a network file system",
    "fuse.sshfs": "a network file system", "smbfs": "a network file system",
}
"""File system types on which builds, watchers and installers are slow."""

_ILLEGAL = re.compile(
    r"[<>:\"|?*\\\x01-\x09\x0b-\x1f]|[. ](?=/|$)|(?:^|/)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.[^/\n]*)?(?=/|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""What Windows can't hold as a name (learn.microsoft.com, "Naming Files, Paths, and Namespaces")."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that holds the project."""

    kind: str | None
    """`ext4`, `overlay`, `9p`; None where the system does not tell."""
    mount_point: str = ""
    runs_programs: bool | None = None
    writable: bool | None = None
    case_sensitive: bool | None = None
    """None where there is no name to try."""
    reason: str = ""
    """Why something is None."""


@dataclass(frozen=True, slots=True)
class Script:
    """A file that some program reads line by line, looked at for what editors on other systems do to it."""

    path: str
    shebang: bool
    crlf: bool
    """Any line ends with CRLF."""
    bom: bool
    executable: bool
    """On this disk."""
    marked_executable: bool
    """In git's index."""
    by_name: bool
    """Its name says that it is started as a program: an entrypoint, `gradlew`."""


@dataclass(frozen=True, slots=True)
class Names:
    """What is worth telling of all names together."""

    count: int = 0
    colliding: tuple[str, ...] = ()
    illegal: tuple[str, ...] = ()
    long: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """The project's files, as far as they are told."""

    disk: Disk
    names: Names = Names()
    unread: str | None = None
    """Why `names` does not speak of all of them."""
    scripts: tuple[Script, ...] = ()
    env_file_tracked: bool = False


def survey(paths: Sequence[str]) -> Names:
    """All names compared; a probe's part, because a hundred thousand of them take a tenth of a second."""
    long = tuple(path for path in paths if len(path) > LONGEST)
    return Names(len(paths), colliding(paths), not_portable(paths), long)


def judge(tree: Tree, *, wsl: bool) -> Judged:
    """Every check of files."""
    return collect([
        _case(tree.disk), _collisions(tree), _names(tree), _mount(tree.disk, wsl), _line_endings(tree), _bom(tree),
        _executable(tree),
    ])


def _case(disk: Disk) -> Verdict:
    if disk.case_sensitive is None:
        return look("files.case", unknown=disk.reason or "there is no file to try it on"), ()
    told = "tells upper from lower case" if disk.case_sensitive else "does not tell upper from lower case"
    return look("files.case", f"the file system {told}"), ()


def _collisions(tree: Tree) -> Verdict:
    if tree.unread:
        return look("files.collisions", unknown=tree.unread), ()
    check = look("files.collisions", f"{tree.names.count} names compared")
    several = tree.names.colliding
    if not several:
        return check, ()
    message = f"names that differ only in case: {some(several, 4)}; on macOS and Windows one hides the other"
    hint = f"`git mv {quoted(several[0])} ANOTHER-NAME`"
    return check, (
        found("files.collisions", "warn", message, subject=several[0], expected="distinct names",
              actual=several[1], origin=Origin(several[0]), hint=hint),
    )  # fmt: skip


def colliding(paths: Sequence[str]) -> tuple[str, ...]:
    """Paths, folders included, that are one name where case is not told apart; neighbours collide."""
    names = {*paths, *_folders(paths)}
    if len({_folded(name) for name in names}) == len(names):
        return ()
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(_folded(name), []).append(name)
    return tuple(name for group in groups.values() if len(group) > 1 for name in group)


def _names(tree: Tree) -> Verdict:
    if tree.unread:
        return look("files.names", unknown=tree.unread), ()
    check = look("files.names", f"{tree.names.count} names")
    illegal, long = tree.names.illegal, tree.names.long
    findings = []
    if illegal:
        message = f"names that Windows can't hold: {some(illegal)}"
        findings.append(_note("illegal", message, illegal[0], "rename them, or nobody on Windows can check this out"))
    if long:
        message = f"paths of more than {LONGEST} characters, which Windows cuts: {some(long, 1)}"
        findings.append(_note("long", message, long[0], "on Windows: `git config core.longpaths true`"))
    return check, tuple(findings)


def not_portable(paths: Sequence[str]) -> tuple[str, ...]:
    """Paths with a part that Windows can't hold."""
    together = "\n".join(paths)  # one pass over all of them, as almost always nothing is wrong
    if not _ILLEGAL.search(together) and together.count("\n") == max(len(paths) - 1, 0):
        return ()
    return tuple(path for path in paths if "\n" in path or _ILLEGAL.search(path))


def _mount(disk: Disk, wsl: bool) -> Verdict:
    kind = disk.kind or "a file system of unknown type"
    check = look("files.mount", f"{kind} at {disk.mount_point}",
                 unknown=disk.reason if disk.runs_programs is None else None)  # fmt: skip
    findings = []
    if disk.runs_programs is False:
        message = f"the project's file system ({disk.mount_point}) runs no programs: it is mounted noexec"
        findings.append(found("files.mount", "warn", message, name="noexec", expected="exec", actual="noexec",
                              hint=f"`sudo mount -o remount,exec {quoted(disk.mount_point)}`"))  # fmt: skip
    if disk.writable is False:
        message = f"the project's file system ({disk.mount_point}) is mounted read-only"
        findings.append(found("files.mount", "info", message, name="read-only",
                              hint=f"`sudo mount -o remount,rw {quoted(disk.mount_point)}`"))  # fmt: skip
    if disk.kind in SLOW:
        severity: Severity = "warn" if wsl else "info"
        message = f"the project lies on {SLOW[disk.kind]} ({disk.kind}): builds and watchers are slow there"
        where = "`~` of this Linux, not under /mnt/c" if wsl else "a local disk"
        findings.append(found("files.mount", severity, message, name="slow", actual=disk.kind, expected="a local disk",
                              hint=f"clone the project to {where}"))  # fmt: skip
    return check, tuple(findings)


def _line_endings(tree: Tree) -> Verdict:
    check = look("files.line-endings", f"{len(tree.scripts)} scripts read")
    wrong = tuple(script for script in tree.scripts if script.crlf)
    if not wrong:
        return check, ()
    broken = any(script.shebang for script in wrong)
    names = tuple(script.path for script in wrong)
    what = "so the system does not find the program of their first line" if broken else "which Linux takes as text"
    message = f"lines end with CRLF in {some(names)}, {what}"
    severity: Severity = "error" if broken else "warn"
    hint = f"`sed -i 's/\\r$//' {quoted(names[0])}`, and `*.sh text eol=lf` in `.gitattributes`"
    return check, (
        found("files.line-endings", severity, message, subject=names[0], expected="LF", actual="CRLF",
              origin=Origin(names[0], 1), hint=hint),
    )  # fmt: skip


def _bom(tree: Tree) -> Verdict:
    check = look("files.bom", f"{len(tree.scripts)} scripts read")
    names = tuple(script.path for script in tree.scripts if script.bom)
    if not names:
        return check, ()
    message = f"a byte order mark stands before the first line of {some(names)}: it becomes part of the first command"
    hint = f"`sed -i '1s/^\\xef\\xbb\\xbf//' {quoted(names[0])}`"
    return check, (
        found("files.bom", "warn", message, subject=names[0], expected="no mark", actual="BOM",
              origin=Origin(names[0], 1), hint=hint),
    )  # fmt: skip


def _executable(tree: Tree) -> Verdict:
    check = look("files.executable", f"{len(tree.scripts)} scripts looked at")
    names = tuple(
        script.path
        for script in tree.scripts
        if not script.executable and (script.marked_executable or (script.by_name and script.shebang))
    )
    if not names:
        return check, ()
    message = f"not executable: {some(names)}"
    name = quoted(names[0])
    return check, (
        found("files.executable", "warn", message, subject=names[0], expected="executable", actual="not executable",
              origin=Origin(names[0]), hint=f"`chmod +x {name}`, then `git update-index --chmod=+x {name}`"),
    )  # fmt: skip


def _note(name: str, message: str, path: str, hint: str) -> Finding:
    return found("files.names", "info", message, name=name, subject=path, origin=Origin(path), hint=hint)


def _folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    # Deferred: 2 ms, and most projects have plain names. macOS keeps é in two ways and takes them for one.
    import unicodedata

    return unicodedata.normalize("NFC", name).casefold()
