"""devbox.toml: what it says becomes one frozen project; each mistake becomes one error at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.errors import ConfigError, ExitCode
from devbox.core.facts import Origin
from devbox.core.project import Limits, Secret, Service
from devbox.core.team import PolicyRule
from tests.project.projects import load, refusal

BOX = '[box]\nimage = "x"\n'

CONTRACT = """\
name = "fortune"
default_mode = "default"

[toolchains]
python = "3.12"

[host]
min_memory = "8GiB"
min_disk = "20GiB"
arch = ["x86_64", "aarch64"]
env = ["DATABASE_URL"]

[gpu]
required = false
min_compute_capability = "6.0"
min_driver = "525"
min_memory = "8GiB"

[box]
dockerfile = "Dockerfile"
context = "."
target = "dev"
args = { APP_ENV = "dev" }
secrets = { pip = { env = "PIP_TOKEN" } }
command = ["sleep", "infinity"]
workdir = "/app"
user = "host"
sudo = false
mounts = [".:/app", { source = "src", target = "/src/", read_only = true }]
volumes = ["venv:/opt/venv"]
ports = ["8000:8000"]
env = { DEBUG = "1" }
env_file = ".env"
hooks = { create = ["pip install -e ."], start = [] }
ready = { http = "http://127.0.0.1:8000/health", timeout = "60s" }
host_ca = true
ssh_agent = false
git_identity = false
proxy = "host"
gpu = "auto"
sync_back = []

[[box.watch]]
path = "requirements.txt"
action = "rebuild"
ignore = ["**/*.tmp"]
[[box.watch]]
path = "src/**"
action = "restart"

[modes.source]
when = { gpu_compute_capability = "<6.0", gpu = true, gpu_count = 2, env.CC = "gcc" }
probe = "python -c '…'"
warn_after = "15m"
args = { BUILD_FROM_SOURCE = "true" }

[sidecars.db]
image = "postgres:15"
egress = false
needs = []
env = { POSTGRES_PASSWORD = "dev" }
volumes = ["pgdata:/var/lib/postgresql/data"]
ready = { tcp = 5432 }

[tasks.lint]
run = "ruff check"
[tasks.test]
run = "pytest -q"
inputs = ["src/**", "tests/**", "pyproject.toml"]
outputs = ["reports/**"]
env = { PYTHONHASHSEED = "0" }
executor = "container"
network = "none"
memo_failures = false
limits = { cpus = 2, memory = "2GiB", pids = 512 }
needs = ["lint"]

[share]
target = "share"
tag = "registry.example/fortune:{git_sha}"
check = "python -c 'import app'"

[policy]
lock = "require"
[policy.severity]
platform = "warn"
toolchain.python = "off"
[[policy.rule]]
id = "one-pip"
match = '^RUN .*pip install'
max = 1
message = "install with poetry"
"""


def test_the_contracts_example_is_read_in_full(root: Path) -> None:
    project = load(root, CONTRACT, mode="default")
    box, (db,) = project.box, project.sidecars
    assert (project.name, project.root, project.source, project.mode, project.modes) == (
        "fortune", str(root), "devbox.toml", "default", ("source",),
    )
    assert [(pin.tool, pin.constraint, str(pin.origin)) for pin in project.toolchains] == [
        ("python", "3.12", "devbox.toml:5")
    ]
    assert (project.host.min_memory, project.host.min_disk) == (8 << 30, 20 << 30)
    assert (project.host.arch, project.host.env) == (("x86_64", "aarch64"), ("DATABASE_URL",))
    assert project.gpu is not None
    assert (project.gpu.required, project.gpu.min_driver, project.gpu.min_memory) == (False, "525", 8 << 30)
    assert box.build is not None
    assert (box.build.context, box.build.dockerfile, box.build.target) == (str(root), f"{root}/Dockerfile", "dev")
    assert box.build.args == (("APP_ENV", "dev"),)
    assert [(secret.id, secret.env, secret.file) for secret in box.build.secrets] == [("pip", "PIP_TOKEN", None)]
    assert (box.command, box.workdir, box.user, box.sudo) == (("sleep", "infinity"), "/app", "host", False)
    assert [(mount.source, mount.target, mount.read_only) for mount in box.mounts] == [
        (str(root), "/app", False), (f"{root}/src", "/src", True),
    ]
    assert [(volume.name, volume.target) for volume in box.volumes] == [("venv", "/opt/venv")]
    assert [(port.address, port.host_port, port.container_port, port.protocol) for port in box.ports] == [
        ("127.0.0.1", 8000, 8000, "tcp")
    ]
    assert box.env == (("FROM_FILE", "1"), ("DEBUG", "1"))
    assert (box.hooks.create, box.hooks.start) == (("pip install -e .",), ())
    assert box.ready is not None
    assert (box.ready.kind, box.ready.value, box.ready.timeout) == ("http", "http://127.0.0.1:8000/health", 60.0)
    assert [(rule.path, rule.action, rule.ignore) for rule in box.watch] == [
        ("requirements.txt", "rebuild", ("**/*.tmp",)), ("src/**", "restart", ()),
    ]
    assert (db.image, db.egress, db.needs, db.user, db.role) == ("postgres:15", False, (), None, "sidecar")
    assert db.ready is not None
    assert (db.ready.kind, db.ready.value) == ("tcp", "5432")
    lint, test = project.tasks
    assert (lint.executor, lint.network, lint.limits) == ("container", "none", Limits())
    assert (test.needs, test.limits) == (("lint",), Limits(cpus=2.0, memory=2 << 30, pids=512))
    assert project.share is not None
    assert project.share.tag == "registry.example/fortune:{git_sha}"
    assert project.policy.lock == "require"
    assert project.policy.severity == (("platform", "warn"), ("toolchain.python", "off"))
    assert project.policy.rules == (
        PolicyRule("one-pip", "^RUN .*pip install", "install with poetry", 1, project.policy.rules[0].origin),
    )


def test_a_mode_is_the_box_with_its_own_keys_over_it(root: Path) -> None:
    (mode,) = load(root, CONTRACT, mode="default").variants
    assert mode.when == (
        ("gpu_compute_capability", "<6.0"), ("gpu", "true"), ("gpu_count", "2"), ("env.CC", "gcc"),
    )
    assert mode.warn_after == 900.0
    assert mode.box.build is not None
    assert mode.box.build.args == (("APP_ENV", "dev"), ("BUILD_FROM_SOURCE", "true"))
    assert mode.box.workdir == "/app"


def test_defaults_are_those_of_the_contract(root: Path) -> None:
    project = load(root, BOX)
    box = project.box
    assert project.name == "fortune"
    assert (box.command, box.user, box.egress, box.gpu, box.proxy, box.host_ca) == (
        None, "host", True, "auto", "none", False,
    )
    assert (project.gpu, project.share, project.cache, project.tasks, project.sidecars) == (None, None, None, (), ())


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My Project!", "my-project"), ("ÄÖ", "project"), (".hidden", "hidden"), ("x" * 80, "x" * 63), ("a_b.c", "a_b.c")],
)
def test_a_folders_name_becomes_a_possible_one(tmp_path: Path, folder: str, name: str) -> None:
    (tmp_path / folder).mkdir()
    assert load(tmp_path / folder, BOX).name == name


def test_values_remember_where_they_were_written(root: Path) -> None:
    project = load(root, '[box]\nimage = "x"\nmounts = [\n  ".:/app",\n]\nports = ["1:2"]\n')
    assert project.box.origin == Origin("devbox.toml", 1, 2)
    assert project.box.mounts[0].origin == Origin("devbox.toml", 4, 3)
    assert project.box.ports[0].origin == Origin("devbox.toml", 6, 10)
    assert project.box.origin_of("image") == Origin("devbox.toml", 2, 1)
    assert project.box.origin_of("user") == project.box.origin


MISTAKES = [
    # (text after `[box]\nimage = "x"\n` at line 3, or a whole document; line; column; words of the summary)
    ("portz = []", 3, 1, "unknown key `box.portz`; the nearest known key is `box.ports`"),
    ("ports = [8000]", 3, 10, "`box.ports[0]` is an integer; expected a string"),
    ('ports = ["8000"]', 3, 10, "host:container"),
    ('ports = ["0:80"]', 3, 10, "from 1 to 65535"),
    ('ports = ["80:70000"]', 3, 10, "from 1 to 65535"),
    ('ports = ["example.com:1:2"]', 3, 10, "expected an IP address"),
    ('ports = ["1:2/sctp"]', 3, 10, "host:container"),
    ('ports = ["１:２"]', 3, 10, "host:container"),
    ('ports = ["1:2", "1:3"]', 3, 17, "127.0.0.1:1, which is taken"),
    ("ports = true", 3, 1, "`box.ports` is a boolean; expected an array"),
    ("sudo = 1", 3, 1, "`box.sudo` is an integer; expected true or false"),
    ("user = 1000", 3, 1, "`box.user` is an integer; expected a string"),
    ('user = "-root"', 3, 1, "`box.user`"),
    ('workdir = "app"', 3, 1, "expected an absolute path"),
    ('command = "sleep infinity"', 3, 1, "expected an array of strings"),
    ("command = []", 3, 1, "`box.command` is empty"),
    ('command = ["a\\u0000"]', 3, 12, "NUL"),
    ('mounts = ["/"]', 3, 11, "source:target"),
    ('mounts = [".:app"]', 3, 11, "absolute path inside the container"),
    ('mounts = [".:/"]', 3, 11, "below /"),
    ('mounts = [".:/app:rx"]', 3, 11, "source:target:ro"),
    ('mounts = ["gone:/app"]', 3, 11, "gone does not exist"),
    ('mounts = [{ source = "." }]', 3, 11, "`[box.mounts[0]]` has no `target`"),
    ('mounts = [{ source = ".", target = "/a", readonly = true }]', 3, 42, "known key is `box.mounts[0].read_only`"),
    ('mounts = [".:/app", "src:/app/"]', 3, 21, "mounts on /app, which is taken"),
    ('mounts = [".:/app"]\nvolumes = ["x:/app"]', 4, 12, "which is taken"),
    ('volumes = ["./x:/y"]', 3, 12, "belongs into `mounts`"),
    ('volumes = ["X:/y"]', 3, 12, "expected lower-case letters"),
    ("env = { DEBUG = 1 }", 3, 9, "`box.env.DEBUG` is an integer; expected a string"),
    ('env = { "A B" = "1" }', 3, 9, "not a possible name"),
    ('env = { A = "1\\n2" }', 3, 9, "one line"),
    ('env_file = "gone.env"', 3, 1, "gone.env does not exist"),
    ('env_file = "../outside"', 3, 1, "leads outside the project"),
    ('env_file = "src"', 3, 1, "is a folder"),
    ('hooks = { created = ["x"] }', 3, 11, "nearest known key is `box.hooks.create`"),
    ('ready = { tcp = 1, http = "http://x" }', 3, 1, "exactly one of"),
    ('ready = { timeout = "1s" }', 3, 1, "exactly one of"),
    ("ready = { tcp = 0 }", 3, 11, "out of range"),
    ("ready = { tcp = 65536 }", 3, 11, "from 1 to 65535"),
    ('ready = { http = "ftp://x" }', 3, 11, "`box.ready.http` is not usable; expected a URL"),
    ('ready = { log = "(" }', 3, 11, "regular expression"),
    ('ready = { tcp = 1, timeout = "1 day" }', 3, 20, "expected a duration"),
    ('ready = { tcp = 1, timeout = "0s" }', 3, 20, "is zero"),
    ('gpu = "some"', 3, 1, "expected one of auto, all, none"),
    ("gpu = true", 3, 1, "`box.gpu` is a boolean"),
    ("gpu = -1", 3, 1, "out of range"),
    ('proxy = "socks5://x"', 3, 1, "host, none, or a URL"),
    ('target = "dev"', 3, 1, "`[box]` has both `image` and `target`"),
    ('dockerfile = "Dockerfile"', 3, 1, "`[box]` has both `image` and `dockerfile`"),
    ('needs = ["db"]', 3, 1, "unknown service `db`; expected one of box"),
    ('watch = [{ path = "x" }]', 3, 10, "has no `action`"),
    ('watch = [{ path = "x", action = "sync" }]', 3, 10, "has no `target`"),
    ('watch = [{ path = "x", action = "restart", run = "y" }]', 3, 44, "belongs to the action run"),
    ('watch = [{ path = "../x", action = "restart" }]', 3, 12, "glob relative to the project"),
    ("[toolchains]\npython = 3.12", 4, 1, "`toolchains.python` is a float; expected a version in quotes"),
    ('[host]\nmin_memory = "8GB"', 4, 1, "expected a size"),
    ('[host]\narch = "x86_64"', 4, 1, "expected an array"),
    ('[gpu]\nmin_driver = "new"', 4, 1, "expected a version"),
    ('[sidecars.db]\nimage = "y"\nports = ["1:2"]', 5, 1, "sidecars are private and publish no ports"),
    ('[sidecars.db]\nimage = "y"\nneeds = ["dbx"]', 5, 1, "unknown service `dbx`"),
    ('[sidecars.db]\nimage = "y"\nneeds = ["box"]', 5, 1, "need each other: db → box → db"),
    ('[sidecars.db]\nimage = "y"\nneeds = ["db"]', 5, 1, "db → db"),
    ('[sidecars.box]\nimage = "y"', 3, 11, "dev container's own name"),
    ('[sidecars.DB]\nimage = "y"', 3, 11, "not a possible name"),
    ("[sidecars.db]", 3, 11, "neither `image` nor `dockerfile`"),
    ("[tasks.a]", 3, 8, "has no `run`"),
    ('[tasks.a]\nrun = "x"\nneeds = ["b"]', 5, 10, "unknown task `b`"),
    ('[tasks.a]\nrun = "x"\nneeds = ["b"]\n[tasks.b]\nrun = "x"\nneeds = ["a"]', 3, 8, "a → b → a"),
    ('[tasks.a]\nrun = "x"\nlimits = { cpus = nan }', 5, 12, "out of range"),
    ('[tasks.a]\nrun = "x"\nlimits = { cpus = true }', 5, 12, "is a boolean"),
    ('[tasks.a]\nrun = "x"\nlimits = { memory = "2G" }', 5, 12, "expected a size"),
    ("[share]", 3, 2, "has no `target`"),
    ('[policy]\nlock = "maybe"', 4, 1, "expected one of require, forbid"),
    ('[policy.severity]\nplatform = "loud"', 4, 1, "expected one of error, warn, info, off"),
    ('[modes.default]\ntarget = "x"', 3, 8, "`modes.default` is `[box]` itself"),
    ('[modes.x]\ntarget = "y"', 4, 1, "has both `image` and `target`"),
    ("[modes.x]\nwhen = { gpus = 1 }", 4, 10, "nearest known key is `modes.x.when.gpu`"),
    ("[modes.x]\nwhen = { memory = 1 }", 4, 10, "expected a string"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), MISTAKES)
def test_each_mistake_is_one_error_at_its_place(root: Path, text: str, line: int, column: int, words: str) -> None:
    error = refusal(root, BOX + text + "\n")
    assert words in error.summary
    assert (error.path, error.line, error.column) == ("devbox.toml", line, column)
    assert error.exit_code is ExitCode.INVALID
    assert not error.summary.endswith(".")
    assert "\n" not in error.summary


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("ports = []\n" + BOX, 1, 1, "unknown key `ports`"),
        ("bax = 1\n", 1, 1, "nearest known key is `box`"),
        ("", 1, 1, "has no `[box]`"),
        ("[box]\n", 1, 2, "neither `image` nor `dockerfile`"),
        ("box = 1\n", 1, 1, "`box` is an integer; expected a table"),
        ("[[box]]\n", 1, 3, "`box` is an array; expected a table"),
        ('name = "My Project"\n' + BOX, 1, 1, "expected lower-case letters"),
        ('default_mode = "x"\n' + BOX, 1, 1, "unknown mode; expected one of default"),
        ('[box]\ndockerfile = "docker/Dockerfile"\n', 2, 1, "docker/Dockerfile does not exist"),
        ('[box]\ndockerfile = "src"\n', 2, 1, "src is of another kind; expected the file"),
        ('[box]\ndockerfile = "../Dockerfile"\n', 2, 1, "inside the project"),
        ('[box]\ndockerfile = "/etc/passwd"\n', 2, 1, "inside the project"),
        ('[box]\ndockerfile = "Dockerfile"\ncontext = ".."\n', 3, 1, "inside the project"),
        ('[box]\ndockerfile = "Dockerfile"\ncontext = "gone"\n', 3, 1, "gone does not exist"),
        ('[box]\ndockerfile = "Dockerfile"\nsecrets = { a = {} }\n', 3, 13, "needs `env` or `file`"),
        ('[box]\ndockerfile = "Dockerfile"\nsecrets = { "a,b" = { env = "X" } }\n', 3, 13, "not a possible name"),
    ],
)
def test_mistakes_at_the_top_and_in_builds(root: Path, text: str, line: int, column: int, words: str) -> None:
    error = refusal(root, text)
    assert isinstance(error, ConfigError)
    assert words in error.summary
    assert (error.path, error.line, error.column) == ("devbox.toml", line, column)


def test_a_key_of_the_box_at_the_top_is_told_where_it_belongs(root: Path) -> None:
    assert refusal(root, "ports = []\n").hint == "`ports` belongs into `[box]`"


def test_values_of_variables_and_urls_are_never_in_a_message(root: Path) -> None:
    for text in ('env = { A = "s3cret\\n" }', "env = { A = 53637265 }", 'ready = { http = "ssh://me:s3cret@x" }'):
        error = refusal(root, BOX + text + "\n")
        assert "s3cret" not in f"{error.summary}{error.hint}"
        assert "53637265" not in f"{error.summary}{error.hint}"


def test_a_link_inside_the_project_that_leads_out_is_refused(root: Path) -> None:
    (root / "data").symlink_to("/etc")
    error = refusal(root, BOX + 'mounts = ["data:/data"]\n')
    assert "leads outside the project through a symbolic link" in error.summary


def test_commands_that_only_look_need_no_named_file(root: Path) -> None:
    text = '[box]\ndockerfile = "gone"\nmounts = ["gone:/a"]\nenv_file = "gone.env"\nssh_agent = true\n'
    project = load(root, text, launching=False)
    assert project.box.build is not None
    assert project.box.build.dockerfile == f"{root}/gone"


def test_a_project_without_a_box_can_be_looked_at(root: Path) -> None:
    project = load(root, '[toolchains]\npython = "3"\n', launching=False)
    assert project.box == Service(name="box", role="box", user="host", origin=Origin("devbox.toml", 1, 1))


def test_secrets_may_be_files_of_the_project(root: Path) -> None:
    text = '[box]\ndockerfile = "Dockerfile"\nsecrets = { t = { file = ".env" } }\n'
    assert load(root, text).box.secrets == (Secret("t", file=f"{root}/.env", origin=Origin("devbox.toml", 3, 13)),)


@pytest.mark.parametrize("kind", ["fifo", "folder", "large"])
def test_a_devbox_toml_that_is_no_ordinary_file_is_one_error(root: Path, kind: str) -> None:
    import os

    from devbox.project.discovery import discover, load_project

    path = root / "devbox.toml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(ConfigError) as caught:
        load_project(discover(root), env={}, home=root)
    assert (caught.value.path, caught.value.exit_code) == ("devbox.toml", ExitCode.INVALID)
