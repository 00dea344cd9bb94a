"""The command line and environment of a build: nothing secret in an argument, nothing that leads elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devbox.core.errors import BuildError
from devbox.core.project import Secret
from devbox.engine.builder import BuildRequest
from devbox.engine.buildx_command import BuildFiles, arguments, build_files, client_id, environment
from devbox.engine.port import Endpoint, Tls

LOCAL = Endpoint("unix:///run/x.sock", "default")
REQUEST = BuildRequest(context="/p", dockerfile="/p/Dockerfile", tag="devbox/x:1")
CALLER = {
    "HOME": "/home/u", "PATH": "/usr/bin:relative::/bin", "DOCKER_HOST": "tcp://other", "DOCKER_CONTEXT": "other",
    "BUILDX_BUILDER": "other", "LD_PRELOAD": "/evil.so", "HTTPS_PROXY": "http://u:p@proxy", "TOKEN": "s3cret",
    "SSH_AUTH_SOCK": "/s",
}


@pytest.fixture
def files(tmp_path: Path) -> BuildFiles:
    return BuildFiles(tmp_path)


def env_of(request: BuildRequest, files: BuildFiles, endpoint: Endpoint = LOCAL) -> dict[str, str]:
    return environment(request, endpoint, CALLER, Path("/home/u"), files)


def test_everything_asked_for_is_in_the_arguments(files: BuildFiles) -> None:
    request = BuildRequest(
        context="/p", dockerfile="/p/D", tag="t:1", target="dev", args=(("A", "x y"), ("B", "")), labels=(("l", "v"),),
        no_cache=True, no_cache_filter=("a", "b"), pull=True, extra_contexts=(("n", "/d"),),
        args_from_env=("HTTPS_PROXY",),
    )
    assert arguments("/bin/buildx", request, LOCAL, files) == [
        "/bin/buildx", "build", "--builder=default", "--progress=rawjson", "--file=/p/D", "--tag=t:1",
        f"--iidfile={files.image_id}", "--target=dev", "--build-arg=A=x y", "--build-arg=B=", "--build-arg=HTTPS_PROXY",
        "--label=l=v", "--build-context=n=/d", "--no-cache", "--no-cache-filter=a", "--no-cache-filter=b", "--pull",
        "--", "/p",
    ]


def test_secret_values_travel_in_the_environment_under_a_name_of_ours(files: BuildFiles) -> None:
    secrets = (Secret("tok", env="TOKEN"), Secret('a,"b', file="/home/u/with,comma"))
    request = BuildRequest(context="/p", dockerfile="/p/D", tag="t", secrets=secrets)
    argv = arguments("/bin/buildx", request, LOCAL, files)
    assert "--secret=id=tok,env=DEVBOX_BUILD_SECRET_0" in argv
    assert '--secret="id=a,""b","src=/home/u/with,comma"' in argv
    assert not any("s3cret" in word for word in argv)
    env = env_of(request, files)
    assert env["DEVBOX_BUILD_SECRET_0"] == "s3cret"
    assert "TOKEN" not in env


def test_missing_secret_is_an_error_with_the_command_that_helps(files: BuildFiles) -> None:
    request = BuildRequest(context="/p", dockerfile="/p/D", tag="t", secrets=(Secret("tok", env="NOPE"),))
    with pytest.raises(BuildError) as raised:
        env_of(request, files)
    assert "export NOPE=" in (raised.value.hint or "")


def test_environment_is_an_allow_list_aimed_at_this_engine(files: BuildFiles) -> None:
    env = env_of(REQUEST, files)
    assert env["DOCKER_HOST"] == "unix:///run/x.sock"
    assert env["PATH"] == "/usr/bin:/bin"
    assert env["SSH_AUTH_SOCK"] == "/s"
    assert env["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"
    assert not {"DOCKER_CONTEXT", "BUILDX_BUILDER", "LD_PRELOAD", "TOKEN"} & set(env)


def test_tls_engine_is_reached_through_a_context_and_logins_stay(files: BuildFiles, tmp_path: Path) -> None:
    config = tmp_path / "users"
    config.mkdir()
    (config / "config.json").write_text('{"auths": {}}')
    (tmp_path / "ca").write_text("ca")
    endpoint = Endpoint("tcp://h:2376", "DOCKER_HOST", Tls(ca=str(tmp_path / "ca"), verify=True))
    env = environment(REQUEST, endpoint, {"DOCKER_CONFIG": str(config)}, Path("/home/u"), files)
    assert "DOCKER_HOST" not in env
    assert (env["DOCKER_CONFIG"], env["DOCKER_CONTEXT"]) == (str(files.docker_config), "devbox")
    assert (files.docker_config / "config.json").read_text() == '{"auths": {}}'
    [meta] = files.docker_config.glob("contexts/meta/*/meta.json")
    assert json.loads(meta.read_text())["Endpoints"]["docker"] == {"Host": "tcp://h:2376", "SkipTLSVerify": False}
    [ca] = files.docker_config.glob("contexts/tls/*/docker/ca.pem")
    assert ca.read_text() == "ca"
    assert "--builder=devbox" in arguments("/bin/buildx", REQUEST, endpoint, files)


def test_replaced_dockerfile_keeps_its_name_and_its_ignore_file(files: BuildFiles) -> None:
    request = BuildRequest(
        context="/p", dockerfile="/p/Dev.Dockerfile", tag="t", dockerfile_text="FROM x\r\n", ignore_text="*\n"
    )
    [word] = [word for word in arguments("/bin/buildx", request, LOCAL, files) if word.startswith("--file=")]
    path = Path(word.removeprefix("--file="))
    assert (path.name, path.read_bytes()) == ("Dev.Dockerfile", b"FROM x\r\n")
    assert path.with_name("Dev.Dockerfile.dockerignore").read_text() == "*\n"


def test_files_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    with build_files(scratch) as files:
        assert files.folder.stat().st_mode & 0o777 == 0o700
        files.image_id.write_text("x")
    assert list(scratch.iterdir()) == []


def test_what_a_killed_build_left_is_swept_and_a_running_ones_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "999999999-x"
    running = tmp_path / f"{os.getppid()}-x"
    for folder in (dead, running):
        folder.mkdir()
    with build_files(tmp_path):
        assert not dead.exists()
        assert running.exists()


def test_the_name_of_a_client_is_what_its_buildx_wrote_down(tmp_path: Path) -> None:
    assert client_id({}, tmp_path) is None
    for folder, name in ((".docker/buildx", "home"), ("docker/buildx", "config"), ("own", "buildx")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / ".buildNodeID").write_text(f"{name}\n")
    assert client_id({}, tmp_path) == "home"
    assert client_id({"DOCKER_CONFIG": f"{tmp_path}/docker"}, tmp_path) == "config"
    assert client_id({"DOCKER_CONFIG": f"{tmp_path}/docker", "BUILDX_CONFIG": f"{tmp_path}/own"}, tmp_path) == "buildx"
    (tmp_path / "own" / ".buildNodeID").write_bytes(b"\xff\xfe")
    assert client_id({"BUILDX_CONFIG": f"{tmp_path}/own"}, tmp_path) is None
