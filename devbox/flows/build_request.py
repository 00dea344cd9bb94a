"""From a service to a `BuildRequest`: its Dockerfile read once, the host's CA and proxies added, secrets checked."""

from __future__ import annotations

import os
from dataclasses import replace

from devbox.core.desired import CA_VARIABLES
from devbox.core.errors import BuildError, ConfigError
from devbox.core.frozen import dataclass
from devbox.core.outline import NO_OUTLINE
from devbox.core.project import Build, Pairs, Secret, Service
from devbox.engine.builder import Builder, BuildRequest
from devbox.flows.workspace import Workspace
from devbox.host.ca import find_bundle
from devbox.project.build_outline import outline
from devbox.project.dockerfile import Dockerfile, parse_dockerfile
from devbox.project.host_ca import TARGET, with_bundle
from devbox.project.reading import Absent, Refused, read_outside_file, read_project_file
from devbox.store.atomic import write_atomic

_CA = "devbox-host-ca"
"""Name of the secret or named context that carries the bundle."""
_FIRST_WITH_CONTEXTS = 23
"""Engines from here on know named contexts (BuildKit 0.10)."""
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a caller may ask of one build."""

    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    pull: bool = False
    target: str | None = None
    """Another stage than the service's own."""
    always: bool = False
    """Ask the builder even where the forecast proves that nothing changed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request, and what explains its failure."""

    request: BuildRequest
    dockerfile: str
    """Relative to the project where it lies inside."""
    added: tuple[int, ...] = ()
    """Lines of the Dockerfile as built that are devbox's own."""
    text: str = ""
    """The Dockerfile as built."""

    def original_line(self, line: int) -> int:
        """The project's own line that a line of `text` comes from."""
        return line - sum(1 for added in self.added if added <= line)


def prepare(
    workspace: Workspace, service: Service, builder: Builder, *, tag: str, labels: Pairs, options: BuildOptions
) -> Prepared:
    """The request for a service's image.

    Raises ConfigError for a Dockerfile or context that is not there, BuildError for a secret that is not.
    """
    build = service.build
    if build is None:
        raise ValueError(f"{service.name} has no build")
    shown = _relative(workspace, build.dockerfile)
    content = _dockerfile(workspace, service, build, shown)
    _check_secrets(workspace, build)
    try:
        parsed = parse_dockerfile(content, shown)
    except ConfigError:
        # What our reader refuses is the builder's to judge: a `# syntax=` frontend may know more.
        parsed = None
    request = BuildRequest(
        context=build.context, dockerfile=build.dockerfile, tag=tag, target=options.target or build.target,
        args=build.args, labels=labels, secrets=build.secrets, no_cache=options.no_cache,
        no_cache_filter=options.no_cache_filter, pull=options.pull,
        ignore_text=_ignore_text(workspace, build), outline=outline(parsed, dict(build.args)) if parsed else NO_OUTLINE,
    )
    request = _with_proxies(request, service, workspace)
    if service.host_ca and builder.session and parsed and (bundle := find_bundle(workspace.env)):
        return _with_host_ca(workspace, Prepared(request, shown), parsed, content, bundle)
    return Prepared(request, shown, text=content.decode("utf-8", "surrogateescape"))


def stage_names(workspace: Workspace, service: Service) -> tuple[str, ...] | None:
    """The stages of a service's Dockerfile as the command line names them; None where it can't be read or only its own
    frontend knows them."""
    build = service.build
    if build is None:
        return ()
    shown = _relative(workspace, build.dockerfile)
    try:
        parsed = parse_dockerfile(_dockerfile(workspace, service, build, shown), shown)
    except ConfigError:
        return None
    return tuple(stage.label for stage in parsed.stages)


def _relative(workspace: Workspace, path: str) -> str:
    relative = os.path.relpath(path, workspace.root)
    return path if relative.startswith("..") else relative


def _dockerfile(workspace: Workspace, service: Service, build: Build, shown: str) -> bytes:
    found = read_project_file(workspace.root, shown) if not os.path.isabs(shown) else read_outside_file(shown)
    if isinstance(found, Absent):
        raise ConfigError(
            f"the Dockerfile of {service.name} is not there: {shown}", path=shown,
            hint="make it, or name another by `dockerfile` in devbox.toml",
        )
    if isinstance(found, Refused):
        raise ConfigError(f"the Dockerfile of {service.name} {found.sentence}: {shown}", path=shown)
    if not os.path.isdir(build.context):
        context = _relative(workspace, build.context)
        raise ConfigError(f"the build context of {service.name} is no folder: {context}", path=context)
    return found


def _ignore_text(workspace: Workspace, build: Build) -> str | None:
    """The Dockerfile's own ignore file; it wins over the context's (spec/buildkit.md 4.4)."""
    own = _ignore_file(workspace, f"{build.dockerfile}.dockerignore")
    # The builder opens the context's by itself; one that is no plain file would hold it for ever.
    if own is None:
        _ignore_file(workspace, os.path.join(build.context, ".dockerignore"))
    return None if own is None else own.decode("utf-8", "surrogateescape")


def _ignore_file(workspace: Workspace, path: str) -> bytes | None:
    shown = _relative(workspace, path)
    found = Absent() if os.path.isabs(shown) else read_project_file(workspace.root, shown)
    if isinstance(found, Refused):
        raise ConfigError(f"{shown} {found.sentence}", path=shown)
    return None if isinstance(found, Absent) else found


def _check_secrets(workspace: Workspace, build: Build) -> None:
    for secret in build.secrets:
        if secret.env is not None and secret.env not in workspace.env:
            raise BuildError(
                f"the build secret {secret.id} is not there: {secret.env} is not set", path=f"env:{secret.env}",
                hint=f"set it: `export {secret.env}=…`",
            )
        if secret.file is not None and not os.path.isfile(secret.file):
            raise BuildError(f"the build secret {secret.id} is not there: no file {secret.file}", path=secret.file)


def _with_proxies(request: BuildRequest, service: Service, workspace: Workspace) -> BuildRequest:
    """Docker's predefined proxy arguments: no part of any cache key, nor of the image."""
    own = {name for name, _ in request.args}
    if service.proxy == "host":
        # By name only: a proxy's address may hold a login, which must not stand in an argument.
        names = [name for lower in _PROXIES for name in (lower, lower.upper()) if workspace.env.get(name)]
        return replace(request, args_from_env=tuple(name for name in names if name not in own))
    if service.proxy == "none":
        return request
    pairs = [(name, service.proxy) for lower in _PROXIES[:2] for name in (lower, lower.upper()) if name not in own]
    return replace(request, args=(*request.args, *pairs))


def _with_host_ca(
    workspace: Workspace, prepared: Prepared, parsed: Dockerfile, content: bytes, bundle: str
) -> Prepared:
    request = prepared.request
    if _knows_contexts(workspace) and parsed.directive("syntax") is None:
        # Not as a secret there: BuildKit 0.9 to 0.15 hashes the whole root for each step with one (spec 4.1).
        source, extra = f"type=bind,from={_CA},source=ca.crt", ((_CA, _bundle_folder(workspace, bundle)),)
        request = replace(request, extra_contexts=(*request.extra_contexts, *extra))
    else:
        source = f"type=secret,id={_CA},mode=0444"
        request = replace(request, secrets=(*request.secrets, Secret(_CA, file=bundle)))
    mount = f"--mount={source},target={TARGET}"
    text = content.decode("utf-8", "surrogateescape")
    rewritten = with_bundle(text, parsed, mount=mount, path=TARGET, variables=CA_VARIABLES)
    request = replace(request, dockerfile_text=rewritten.text, hidden=(f"{mount} ", mount))
    return replace(prepared, request=request, added=rewritten.added, text=rewritten.text)


def _knows_contexts(workspace: Workspace) -> bool:
    major = workspace.engine.info().version.partition(".")[0]
    return major.isdecimal() and int(major) >= _FIRST_WITH_CONTEXTS


def _bundle_folder(workspace: Workspace, bundle: str) -> str:
    """A folder with the bundle alone: a named context is sent whole."""
    folder = workspace.state.ensure(workspace.state.cache / "host-ca")
    content = read_outside_file(bundle, limit=8 << 20)
    copy = folder / "ca.crt"
    if isinstance(content, bytes) and (not copy.exists() or copy.read_bytes() != content):
        write_atomic(copy, content, mode=0o644)
    return str(folder)
