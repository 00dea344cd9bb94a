"""The parts of an op key, instruction by instruction (spec/buildkit.md 4.2). Data only; variables are the caller's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devbox.core.buildplan import Parts
from devbox.core.frozen import dataclass
from devbox.project import build_words as say
from devbox.project import dockerfile_values as values
from devbox.project.dockerfile import Instruction

Expand = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class MountSource:
    """What a `RUN --mount` is filled from."""

    origin: str
    """Stage, image or context; empty is the build context."""
    path: str
    content: bool


@dataclass(frozen=True, slots=True)
class CopySources:
    """What COPY or ADD takes."""

    names: tuple[object, ...]
    """As they stand in the key: base names, inline documents, addresses."""
    paths: tuple[str, ...]
    remote: str | None = None
    """The address of a source that is asked anew in every build."""


def mount_keys(
    instruction: Instruction, expand: Expand, workdir: str, *, cache_ids: bool = False
) -> tuple[list[Parts], tuple[MountSource, ...]]:
    """The mounts of a RUN as they stand in its key, and what they are filled from."""
    keys: list[Parts] = []
    sources: list[MountSource] = []
    for fields in values.mounts(instruction):
        kind = fields.get("type", "bind")
        target = expand(fields.get("target", fields.get("dst", fields.get("destination", ""))))
        key: dict[str, object] = {"type": kind, "target": say.absolute(target, workdir) if target else ""}
        key.update(_mount_details(kind, fields, str(key["target"]), expand, cache_ids))
        if kind == "bind" or (kind == "cache" and "from" in fields):
            key["rw"] = "rw" in fields or "readwrite" in fields
            path = say.absolute(expand(fields.get("source", fields.get("src", "/"))), "/")
            sources.append(MountSource(expand(fields.get("from", "")), path, content=kind == "bind"))
        keys.append(key)
    return keys, tuple(sources)


def _mount_details(
    kind: str, fields: Mapping[str, str], target: str, expand: Expand, cache_ids: bool
) -> dict[str, object]:
    if kind == "cache":
        if cache_ids:
            return {"id": expand(fields.get("id", "")) or target, "ro": "ro" in fields or "readonly" in fields}
        # Any id that is not the target's own counts as `custom` (spec E293).
        plain = expand(fields.get("id", "")) in ("", target) and fields.get("sharing", "shared") == "shared"
        read_only = fields.get("ro", fields.get("readonly", "false")) == "true"
        return {"id": "" if plain else "custom", "ro": read_only}
    if kind == "secret":
        # What is not given is as if its default was (dockerfile2llb, dispatchSecret).
        id = fields.get("source", fields.get("src", fields.get("id", target.rpartition("/")[2])))
        return {
            "id": id, "target": target or f"/run/secrets/{id.rpartition('/')[2]}", "env": fields.get("env", ""),
            "required": fields.get("required", "false") == "true", "mode": fields.get("mode", "0400").lstrip("0"),
            "uid": fields.get("uid", "0"), "gid": fields.get("gid", "0"),
        }
    if kind == "tmpfs":
        return {"size": fields.get("size", "")}
    return {"id": fields.get("id", "default")} if kind == "ssh" else {}


def script(instruction: Instruction) -> tuple[str, Parts | None]:
    """The shell form's text, heredocs put back as BuildKit does (`dispatchRun`).

    A script with a shebang is a file that is mounted and run instead: then also that mount.
    """
    documents = instruction.heredocs
    if not documents:
        return instruction.arguments, None
    word = instruction.arguments.strip()
    if len(documents) == 1 and say.is_heredoc(word) and len(word.split()) == 1:
        content = chomped(documents[0].content, word)
        if content.startswith("#!"):
            return f"/dev/pipes/{documents[0].name}", {"type": "pipe", "content": content}
        return content, None
    return instruction.arguments + "".join(f"\n{one.content}{one.name}" for one in documents), None


def copy_sources(instruction: Instruction, words: tuple[str, ...], document: Callable[[str, str], str]) -> CopySources:
    """The sources of COPY and ADD, their words expanded; `document` gives an inline document's text."""
    names: list[object] = []
    paths: list[str] = []
    remote = None
    documents = list(instruction.heredocs)
    for word in words:
        if say.is_heredoc(word) and documents:
            one = documents.pop(0)
            names.append(["document", one.name, document(word, one.content)])
        elif instruction.keyword == "ADD" and is_remote(word):
            remote = word
            names.append(["remote", word])
        else:
            path = say.absolute(word, "/")
            paths.append(path)
            names.append(path.rpartition("/")[2])
    return CopySources(tuple(names), tuple(paths), remote)


def copy_parts(
    instruction: Instruction, target: str, workdir: str, names: tuple[object, ...], expand: Expand, platform: str
) -> dict[str, object]:
    """The key of COPY and ADD."""
    parts: dict[str, object] = {
        # Inline documents are never unpacked, which is all that ADD does else.
        "copy": instruction.keyword if any(isinstance(name, str) for name in names) else "COPY",
        "to": say.destination(target, workdir), "from": list(names),
        "chown": _owner(expand(instruction.flag("chown") or "")),
        "chmod": _mode(expand(instruction.flag("chmod") or "")), "platform": platform,
    }
    for flag in ("parents", "exclude", "checksum", "keep-git-dir"):
        given = [word for word in instruction.flags if word.partition("=")[0] == f"--{flag}"]
        if given:
            parts[flag] = given
    return parts


def chomped(content: str, word: str) -> str:
    """A document after `<<-`: without the tabs its lines begin with."""
    return "".join(line.lstrip("\t") for line in content.splitlines(keepends=True)) if "<<-" in word else content


def is_remote(word: str) -> bool:
    """Whether ADD fetches it."""
    return word.startswith(("http://", "https://", "git@", "ssh://", "git://")) or word.endswith(".git")


def _owner(text: str) -> str:
    """Names stay names; `root` is 0."""
    return ":".join("0" if part == "root" else part for part in text.split(":")) if text else ""


def _mode(text: str) -> str:
    return text.lstrip("0") or text
