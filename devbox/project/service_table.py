"""`[box]` and `[sidecars.NAME]`: what both have in common, from image to readiness (contract.md, "devbox.toml")."""

from __future__ import annotations

from devbox.core.project import Build, Mount, Pairs, Ready, Secret, VolumeMount
from devbox.core.units import parse_duration
from devbox.project import notation
from devbox.project.env_file import parse_env_file
from devbox.project.folder import ProjectFolder
from devbox.project.reading import Absent, Refused, read_project_file
from devbox.project.schema import Table, bare, dotted, mistake, parsed, wrong_type

BUILD_KEYS = ("dockerfile", "context", "target", "args", "secrets")
READY_KINDS = ("http", "tcp", "run", "log")


def read_image(table: Table, folder: ProjectFolder) -> tuple[str | None, Build | None]:
    """`image`, or `dockerfile` and what belongs to it: exactly one of the two."""
    image = table.parsed("image", notation.image_ref)
    if image is not None:
        for key in BUILD_KEYS:
            node = table.get(key)
            if node is not None:
                raise mistake(
                    node, f"`[{table.name}]` has both `image` and `{key}`; expected an image or a build, not both",
                    hint=f"remove `image` or `{key}`",
                )
        return image, None
    node = table.get("dockerfile")
    if node is None:
        raise mistake(
            table.node, f"`[{table.name}]` has neither `image` nor `dockerfile`; expected one of them",
            hint='add `dockerfile = "Dockerfile"` or `image = "debian:bookworm-slim"`',
        )
    return None, _read_build(table, folder)


def _read_build(table: Table, folder: ProjectFolder) -> Build:
    node = table.need("dockerfile")
    text = parsed(node, table.path("dockerfile"), notation.plain)
    dockerfile = folder.inside(node, table.path("dockerfile"), text)
    context_text = table.text("context") or "."
    context_node = table.get("context") or node
    context = folder.inside(context_node, table.path("context"), context_text)
    folder.expect(context_node, table.path("context"), context_text, context, what="folder")
    folder.expect(
        node, table.path("dockerfile"), text, dockerfile, what="file",
        hint=f"paths in devbox.toml start at the project: `ls {folder.root}`",
    )
    return Build(
        context=context, dockerfile=dockerfile, target=table.text("target"), args=table.variables("args"),
        secrets=_read_secrets(table, folder), origin=node.origin,
    )


def _read_secrets(table: Table, folder: ProjectFolder) -> tuple[Secret, ...]:
    secrets = []
    for name, entry in _secret_tables(table):
        entry.only(("env", "file"))
        env, node = entry.parsed("env", notation.env_name), entry.get("file")
        if (env is None) == (node is None):
            raise mistake(entry.node, f"`{entry.name}` needs `env` or `file`; expected exactly one of them")
        path = None
        if node is not None:
            text = parsed(node, entry.path("file"), notation.plain)
            path = folder.resolve(node, entry.path("file"), text)
            folder.expect(node, entry.path("file"), text, path, what="file")
        secrets.append(Secret(id=name, env=env, file=path, origin=entry.origin))
    return tuple(secrets)


def _secret_tables(table: Table) -> tuple[tuple[str, Table], ...]:
    """Secret ids are as free as BuildKit's, except that they may not act on its `key=value,…` argument."""
    parent = table.table("secrets")
    found = []
    for name, node in (parent.items if parent else {}).items():
        path = dotted(table.path("secrets"), name)
        if not name or not all(character.isalnum() or character in "_.-" for character in name) or not name.isascii():
            raise mistake(node, f"`{path}` is not a possible name; expected letters, digits, `_`, `.` and `-`")
        found.append((name, Table(node, path)))
    return tuple(found)


def read_mounts(table: Table, folder: ProjectFolder) -> tuple[Mount, ...]:
    """`mounts`: strings `source:target[:ro]` or tables; the source made absolute and canonical."""
    mounts = []
    for node, name in table.entries("mounts"):
        if isinstance(node.value, dict):
            row = Table(node, name)
            row.only(("source", "target", "read_only"))
            source = parsed(row.need("source"), row.path("source"), notation.plain)
            target = parsed(row.need("target"), row.path("target"), notation.container_path)
            read_only, declared = row.flag("read_only"), f"{source}:{target}"
        else:
            parts = parsed(node, name, notation.mount, expected="a string or a table { source, target, read_only }")
            source, target, read_only = parts
            declared = str(node.value)
        path = folder.resolve(node, name, source)
        folder.expect(
            node, name, source, path, what="file or folder",
            hint="devbox makes no folders in a project; for a named volume write it in `volumes`",
        )
        mounts.append(Mount(path, target, read_only, declared, node.origin))
    return tuple(mounts)


def read_volumes(table: Table) -> tuple[VolumeMount, ...]:
    """`volumes`: strings `name:/target`."""
    volumes = []
    for node, name in table.entries("volumes"):
        volume, target = parsed(node, name, notation.volume)
        volumes.append(VolumeMount(volume, target, node.origin))
    return tuple(volumes)


def refuse_shared_targets(table: Table, mounts: tuple[Mount, ...], volumes: tuple[VolumeMount, ...]) -> None:
    """Two things mounted on one target: the second is the mistake."""
    taken: set[str] = set()
    places = [place for key in ("mounts", "volumes") for place in table.entries(key)]
    targets = [mount.target for mount in mounts] + [volume.target for volume in volumes]
    for (node, name), target in zip(places, targets, strict=True):
        if target in taken:
            raise mistake(node, f"`{name}` mounts on {target}, which is taken; expected each target once")
        taken.add(target)


def read_env(table: Table, folder: ProjectFolder) -> Pairs:
    """`env_file`, then `env` over it."""
    pairs = dict(_read_env_file(table, folder))
    for name, value in table.variables("env"):
        pairs.pop(name, None)
        pairs[name] = value
    return tuple(pairs.items())


def _read_env_file(table: Table, folder: ProjectFolder) -> Pairs:
    node = table.get("env_file")
    if node is None:
        return ()
    name = table.path("env_file")
    text = parsed(node, name, notation.plain)
    content = read_project_file(folder.root, text)
    if isinstance(content, bytes):
        return parse_env_file(content, text)
    if isinstance(content, Absent):
        if not folder.launching:
            return ()
        raise mistake(
            node, f"{bare(text)} does not exist; expected the file that `{name}` names",
            hint="make it, or remove `env_file`",
        )
    assert isinstance(content, Refused)
    raise mistake(node, f"{bare(text)} {content.sentence}; `{name}` names it")


def read_command(table: Table) -> tuple[str, ...] | str | None:
    """`command`: an array of strings, or the word `image`."""
    node = table.get("command")
    if node is None:
        return None
    if node.value == "image":
        return "image"
    expected = 'an array of strings such as ["sleep", "infinity"], or "image"'
    if node.array is None:
        if isinstance(node.value, str):
            raise mistake(node, f"`{table.path('command')}` is one string; expected {expected}")
        raise wrong_type(node, table.path("command"), expected)
    words = table.texts("command", _word)
    if not words:
        raise mistake(node, f"`{table.path('command')}` is empty; expected {expected}")
    return words


def _word(text: str) -> str:
    if "\0" in text:
        raise ValueError("expected text without NUL")
    return text


def read_ready(table: Table) -> Ready | None:
    """`ready`: one kind of probe and a timeout."""
    ready = table.table("ready")
    if ready is None:
        return None
    ready.only((*READY_KINDS, "timeout"))
    kinds = [key for key in READY_KINDS if ready.get(key) is not None]
    if len(kinds) != 1:
        raise mistake(ready.node, f"`{ready.name}` needs exactly one of http, tcp, run, log; it has {len(kinds)}")
    timeout = ready.parsed("timeout", parse_duration)
    if timeout == 0:
        raise mistake(ready.need("timeout"), f"`{ready.path('timeout')}` is zero; expected a duration such as 60s")
    return Ready(
        kind=kinds[0],  # type: ignore[arg-type]  # one of READY_KINDS
        value=_probe(ready, kinds[0]), timeout=60.0 if timeout is None else timeout, origin=ready.origin,
    )


def _probe(ready: Table, kind: str) -> str:
    node, name = ready.need(kind), ready.path(kind)
    if kind == "tcp":
        port = ready.integer(kind, 1)
        if port is None or port > 65535:
            raise mistake(node, f"`{name}` is out of range; expected a port from 1 to 65535")
        return str(port)
    if kind == "http":
        return parsed(node, name, notation.http_url, quote=False)
    return parsed(node, name, notation.pattern if kind == "log" else notation.plain)


def read_needs(table: Table) -> tuple[str, ...] | None:
    """`needs`: names of services; whether they exist is checked when all are known."""
    return table.texts("needs", notation.name) if table.get("needs") is not None else None
