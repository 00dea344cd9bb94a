"""What the GPU checks are given: driver, system, engine and the image's CUDA; and the whole doctor over the stub."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devbox.core.checks import Wanted
from devbox.core.labels import Identity
from devbox.engine.port import EngineInfo, ImageInfo
from devbox.flows import gpu_facts
from devbox.flows.doctor_project import ProjectView, view_project
from devbox.flows.gpu_facts import all_gpu_facts
from tests.flows.doctor_subject import AnsweringEngine, no_engine, subject_of
from tests.flows.toolchain_world import World
from tests.host import nvml

ANSWER = {"problem": None, "driver": "550.54.14", "cuda_driver": "12.4", "devices": []}
BOX = '[gpu]\nrequired = true\n[box]\ndockerfile = "Dockerfile"\n'


@dataclass
class ImageEngine(AnsweringEngine):
    """An engine that has images, by reference, with these variables."""

    images: dict[str, tuple[str, ...]] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def info(self) -> EngineInfo:
        return EngineInfo("28.3.0", "1.51", "linux", "amd64", runtimes=("nvidia", "runc"), raw=self.raw)

    def image(self, ref: str) -> ImageInfo | None:
        env = self.images.get(ref)
        if env is None:
            return None
        return ImageInfo(
            id="sha256:1", tags=(ref,), digests=(), labels={}, env=env, command=(), entrypoint=(), user="", workdir="",
            exposed=(), volumes=(), layers=(), os="linux", arch="amd64", size=1,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def facts(world: World, connect: Any = ImageEngine, nvml: Any = lambda: dict(ANSWER)) -> dict[str, Any]:
    subject = subject_of(world, connect)
    view: ProjectView = view_project(subject, Wanted())
    return all_gpu_facts(subject, view, nvml)


def the_image(world: World, connect: Any = ImageEngine) -> dict[str, Any]:
    (found,) = facts(world, connect)["images"]
    assert isinstance(found, dict)
    return found


# The image.


def test_the_image_that_the_target_comes_from_tells_cuda_by_its_tag(world: World) -> None:
    world.file("proj/devbox.toml", BOX + 'target = "dev"\nargs = { CUDA = "12.4.1" }\n')
    world.file(
        "proj/Dockerfile",
        "ARG CUDA=11.8.0\nFROM nvidia/cuda:13.0.0-base AS other\nFROM nvidia/cuda:${CUDA}-base AS root\n"
        "FROM root AS Dev\nRUN true\nFROM debian AS last\n",
    )
    found = the_image(world)
    assert (found["ref"], found["cuda"]) == ("nvidia/cuda:12.4.1-base", "12.4.1")
    assert (found["path"], found["line"]) == ("Dockerfile", 3)


def test_a_box_whose_last_stage_has_no_cuda_has_none(world: World) -> None:
    world.file("proj/devbox.toml", BOX)
    world.file("proj/Dockerfile", "FROM nvidia/cuda:12.4.1-devel AS build\nFROM debian:bookworm\n")
    assert facts(world)["images"] == []


def test_an_image_that_the_engine_has_tells_by_its_environment(world: World) -> None:
    world.file("proj/devbox.toml", '[gpu]\n[box]\nimage = "ghcr.io/team/base:1"\n')
    env = ("PATH=/bin", "CUDA_VERSION=12.4.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470,driver<471")
    found = the_image(world, lambda: ImageEngine(images={"ghcr.io/team/base:1": env}))
    assert (found["cuda"], found["source"]) == ("12.4.1", "its CUDA_VERSION")
    assert found["requires"] == ["cuda>=12.4 brand=tesla,driver>=470,driver<471"]
    assert (found["path"], found["line"]) == ("devbox.toml", 3)


def test_the_boxs_built_image_tells_for_a_base_that_is_not_here(world: World) -> None:
    world.file("proj/devbox.toml", BOX)
    world.file("proj/Dockerfile", "FROM nvidia/cuda:12.4.1-base\n")
    subject = subject_of(world)
    project = view_project(subject, Wanted()).project
    assert project is not None
    built = Identity.of(project.name, project.root, subject.uid).image_ref("box", "default")
    same = ImageEngine(images={built: ("CUDA_VERSION=12.4.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.4")})
    assert the_image(world, lambda: same)["requires"] == ["cuda>=12.4"]
    older = ImageEngine(images={built: ("CUDA_VERSION=11.8.0", "NVIDIA_REQUIRE_CUDA=cuda>=11.8")})
    found = the_image(world, lambda: older)
    assert (found["cuda"], found["requires"]) == ("12.4.1", []), "what was built before the FROM line changed"


def test_a_local_image_without_cuda_is_believed_over_nothing(world: World) -> None:
    world.file("proj/devbox.toml", '[gpu]\n[box]\nimage = "debian:bookworm"\n')
    assert facts(world, lambda: ImageEngine(images={"debian:bookworm": ("PATH=/bin",)}))["images"] == []


@pytest.mark.parametrize(
    "dockerfile", ["", "FROM a AS b\nFROM b AS a\nFROM a\n", "FROM\n", "FROM ${MISSING}\n", "RUN x\n"]
)
def test_a_dockerfile_that_tells_no_base_costs_nothing(world: World, dockerfile: str) -> None:
    world.file("proj/devbox.toml", BOX)
    world.file("proj/Dockerfile", dockerfile)
    assert facts(world)["images"] == []


# The engine and the box.


def test_the_engine_tells_runtimes_and_cdi(world: World) -> None:
    raw = {
        "CDISpecDirs": ["/etc/cdi", "/var/run/cdi"],
        "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}, {"Source": "cdi", "ID": "x.org/net=1"}, 7],
    }
    engine = facts(world, lambda: ImageEngine(raw=raw))["engine"]
    assert engine["runtimes"] == ["nvidia", "runc"]
    assert (engine["cdi_folders"], engine["cdi_devices"]) == (["/etc/cdi", "/var/run/cdi"], ["nvidia.com/gpu=0"])
    assert engine["local"] is True


@pytest.mark.parametrize("raw", [{}, {"CDISpecDirs": None, "DiscoveredDevices": None}, {"CDISpecDirs": "x"}])
def test_an_engine_that_knows_no_cdi_lists_none(world: World, raw: dict[str, Any]) -> None:
    engine = facts(world, lambda: ImageEngine(raw=raw))["engine"]
    assert (engine["cdi_folders"], engine["cdi_devices"]) == ([], [])


def test_no_engine_is_a_reason_and_the_tag_still_tells(world: World) -> None:
    world.file("proj/devbox.toml", BOX)
    world.file("proj/Dockerfile", "FROM nvidia/cuda:12.4.1-base\n")
    found = facts(world, no_engine)
    assert "no socket" in found["engine"]["reason"]
    assert found["images"][0]["cuda"] == "12.4.1"


@pytest.mark.parametrize(
    ("text", "wants", "count"),
    [
        ('[gpu]\n[box]\nimage = "debian"\n', True, None), ('[box]\nimage = "debian"\n', False, None),
        ('[gpu]\n[box]\nimage = "debian"\ngpu = "none"\n', False, None),
        ('[box]\nimage = "debian"\ngpu = 2\n', True, 2), ('[gpu]\nrequired = true\n', False, None),
    ],
)
def test_whether_the_box_takes_a_gpu(world: World, text: str, wants: bool, count: int | None) -> None:
    world.file("proj/devbox.toml", text)
    found = facts(world)
    assert (found["box_wants_gpu"], found["box_gpus"]) == (wants, count)


def test_only_variables_that_hide_a_gpu_are_kept_of_the_boxs(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[gpu]\n[box]\nimage = "debian"\n[box.env]\nTOKEN = "secret"\nNVIDIA_VISIBLE_DEVICES = "void"\n',
    )
    assert facts(world)["box_env"] == {"NVIDIA_VISIBLE_DEVICES": "void"}


# What hangs.


def test_a_driver_that_hangs_costs_its_deadline_and_the_rest_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_facts, "DEADLINE", 0.3)
    found = facts(world, nvml=lambda: time.sleep(30))
    assert (found["problem"], found["devices"]) == ("hangs", None)
    assert found["devices_reason"] == "no answer in 0.3 s"
    assert found["engine"]["runtimes"] == ["nvidia", "runc"]


def test_an_engine_that_hangs_leaves_the_driver_and_the_tag(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_facts, "DEADLINE", 0.3)
    world.file("proj/devbox.toml", '[gpu]\n[box]\nimage = "nvidia/cuda:12.4.1-base"\n')
    found = facts(world, lambda: time.sleep(30))
    assert found["driver"] == "550.54.14"
    assert "no answer" in found["engine"]["reason"]
    assert found["images"][0]["cuda"] == "12.4.1"


# The whole doctor, with the stub as the machine's library.


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml.compile_stub(tmp_path_factory.mktemp("nvml"))


def doctor(world: World, library: Path | None, *arguments: str, **stub: str) -> Any:
    env = {**world.environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    own = nvml.environment(library, **stub)
    env |= {name: value for name, value in own.items() if name.startswith(("NVML", "LD_"))}
    env["DOCKER_HOST"] = f"unix://{world.root}/none.sock"
    run = subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", "--only", "gpu", "--json", *arguments], cwd=world.directory,
        capture_output=True, text=True, env=env, timeout=60, check=False,
    )
    return json.loads(run.stdout)


def found_ids(report: Any) -> list[str]:
    return [one["id"] for one in report["findings"] if one["severity"] != "info"]


def test_doctor_names_the_card_that_the_images_cuda_dropped(world: World, library: Path) -> None:
    world.file("proj/devbox.toml", '[gpu]\nrequired = true\n[box]\nimage = "nvidia/cuda:13.0.0-base"\n')
    devices = f"{nvml.H200};{nvml.GTX_1060}"
    report = doctor(world, library, devices=devices, driver="580.95.05", cuda="13000")
    assert found_ids(report) == ["gpu.architecture.1"]
    assert "GTX 1060" in report["findings"][0]["message"]
    assert report["facts"]["gpu"]["images"][0]["cuda"] == "13.0.0"


@pytest.mark.parametrize(
    ("device", "driver", "cuda", "image", "expected"),
    [
        (nvml.GTX_970, "550.54.14", "12040", "nvidia/cuda:12.4.1-base", []),
        (nvml.GTX_970, "470.256.02", "11040", "nvidia/cuda:12.4.1-base", ["gpu.cuda.driver"]),
        (nvml.RTX_5090, "570.86.15", "12080", "pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime", ["gpu.architecture.0"]),
        (nvml.RTX_5090, "570.86.15", "12080", "nvidia/cuda:12.8.0-base", []),
        (nvml.H200, "550.54.14", "12040", "nvcr.io/nvidia/pytorch:24.05-py3", []),
        (f"{nvml.H200}|1/1/0", "550.54.14", "12040", "debian", ["gpu.mig.empty.0"]),
        (f"{nvml.H200}|1/1/2", "550.54.14", "12040", "debian", []),
        (f"{nvml.H200};{nvml.H200}||15", "550.54.14", "12040", "debian", ["gpu.driver.lost.1"]),
    ],
)
def test_doctor_over_known_machines(
    world: World, library: Path, device: str, driver: str, cuda: str, image: str, expected: list[str]
) -> None:
    world.file("proj/devbox.toml", f'[gpu]\nrequired = true\n[box]\nimage = "{image}"\n')
    assert found_ids(doctor(world, library, devices=device, driver=driver, cuda=cuda)) == expected


def test_a_driver_that_never_returns_does_not_hold_the_doctor(world: World, library: Path) -> None:
    world.file("proj/devbox.toml", "[gpu]\nrequired = true\n")
    started = time.monotonic()
    report = doctor(world, library, init="hang")
    assert time.monotonic() - started < 8, "two seconds, a start, and a busy machine"
    assert found_ids(report) == ["gpu.driver.hangs"]
    assert {check["status"] for check in report["checks"] if check["id"] == "gpu.memory"} == {"unknown"}


@pytest.mark.parametrize("code", ["4", "9", "17", "18", "999"])
def test_each_refusal_is_one_finding_of_doctor(world: World, library: Path, code: str) -> None:
    world.file("proj/devbox.toml", '[gpu]\n[box]\nimage = "nvidia/cuda:12.4.1-base"\n')
    report = doctor(world, library, init=code)
    (finding,) = [one for one in report["findings"] if one["severity"] != "info"]
    assert finding["severity"] == "warn"
    assert finding["hint"]
    assert (finding["path"], finding["line"]) == ("devbox.toml", 1)


NOTHING_LOADED = """
import sys
from devbox.cli.main import run
run(["doctor"])
heavy = [name for name in sys.modules if name in ("pynvml", "devbox.flows.gpu_facts", "devbox.core.cuda_tables")]
print("LOADED", heavy)
"""


def test_where_no_gpu_is_wanted_or_here_nothing_of_it_is_imported(world: World) -> None:
    if gpu_facts_are_near():
        pytest.skip("this machine has an NVIDIA GPU")
    env = {**world.environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", NOTHING_LOADED]
    run = subprocess.run(command, cwd=world.directory, env=env, capture_output=True, text=True, check=False)
    assert "LOADED []" in run.stdout, run.stderr


def gpu_facts_are_near() -> bool:
    from devbox.host.gpu import nvidia_traces

    return nvidia_traces()
