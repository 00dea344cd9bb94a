"""The command line, environment and private files of one `buildx build`.

Secret values travel in the environment or stay in their file, never in an argument (security.md 7.1). Build arguments
are plain settings and travel as arguments: as variables a project could name PATH or DOCKER_HOST (security.md 2.3).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from devbox.core.errors import BuildError, DevboxError, ExhaustedError
from devbox.core.frozen import dataclass
from devbox.engine.builder import BuildRequest
from devbox.engine.contexts import docker_config_dir
from devbox.engine.port import Endpoint
from devbox.engine.program_path import safe_folders

_PASSED_ON = (
    "HOME", "USER", "LOGNAME", "LANG", "DOCKER_CONFIG", "BUILDX_CONFIG", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy",
    "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
)
"""What the user's credential helpers, ssh and registry logins need."""
_ID_LIMIT = 256
_ROOM = 4096
"""Bytes that the small files of a build take."""
_CONTEXT = "devbox"
"""Name of the context in a private docker configuration."""


@dataclass(frozen=True, slots=True)
class BuildFiles:
    """Files of one build, in a folder of its own that is gone afterwards."""

    folder: Path

    @property
    def image_id(self) -> Path:
        """Where buildx writes the id of the image."""
        return self.folder / "iid"

    @property
    def docker_config(self) -> Path:
        """A docker configuration with our context in it, for engines behind TLS."""
        return self.folder / "docker"

    def require_room(self) -> None:
        """Raise ExhaustedError where the disk has no room for these files: buildx would call that a failed build."""
        trial = self.folder / "room"
        try:
            trial.write_bytes(b"." * _ROOM)
            trial.unlink()
        except OSError as error:
            raise _unwritable(self.folder.parent, error) from error


@contextmanager
def build_files(scratch: Path) -> Iterator[BuildFiles]:
    """A folder below `scratch`; what a killed devbox left there is removed first.

    Raises ExhaustedError where there is no room for it, BuildError where it can't be made.
    """
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(scratch)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=scratch))
    except OSError as error:
        raise _unwritable(scratch, error) from error
    try:
        files = BuildFiles(folder)
        files.require_room()
        yield files
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def arguments(program: str, request: BuildRequest, endpoint: Endpoint, files: BuildFiles) -> list[str]:
    """The argument list; writes the Dockerfile's replacement where the request has one."""
    argv = [
        program, "build", f"--builder={builder_name(endpoint)}", "--progress=rawjson",
        f"--file={_file(request, files)}", f"--tag={request.tag}", f"--iidfile={files.image_id}",
    ]
    argv += [f"--target={request.target}"] if request.target else []
    argv += [f"--build-arg={name}={value}" for name, value in request.args]
    argv += [f"--build-arg={name}" for name in request.args_from_env]
    argv += [f"--label={name}={value}" for name, value in request.labels]
    argv += [f"--build-context={name}={folder}" for name, folder in request.extra_contexts]
    for number, secret in enumerate(request.secrets):
        source = f"src={secret.file}" if secret.file else f"env={_variable(number)}"
        argv.append(f"--secret={_quoted(f'id={secret.id}')},{_quoted(source)}")
    argv += ["--no-cache"] if request.no_cache else []
    argv += [f"--no-cache-filter={stage}" for stage in request.no_cache_filter]
    argv += ["--pull"] if request.pull else []
    return [*argv, "--", request.context]


def environment(
    request: BuildRequest, endpoint: Endpoint, caller: Mapping[str, str], home: Path, files: BuildFiles,
    project: Path | None = None,
) -> dict[str, str]:
    """The environment: what logins need, where the engine is, and the secrets. Nothing inside `project` is on its PATH.

    Raises BuildError for a secret whose variable is not set.
    """
    env = {name: caller[name] for name in _PASSED_ON if caller.get(name)}
    outside = [Path(request.context), *([project] if project else [])]
    env["PATH"] = os.pathsep.join(safe_folders(caller.get("PATH", ""), outside))
    # buildx would run git in the context, for attestations that are off.
    env["BUILDX_GIT_INFO"] = env["BUILDX_GIT_LABELS"] = "0"
    env["HOME"] = env.get("HOME") or str(home)
    # Attestations carry times: with them a fully cached build would still make another image.
    env["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
    if endpoint.tls is None:
        env["DOCKER_HOST"] = endpoint.url
    else:
        # A plugin without its CLI reads no DOCKER_CERT_PATH, only contexts.
        env.setdefault("BUILDX_CONFIG", str(docker_config_dir(caller, home) / "buildx"))
        _write_context(files.docker_config, endpoint, docker_config_dir(caller, home))
        env["DOCKER_CONFIG"], env["DOCKER_CONTEXT"] = str(files.docker_config), _CONTEXT
    env.update({name: caller[name] for name in request.args_from_env if name in caller})
    for number, secret in enumerate(request.secrets):
        if secret.env is not None:
            if secret.env not in caller:
                raise BuildError(
                    f"the build secret {secret.id} is not there: {secret.env} is not set",
                    path=f"env:{secret.env}", hint=f"set it: `export {secret.env}=…`",
                )
            env[_variable(number)] = caller[secret.env]
    return env


def client_id(caller: Mapping[str, str], home: Path) -> str | None:
    """The name under which this buildx keeps copies of contexts on a builder, beside that of the folder; None where it
    has none yet (spec/buildkit.md 4.3; buildx `util/confutil`: a file of its configuration)."""
    named = caller.get("BUILDX_CONFIG")
    folder = Path(named) if named else docker_config_dir(caller, home) / "buildx"
    with suppress(OSError, ValueError), open(folder / ".buildNodeID", "rb") as file:
        return file.read(_ID_LIMIT).decode("ascii").strip() or None
    return None


def builder_name(endpoint: Endpoint) -> str:
    """The builder that is the engine itself, never a builder of the user's with a cache of its own (spec 2.3)."""
    return "default" if endpoint.tls is None else _CONTEXT


def _variable(number: int) -> str:
    # Not the project's own name for it: that could be one which buildx itself obeys.
    return f"DEVBOX_BUILD_SECRET_{number}"


def _quoted(field: str) -> str:
    """One field of buildx' comma-separated options."""
    return '"' + field.replace('"', '""') + '"' if any(sign in field for sign in ',"\n') else field


def _file(request: BuildRequest, files: BuildFiles) -> str:
    if request.dockerfile_text is None:
        return request.dockerfile
    path = files.folder / "dockerfile" / os.path.basename(request.dockerfile)
    path.parent.mkdir(mode=0o700)
    path.write_text(request.dockerfile_text, encoding="utf-8", errors="surrogateescape", newline="")
    if request.ignore_text is not None:
        ignore = path.with_name(f"{path.name}.dockerignore")
        ignore.write_text(request.ignore_text, encoding="utf-8", errors="surrogateescape", newline="")
    return str(path)


def _write_context(config: Path, endpoint: Endpoint, users: Path) -> None:
    """A docker configuration that is the user's own, logins included, except for its one context."""
    identity = hashlib.sha256(_CONTEXT.encode()).hexdigest()
    tls = endpoint.tls
    assert tls is not None
    meta, material = config / "contexts" / "meta" / identity, config / "contexts" / "tls" / identity / "docker"
    for folder in (meta, material):
        folder.mkdir(mode=0o700, parents=True)
    host = {"Host": endpoint.url, "SkipTLSVerify": not tls.verify}
    (meta / "meta.json").write_text(json.dumps({"Name": _CONTEXT, "Metadata": {}, "Endpoints": {"docker": host}}))
    for name, source in (("ca.pem", tls.ca), ("cert.pem", tls.cert), ("key.pem", tls.key)):
        if source:
            (material / name).symlink_to(source)
    if (users / "config.json").exists():
        (config / "config.json").symlink_to(users / "config.json")


def _unwritable(folder: Path, error: OSError) -> DevboxError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ExhaustedError(
            f"cannot write {folder}: no space left on the disk", path=str(folder),
            hint=f"free some space: `df -h {shlex.quote(str(folder))}` shows how full it is",
        )
    return BuildError(f"cannot write {folder}: {error.strerror}", path=str(folder))


def _sweep(scratch: Path) -> None:
    for folder in scratch.iterdir():
        owner = folder.name.partition("-")[0]
        if not owner.isdigit() or int(owner) == os.getpid():
            continue
        with suppress(PermissionError):
            try:
                os.kill(int(owner), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
