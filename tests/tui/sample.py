"""Values for the screens: a healthy project, a failing one, and one that means harm."""

from __future__ import annotations

from dataclasses import replace

from devbox.core.build import BuildState, Cause, Step, StepKey, StepStatus, Transfer
from devbox.core.build_forecast import BuildForecast, ForecastStep, LiveForecast
from devbox.core.events import (
    BuildChanged,
    BuildLog,
    BuildStarted,
    Event,
    OperationChanged,
    PlanMade,
    ServiceLog,
    Spent,
)
from devbox.core.facts import Origin
from devbox.core.findings import (
    LAYERS,
    DoctorEvent,
    DoctorReport,
    DoctorRow,
    Finding,
    Finished,
    Layer,
    RowChanged,
    RowsKnown,
)
from devbox.core.plan import Operation
from devbox.core.status import BoxStatus, MountStatus, PortStatus, ServiceStatus, Stale
from devbox.tui.session import PastBuild, UpPlan

PYTHON = DoctorRow(
    "toolchain.python.pyenv",
    "python",
    "3.11.*",
    "3.12.4",
    "error",
    "drift",
    "runtime",
    "/usr/bin/python3",
    Origin(".python-version", 1),
    hint="`uv python install 3.11`, or change the pin to `3.12.*`",
    detail="python is 3.12.4, .python-version pins 3.11.*",
    evidence="/usr/bin/python3 --version\nPython 3.12.4",
    seconds=0.021,
)
NODE = DoctorRow(
    "toolchain.node.nvm",
    "node",
    "20.*",
    "-",
    "error",
    "missing",
    "runtime",
    "not on PATH",
    Origin(".nvmrc", 1),
    hint="`nvm install 20`",
    detail="node is not on PATH, .nvmrc pins 20.*",
)
CUDA = DoctorRow(
    "gpu.driver",
    "cuda driver",
    ">=550",
    "535.183",
    "warn",
    "drift",
    "hardware",
    "NVML",
    detail="the NVIDIA driver is 535.183, devbox.toml asks for >=550",
)
DOCKER = DoctorRow(
    "engine.reachable", "docker", ">=24", "26.1.5", "ok", "ok", "system_packages", "unix:///var/run/docker.sock"
)
GCC = DoctorRow(
    "toolchain.gcc.path", "gcc", "*", "-", "unknown", "unknown", "runtime", "`gcc --version` gave no answer in 2 s"
)
RUSTC = DoctorRow(
    "toolchain.rustc.path", "rustc", "1.79.*", "1.79.0", "ok", "ok", "runtime", "/home/ada/.cargo/bin/rustc"
)
MEMORY = DoctorRow("platform.memory", "memory", ">=8 GiB", "32.0 GiB", "ok", "ok", "hardware", "psutil")


def checking(row: DoctorRow) -> DoctorRow:
    """The row before its probe returned."""
    return DoctorRow(row.key, row.subject, row.pinned, "…", "checking", "checking", row.layer, "", row.declared_at)


ROWS = (PYTHON, NODE, CUDA, DOCKER, GCC, RUSTC, MEMORY)
SORTED = (PYTHON, NODE, CUDA, GCC, DOCKER, RUSTC, MEMORY)
LAYER_STATES = dict.fromkeys(LAYERS, "ok") | {"runtime": "drift", "hardware": "drift", "dependencies": "unknown"}
REPORT = DoctorReport("/home/ada/py311-cuda", LAYER_STATES, facts={"engine": {"version": "26.1.5"}})
LOADING: tuple[DoctorEvent, ...] = (
    RowsKnown(tuple(checking(row) for row in ROWS)),
    RowChanged(PYTHON),
    RowChanged(DOCKER),
)
FULL: tuple[DoctorEvent, ...] = (*LOADING, *(RowChanged(row) for row in ROWS), Finished(REPORT, SORTED))

_QUIET: tuple[tuple[str, Layer, str, str], ...] = (
    ("platform.arch", "hardware", "architecture", "x86_64"), ("platform.cpu", "hardware", "cpu level", "x86-64-v3"),
    ("platform.disk", "hardware", "disk", "76.1 GiB"), ("platform.os", "os", "system", "linux 6.1.0"),
    ("platform.inotify", "os", "inotify watches", "192536"), ("platform.release", "os_version", "release", "Debian 12"),
    ("system.libc", "system_packages", "libc", "glibc 2.36"), ("system.tls", "system_packages", "openssl", "3.0.15"),
    ("dependencies.python", "dependencies", "python packages", "143 as locked"),
    ("files.case", "code", "file names", "no collisions"), ("platform.locale", "configuration", "locale", "C.UTF-8"),
    ("env.path", "configuration", "PATH", "14 entries"),
)  # fmt: skip
QUIET = tuple(
    DoctorRow(key, subject, "*", found, "ok", "ok", layer, evidence=f"$ probe {subject}\n{found}", seconds=0.004)
    for key, layer, subject, found in _QUIET
)
"""What a healthy machine says of everything else."""
BOXED = (replace(PYTHON, container="3.11.9"), replace(NODE, container="20.11.1"), *SORTED[2:], *QUIET)
MANY: tuple[DoctorEvent, ...] = (RowsKnown(tuple(checking(row) for row in BOXED)), Finished(REPORT, BOXED))

BOX = ServiceStatus(
    "box",
    "box",
    "running",
    container="4f1c9a7be001",
    image="devbox/py311-cuda:dev",
    started_at="2024-05-01T08:00:00.123456789Z",
    ports=(PortStatus("127.0.0.1", 8000, 8000),),
    egress=True,
    mounts=(MountStatus("bind", "/home/ada/py311-cuda/src", "/work"), MountStatus("volume", "venv", "/opt/venv")),
    stale=(Stale("env DEBUG", "0", "1", "recreate"),),
)
DB = ServiceStatus(
    "db", "sidecar", "running", "healthy", "77aa00b1c2d3", "postgres:15", started_at="2024-05-01T08:00:00Z"
)
CACHE = ServiceStatus(
    "cache",
    "sidecar",
    "exited",
    None,
    "99bb00b1c2d3",
    "redis:7",
    exit_code=1,
    finished_at="2024-05-01T09:57:00Z",
    last_lines=(
        b"1:M 01 May 09:57:00.001 # Fatal error, can't open config file '/etc/redis.conf'",
        b"1:M 01 May 09:57:00.002 # Bye",
    ),
)
STATUS = BoxStatus(
    "py311-cuda",
    "default",
    "26.1.5 at unix:///var/run/docker.sock (default)",
    (DB, CACHE, BOX),
    "devbox-py311",
    ("pgdata", "venv"),
)
DOWN = BoxStatus(
    "py311-cuda",
    "default",
    STATUS.engine,
    tuple(ServiceStatus(service.name, service.role, "absent") for service in (DB, CACHE, BOX)),
)
BOX_LOG: tuple[Event, ...] = (
    ServiceLog("box", b"worker ready", "2024-05-01T10:41:02.5Z"),
    ServiceLog("box", b"\x1b[32mlistening\x1b[0m on 0.0.0.0:8000", "2024-05-01T10:41:03.1Z"),
)
CREATE = Operation("create-network", "devbox-py311", "not found")
RECREATE = Operation("recreate-container", "box", "env DEBUG changed")
PLAN = UpPlan(
    (CREATE, RECREATE),
    (
        Finding(
            "toolchain.python.mismatch",
            "toolchain",
            "runtime",
            "error",
            "python",
            "python is 3.12.4 (/usr/bin/python3), `.python-version:1` pins 3.11.*",
            hint="`uv python install 3.11`",
        ),
    ),
)
UP_EVENTS: tuple[Event, ...] = (
    PlanMade(PLAN.operations),
    OperationChanged(CREATE, "started"),
    OperationChanged(CREATE, "done", 0.2),
    OperationChanged(RECREATE, "started"),
    OperationChanged(RECREATE, "done", 1.1),
    Spent((("create", 1.3),), 1.4),
)


def step(
    stage: str, index: int, of: int, instruction: str, status: StepStatus, seconds: float | None = None, **more: object
) -> Step:
    """One step, in short."""
    return Step(StepKey(stage, index), of, instruction, status, seconds, **more)  # type: ignore[arg-type]


ROOT = StepKey("dev", 3)
DONE_STEPS = (
    step("base", 1, 5, "FROM docker.io/library/python:3.11-slim", StepStatus.BASE),
    step(
        "base", 2, 5, "RUN apt-get update && apt-get install -y build-essential", StepStatus.HIT, 0.0, past_seconds=48.0
    ),
    step("base", 3, 5, "RUN curl -LsSf https://example.org/install.sh | sh", StepStatus.HIT, 0.0, past_seconds=9.1),
    step("dev", 1, 5, "WORKDIR /src", StepStatus.HIT, 0.0, past_seconds=0.1),
    step("dev", 2, 5, "COPY requirements.txt /tmp/", StepStatus.HIT, 0.0, past_seconds=0.1),
    step(
        "dev",
        3,
        5,
        "RUN pip install -r /tmp/requirements.txt",
        StepStatus.MISS,
        31.2,
        root=True,
        causes=(Cause("file-changed", "requirements.txt", "content"),),
    ),
)
RUNNING = BuildState(
    "dev",
    "buildx 0.13.1 (docker)",
    (),
    (
        *DONE_STEPS,
        step(
            "dev",
            4,
            5,
            "COPY . /src",
            StepStatus.RUNNING,
            4.1,
            after=ROOT,
            transfers=(Transfer("transferring context", 43_200_000, 125_800_000, False),),
        ),
        step("dev", 5, 5, "RUN make", StepStatus.TO_GO, past_seconds=55.0),
    ),
    seconds=41.0,
    saved_seconds=57.3,
)
BUILT = BuildState(
    "dev",
    RUNNING.builder,
    (),
    (
        *DONE_STEPS,
        step("dev", 4, 5, "COPY . /src", StepStatus.MISS, 4.6, after=ROOT),
        step("dev", 5, 5, "RUN make", StepStatus.MISS, 52.9, after=ROOT),
    ),
    seconds=92.4,
    saved_seconds=57.3,
    outcome="ok",
    image="sha256:0123456789abcdef0123456789abcdef",
)
FAILED = BuildState(
    "dev",
    RUNNING.builder,
    (),
    (
        *DONE_STEPS[:-1],
        step(
            "dev",
            3,
            5,
            "RUN pip install -r /tmp/requirements.txt",
            StepStatus.FAILED,
            3.4,
            root=True,
            error='process "/bin/sh -c pip install -r /tmp/requirements.txt" did not complete: exit code: 1',
        ),
        step("dev", 4, 5, "COPY . /src", StepStatus.CANCELLED),
        step("dev", 5, 5, "RUN make", StepStatus.SKIPPED),
    ),
    seconds=9.8,
    outcome="failed",
)
PIP_LOG = b"".join(b"Collecting package-%d\n  Downloading package-%d.whl (1.2 MB)\n" % (n, n) for n in range(40)) + (
    b"\x1b[31mERROR: No matching distribution found for nosuchpackage==1\x1b[0m\n" + b"note: see above\n"
)


def foretold(
    stage: str, index: int, of: int, instruction: str, word: str, past: float | None = None, **more: object
) -> ForecastStep:
    """One step of a forecast, in short."""
    chance = {"hit": 1.0, "miss": 0.0}.get(word)
    values = {"p_hit": chance, "root": False, "seconds": 0.0 if word == "hit" else past, "line": index, **more}
    return ForecastStep(stage, index, of, instruction=instruction, word=word, past_seconds=past, **values)  # type: ignore[arg-type]


FORECAST = BuildForecast(
    "dev",
    "dev",
    "Dockerfile",
    (
        foretold("base", 1, 5, "FROM python:3.11-slim", "base"),
        foretold("base", 2, 5, "RUN apt-get update && apt-get install -y build-essential", "hit", 48.0),
        foretold("base", 3, 5, "RUN curl -LsSf https://example.org/install.sh | sh", "hit", 9.1),
        foretold("dev", 1, 5, "WORKDIR /src", "hit", 0.1),
        foretold(
            "dev",
            2,
            5,
            "COPY requirements.txt requirements-dev.txt /tmp/",
            "miss",
            0.1,
            root=True,
            causes=(
                Cause("file-changed", "requirements.txt", "content"),
                Cause("file-added", "requirements-dev.txt"),
            ),
            build=41,
        ),
        foretold("dev", 3, 5, "RUN pip install -r /tmp/requirements.txt", "miss", 31.2),
        foretold("dev", 4, 5, "COPY --from=assets /out /srv/static", "depends", 0.2, p_hit=0.6),
        foretold("dev", 5, 5, "ADD https://example.org/model.bin /m", "unknown", reason="a remote source decides"),
    ),
    unseen=("src/app.py",),
    seconds=31.3,
)
LIVE = LiveForecast((FORECAST,), watching="files are watched")
ALL_HIT = LiveForecast(
    (
        BuildForecast(
            "dev",
            "dev",
            "Dockerfile",
            tuple(
                replace(each, word="base" if each.word == "base" else "hit", root=False, causes=())
                for each in FORECAST.steps
            ),
            seconds=0.0,
        ),
    ),
    watching="looking every 3 s: OS file watch limit reached",
)


def build_events(state: BuildState, *, log: bytes = b"transferring\n", at: StepKey | None = None) -> tuple[Event, ...]:
    """A build as the flow tells it."""
    return (
        BuildStarted("dev"),
        BuildChanged("dev", state),
        BuildLog("dev", at or StepKey("dev", 4), log),
        BuildChanged("dev", state),
    )


EVIL = "img[/x][bold red]\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202eabc\u200b"
WIDE = "日本語のとても長い名前" * 3
LONG = "A" * 10_000
EVIL_FORECAST = LiveForecast(
    (
        BuildForecast(
            EVIL,
            EVIL,
            EVIL,
            (
                foretold(EVIL, 1, 2, EVIL, "miss", 1.0, root=True, causes=(Cause("file-changed", EVIL, EVIL),)),
                foretold(WIDE, 2, 2, LONG, "unknown", reason=LONG + EVIL),
            ),
            unseen=(EVIL, LONG),
        ),
    ),
    watching=EVIL,
)
EVIL_BYTES = EVIL.encode() + b"\xff\xfe\r\x08\x0c"
EVIL_ROWS = (
    DoctorRow(
        "evil.one",
        EVIL,
        EVIL,
        EVIL,
        "error",
        "drift",
        "runtime",
        EVIL,
        Origin(EVIL, 1),
        hint=f"`{EVIL}`",
        detail=EVIL,
        evidence=EVIL,
    ),
    DoctorRow("evil.two", WIDE, LONG, WIDE, "warn", "drift", "os", LONG, detail=LONG),
    DoctorRow("evil.three", LONG, "*", WIDE, "ok", "ok", "os", WIDE),
)
EVIL_DOCTOR: tuple[DoctorEvent, ...] = (RowsKnown(EVIL_ROWS), Finished(REPORT, EVIL_ROWS))
EVIL_STATUS = BoxStatus(
    EVIL,
    EVIL,
    EVIL,
    (
        ServiceStatus(
            EVIL,
            "box",
            "running",
            None,
            EVIL,
            EVIL,
            started_at=EVIL,
            mounts=(MountStatus("bind", LONG, EVIL),),
            stale=(Stale(EVIL, EVIL, LONG, "recreate"),),
        ),
        ServiceStatus(WIDE, "sidecar", EVIL, EVIL, EVIL, LONG, last_lines=(EVIL_BYTES, LONG.encode())),
    ),
    EVIL,
    (EVIL, WIDE),
)
EVIL_LOG: tuple[Event, ...] = (
    ServiceLog(EVIL, EVIL_BYTES),
    ServiceLog(EVIL, LONG.encode()),
    ServiceLog(EVIL, WIDE.encode(), EVIL),
)
EVIL_BUILD = BuildState(
    EVIL,
    EVIL,
    (EVIL,),
    (
        step(
            EVIL, 1, 2, EVIL, StepStatus.MISS, 1.0, root=True, causes=(Cause("file-changed", EVIL, EVIL), Cause(EVIL))
        ),
        step(WIDE, 2, 2, LONG, StepStatus.FAILED, 2.0, error=EVIL),
    ),
    phase=EVIL,
    warnings=(EVIL,),
    seconds=3.0,
    outcome="failed",
)


def past(now: float) -> tuple[PastBuild, ...]:
    """Two builds of an earlier session; in the newer one the forecast was wrong about a step."""
    wrong = tuple(
        replace(each, forecast="hit" if each.status in (StepStatus.HIT, StepStatus.MISS) else None, since=40)
        for each in BUILT.steps
    )
    older = replace(BUILT, seconds=131.0, steps=tuple(replace(each, root=False) for each in BUILT.steps))
    return (
        PastBuild(40, "dev", now - 7300, older),
        PastBuild(41, "dev", now - 730, replace(BUILT, steps=wrong)),
    )
