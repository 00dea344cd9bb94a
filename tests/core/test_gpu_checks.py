"""`[gpu]` and the image against what NVML, the system and the engine said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from devbox.core.checks import Wanted
from devbox.core.doctor import assemble
from devbox.core.facts import Origin
from devbox.core.findings import DoctorReport
from devbox.core.gpu_checks import judge
from devbox.core.project import GpuNeeds, Policy

CARD = {
    "index": 0, "name": "NVIDIA GeForce GTX 1060", "memory": 6 << 30, "compute_capability": "6.1", "brand": "geforce",
    "problem": None, "mig": None,
}
H200 = {**CARD, "name": "NVIDIA H200", "memory": 140 << 30, "compute_capability": "9.0", "brand": "nvidia"}
RTX_5090 = {**CARD, "name": "NVIDIA GeForce RTX 5090", "memory": 32 << 30, "compute_capability": "12.0"}
REQUIRED = GpuNeeds(required=True, origin=Origin("devbox.toml", 3))
ENGINE = {"endpoint": "unix:///run/docker.sock", "local": True, "runtimes": ["nvidia", "runc"]}
ALL = {
    "gpu.driver", "gpu.memory", "gpu.compute", "gpu.cuda", "gpu.architecture", "gpu.runtime", "gpu.library", "gpu.mig",
}


def report(needs: GpuNeeds | None, platform: dict[str, Any] | None = None, **facts: Any) -> DoctorReport:
    found = {"problem": None, "driver": "550.54.14", "cuda_driver": "12.4", "devices": [CARD], **facts}
    return assemble("/p", [judge(found, needs, platform or {})], Wanted(), Policy())


def image(cuda: str | None, *requires: str, ref: str = "nvidia/cuda:x") -> dict[str, Any]:
    return {
        "ref": ref, "path": "Dockerfile", "line": 2, "cuda": cuda, "source": "its tag",
        "reason": None if cuda else "its name does not tell its CUDA version", "requires": list(requires),
    }


def ids(found: DoctorReport, *severities: str) -> list[str]:
    return [one.id for one in found.findings if one.severity in (severities or ("error", "warn"))]


def status(found: DoctorReport, id: str) -> str:
    return next(check.status for check in found.checks if check.id == id)


# What is wanted, and the minimums.


def test_no_gpu_wanted_is_silence() -> None:
    assert report(None, problem="no-library", devices=None).findings == ()
    assert report(None, problem="no-library", devices=None).checks == ()


def test_a_card_that_reaches_every_minimum_is_ok() -> None:
    needs = GpuNeeds(required=True, min_compute_capability="6.0", min_driver="525", min_memory=4 << 30)
    found = report(needs, images=[image("12.4")], engine=ENGINE, box_wants_gpu=True)
    assert {check.id for check in found.checks} == ALL
    assert {check.status for check in found.checks} == {"ok"}
    assert found.findings == ()


def test_capabilities_compare_as_numbers_not_as_text() -> None:
    assert report(GpuNeeds(min_compute_capability="9.0"), devices=[RTX_5090]).findings == ()


def test_of_two_cards_the_lowest_decides_and_that_is_said() -> None:
    old = {**CARD, "index": 1, "name": "NVIDIA GeForce GTX 970", "compute_capability": "5.2"}
    found = report(GpuNeeds(required=True, min_compute_capability="6.0"), devices=[CARD, old])
    assert [(one.id, one.severity) for one in found.findings] == [("gpu.compute.1", "error")]
    assert "GTX 970" in found.findings[0].message
    assert "5.2" in found.findings[0].message
    check = next(check for check in found.checks if check.id == "gpu.compute")
    assert check.actual == "5.2"
    assert check.origin == "GPU 1 (NVIDIA GeForce GTX 970)"
    assert check.evidence.startswith("the lowest of 2 GPUs decides")


def test_what_is_optional_only_warns() -> None:
    found = report(GpuNeeds(required=False, min_memory=8 << 30))
    assert [(one.id, one.severity) for one in found.findings] == [("gpu.memory.0", "warn")]


def test_an_old_driver_names_the_newer_one() -> None:
    found = report(GpuNeeds(required=True, min_driver="570"))
    assert found.findings[0].id == "gpu.driver.old"
    assert "570" in (found.findings[0].hint or "")


def test_an_untold_capability_is_unknown_never_ok() -> None:
    silent = {**CARD, "compute_capability": None, "compute_capability_reason": "Not Supported"}
    found = report(GpuNeeds(min_compute_capability="6.0"), devices=[silent], images=[image("12.4")])
    assert (status(found, "gpu.compute"), status(found, "gpu.architecture")) == ("unknown", "unknown")


def test_fewer_gpus_than_the_box_counts_is_a_finding() -> None:
    assert ids(report(REQUIRED, box_gpus=2)) == ["gpu.driver.count"]
    assert ids(report(REQUIRED, box_gpus=1)) == []


# Why NVML does not answer.


@pytest.mark.parametrize(
    ("problem", "check", "word"),
    [
        ("no-library", "gpu.driver", "apt-get install"), ("old-library", "gpu.driver", "apt-get install"),
        ("no-driver", "gpu.driver", "modprobe nvidia"), ("mismatch", "gpu.library", "reboot"),
        ("no-permission", "gpu.driver", "usermod"), ("no-device", "gpu.driver", "lspci"),
        ("failed", "gpu.driver", "nvidia-smi"), ("hangs", "gpu.driver", "dmesg"), ("lost", "gpu.driver", "reboot"),
        ("reset", "gpu.driver", "--gpu-reset"), ("in-use", "gpu.driver", "fuser"), ("no-power", "gpu.driver", "cables"),
        ("blocked", "gpu.driver", "ls -l /dev/nvidia"),
    ],
)
def test_each_problem_is_one_finding_with_one_next_step(problem: str, check: str, word: str) -> None:
    found = report(
        REQUIRED, problem=problem, driver=None, devices=None, engine=ENGINE, box_wants_gpu=True, images=[image("12.4")]
    )
    assert ids(found) == [f"{check}.{problem}"]
    assert word in (found.findings[0].hint or "")
    assert str(found.findings[0].origin) == "devbox.toml:3"
    assert {one.id for one in found.checks} == ALL - {"gpu.mig"}
    assert status(found, check) == "drift"
    assert {one.status for one in found.checks if one.id not in (check, "gpu.library")} == {"unknown"}


def test_what_nobody_asks_for_is_not_told_as_unknown() -> None:
    found = report(REQUIRED, problem="no-driver", driver=None, devices=None)
    assert {one.id for one in found.checks} == {"gpu.driver", "gpu.memory", "gpu.compute", "gpu.library"}


CAUSES: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    ("no-library", "no-card", {"cards": []}, {}, "required = false"),
    ("no-driver", "no-card", {"cards": []}, {}, "required = false"),
    ("no-device", "no-device", {"cards": [{"kernel_driver": "nvidia"}]}, {}, "dmesg"),
    ("no-driver", "reserved", {"cards": [{"kernel_driver": "vfio-pci"}]}, {}, "vfio-pci.ids"),
    ("no-library", "no-library", {"cards": [{"kernel_driver": "nouveau"}]}, {"distribution": "ubuntu"}, "ubuntu-dri"),
    ("no-library", "no-library", {"cards": [{"kernel_driver": None}]}, {"distribution": "fedora"}, "dnf install"),
    (
        "no-driver", "kernel", {"cards": [{"kernel_driver": None}], "kernel": "6.9", "module_kernels": ["6.8"]}, {},
        "dkms autoinstall",
    ),
    (
        "no-driver", "no-module", {"cards": [{"kernel_driver": None}], "kernel": "6.9", "module_kernels": []}, {},
        "apt-get install nvidia-driver",
    ),
    (
        "no-driver", "nouveau",
        {"cards": [{"kernel_driver": "nouveau"}], "kernel": "6.9", "module_kernels": ["6.9"], "nouveau": True}, {},
        "blacklist nouveau",
    ),
    (
        "no-driver", "secure-boot",
        {
            "cards": [{"kernel_driver": None}], "kernel": "6.9", "module_kernels": ["6.9"], "secure_boot": True,
            "signing_key": "/var/lib/dkms/mok.pub",
        },
        {}, "mokutil --import /var/lib/dkms/mok.pub",
    ),
    (
        "no-driver", "no-nodes", {"cards": [{"kernel_driver": "nvidia"}], "module_loaded": True, "nodes": {}}, {},
        "nvidia-modprobe",
    ),
    ("no-permission", "no-permission", {"node_group": "render"}, {}, 'usermod -aG render "$USER"'),
    ("no-library", "no-library", {}, {"container": "docker"}, "--gpus all"),
    (
        "no-device", "hidden", {"variables": {"NVIDIA_VISIBLE_DEVICES": "void"}}, {"container": "docker"}, "--gpus all",
    ),
    ("no-library", "no-library", {}, {"container": "podman"}, "nvidia.com/gpu=all"),
    ("no-device", "no-device", {}, {"container": "kubernetes"}, "resources.limits"),
    ("no-driver", "no-driver", {}, {"container": "systemd-nspawn"}, "from its host"),
    ("mismatch", "mismatch", {}, {"container": "docker"}, "docker restart"),
    ("failed", "failed", {}, {"container": "docker"}, "docker restart"),
    ("no-library", "wsl", {"nodes": {}}, {"wsl": True}, "wsl --update"),
    ("no-library", "no-library", {"nodes": {"/dev/dxg": True}}, {"wsl": True}, "in Windows"),
]


@pytest.mark.parametrize(("problem", "cause", "system", "platform", "word"), CAUSES)
def test_the_usual_causes_each_have_their_step(
    problem: str, cause: str, system: dict[str, Any], platform: dict[str, Any], word: str
) -> None:
    found = report(REQUIRED, platform, problem=problem, driver=None, devices=None, system=system)
    (finding,) = found.findings
    assert finding.id.rpartition(".")[2] == cause
    assert word in (finding.hint or "")


def test_a_silent_device_is_named_and_the_others_stand() -> None:
    lost = {"index": 1, "name": None, "name_reason": "GPU is lost", "problem": "lost"}
    found = report(REQUIRED, devices=[CARD, lost])
    assert ids(found) == ["gpu.driver.lost.1"]
    assert status(found, "gpu.memory") == "unknown"


def test_a_variable_that_hides_every_gpu_is_named() -> None:
    found = report(REQUIRED, system={"variables": {"CUDA_VISIBLE_DEVICES": ""}})
    assert ids(found) == ["gpu.driver.hidden"]
    assert found.findings[0].hint == "`unset CUDA_VISIBLE_DEVICES`"
    assert ids(report(REQUIRED, system={"variables": {"CUDA_VISIBLE_DEVICES": "0,1"}})) == []


# The image's CUDA.

REQUIRES_12_4 = "cuda>=12.4 brand=geforce,driver>=535,driver<536 brand=tesla,driver>=470,driver<471"


@pytest.mark.parametrize(
    ("driver", "cuda", "images", "expected"),
    [
        ("550.54.14", "12.4", [image("12.4.1")], []),
        ("535.183.01", "12.2", [image("12.4.1")], ["gpu.cuda.minor"]),
        ("470.256.02", "11.4", [image("12.4.1")], ["gpu.cuda.driver"]),
        ("535.183.01", "12.2", [image("12.4.1", REQUIRES_12_4)], ["gpu.cuda.minor"]),
        ("545.23.08", "12.3", [image("12.4.1", REQUIRES_12_4)], ["gpu.cuda.refused"]),
        ("550.54.14", "12.4", [image("12.4.1", "cuda>=12.4 broken")], ["gpu.cuda.refused"]),
        ("550.54.14", "12.4", [image("14.0")], ["gpu.cuda.driver"]),
        ("550.54.14", "12.4", [], []),
    ],
)
def test_an_image_fits_the_driver_or_one_finding_says_what_to_do(
    driver: str, cuda: str, images: list[dict[str, Any]], expected: list[str]
) -> None:
    found = report(REQUIRED, driver=driver, cuda_driver=cuda, images=images)
    assert [one.id for one in found.findings if one.check == "gpu.cuda"] == expected
    for one in found.findings:
        if one.check == "gpu.cuda":
            assert one.hint
            assert str(one.origin) == "Dockerfile:2"


def test_a_driver_too_old_for_the_image_says_both_numbers() -> None:
    found = report(REQUIRED, driver="470.256.02", cuda_driver="11.4", images=[image("12.4.1")])
    (finding,) = found.findings
    assert (finding.id, finding.severity) == ("gpu.cuda.driver", "error")
    assert "525.60.13" in finding.message
    assert "470.256.02" in finding.message
    assert finding.hint == "`sudo apt-get install nvidia-driver-525`"


def test_a_data_centre_gpu_may_run_by_forward_compatibility_and_that_is_unknown_until_the_image_is_here() -> None:
    found = report(REQUIRED, driver="550.54.14", devices=[H200], images=[image("13.0")])
    assert (ids(found), status(found, "gpu.cuda")) == ([], "unknown")
    check = next(check for check in found.checks if check.id == "gpu.cuda")
    assert "cuda-compat-13-0" in (check.reason or "")
    told = image("13.0", "cuda>=13.0 brand=nvidia,driver>=550,driver<551")
    assert status(report(REQUIRED, driver="550.54.14", devices=[H200], images=[told]), "gpu.cuda") == "ok"


def test_among_several_gpus_the_one_without_forward_compatibility_decides() -> None:
    other = {**RTX_5090, "index": 1}
    found = report(REQUIRED, driver="550.54.14", devices=[H200, other], images=[image("13.0")])
    assert "gpu.cuda.driver" in ids(found)


def test_an_image_of_unknown_cuda_is_unknown_never_ok() -> None:
    found = report(REQUIRED, images=[image(None)])
    assert (status(found, "gpu.cuda"), status(found, "gpu.architecture")) == ("unknown", "unknown")


def test_the_driver_of_wsl_is_judged_by_its_cuda_version() -> None:
    # Windows' numbers are not Linux': as a Linux driver 576.02 would support all of 12.8.
    found = report(REQUIRED, {"wsl": True}, driver="576.02", cuda_driver="12.4", images=[image("12.8")])
    assert ids(found, "info") == ["gpu.cuda.minor"]


def test_an_engine_elsewhere_leaves_the_image_unknown() -> None:
    found = report(REQUIRED, images=[image("13.0")], engine={**ENGINE, "local": False})
    assert (status(found, "gpu.cuda"), status(found, "gpu.architecture")) == ("unknown", "unknown")


def test_without_the_table_an_image_that_cannot_run_here_is_a_warning() -> None:
    found = report(None, driver="470.256.02", cuda_driver="11.4", images=[image("12.4.1")])
    assert [(one.id, one.severity) for one in found.findings] == [("gpu.cuda.driver", "warn")]
    assert {check.id for check in found.checks} == {"gpu.cuda", "gpu.architecture"}


@pytest.mark.parametrize(
    ("card", "cuda", "severities", "word"),
    [
        (CARD, "13.0", ["error"], "12.9 or older"), (CARD, "12.9", [], ""),
        (RTX_5090, "12.6", ["warn"], "12.8 or newer"), (RTX_5090, "12.8", [], ""),
        (H200, "11.7", ["warn"], "11.8 or newer"), (H200, "13.0", [], ""),
    ],
)
def test_a_toolkit_that_does_not_reach_the_card_names_one_that_does(
    card: dict[str, Any], cuda: str, severities: list[str], word: str
) -> None:
    found = report(REQUIRED, driver="610.43.02", cuda_driver="13.3", devices=[card], images=[image(cuda)])
    assert [one.severity for one in found.findings] == severities
    for one in found.findings:
        assert one.id == "gpu.architecture.0"
        assert word in (one.hint or "")


def test_only_the_card_that_the_toolkit_dropped_is_found() -> None:
    found = report(
        REQUIRED, driver="580.95.05", cuda_driver="13.0", devices=[H200, {**CARD, "index": 1}], images=[image("13.0")]
    )
    assert ids(found) == ["gpu.architecture.1"]
    check = next(check for check in found.checks if check.id == "gpu.architecture")
    assert "lowest of 2" in check.evidence


# The engine.


def runtime(platform: dict[str, Any] | None = None, engine: Mapping[str, Any] = ENGINE, **facts: Any) -> DoctorReport:
    return report(REQUIRED, platform, **{"engine": engine, "box_wants_gpu": True, **facts})


PROGRAMS = {"programs": {"nvidia-ctk": "/usr/bin/nvidia-ctk"}}
PLAIN = {**ENGINE, "runtimes": ["runc"]}
CDI = {**PLAIN, "cdi_folders": ["/etc/cdi", "/var/run/cdi"]}


@pytest.mark.parametrize(
    ("engine", "found", "expected", "word"),
    [
        (ENGINE, {}, [], ""),
        ({**PLAIN, "cdi_devices": ["nvidia.com/gpu=all"]}, {}, [], ""),
        (CDI, {"cdi": [{"path": "/etc/cdi/nvidia.yaml", "driver": "550.54.14"}]}, [], ""),
        (PLAIN, {}, ["gpu.runtime.missing"], "apt-get install nvidia-container-toolkit"),
        (PLAIN, {"cdi": [{"path": "/etc/cdi/nvidia.yaml", "driver": None}]}, ["gpu.runtime.missing"], "install"),
        (PLAIN, PROGRAMS, ["gpu.runtime.unregistered"], "nvidia-ctk runtime configure"),
        (
            CDI, {"cdi": [{"path": "/etc/cdi/nvidia.yaml", "driver": "535.104.05"}]}, ["gpu.runtime.stale"],
            "cdi generate --output=/etc/cdi/nvidia.yaml",
        ),
        ({**ENGINE, "rootless": True}, {"no_cgroups": False}, ["gpu.runtime.rootless"], "no-cgroups"),
        ({**ENGINE, "rootless": True}, {"no_cgroups": True}, [], ""),
        ({**PLAIN, "local": False}, PROGRAMS, ["gpu.runtime.missing"], "on the engine's machine"),
    ],
)
def test_the_engine_can_hand_out_gpus_or_one_step_makes_it(
    engine: Mapping[str, Any], found: dict[str, Any], expected: list[str], word: str
) -> None:
    seen = runtime(engine=engine, runtime=found)
    assert [one.id for one in seen.findings if one.check == "gpu.runtime"] == expected
    assert all(word in (one.hint or "") for one in seen.findings)


def test_an_engine_that_does_not_answer_is_unknown() -> None:
    assert status(runtime(engine={"reason": "no engine"}), "gpu.runtime") == "unknown"


def test_a_box_that_takes_no_gpu_asks_nothing_of_the_engine() -> None:
    assert ids(runtime(engine=PLAIN, box_wants_gpu=False)) == []


def test_in_a_container_only_the_engine_is_believed() -> None:
    found = runtime({"container": "docker"}, engine=PLAIN, runtime=PROGRAMS)
    assert ids(found) == ["gpu.runtime.missing"]


def test_a_box_that_hides_its_own_gpu_is_told() -> None:
    assert ids(runtime(box_env={"NVIDIA_VISIBLE_DEVICES": "void"})) == ["gpu.runtime.hidden"]
    assert ids(runtime(box_env={"NVIDIA_VISIBLE_DEVICES": "all"})) == []


# Libraries and instances.


def libraries(*found: tuple[str, str]) -> dict[str, Any]:
    listed = [
        {"library": kind, "version": version, "path": f"/lib/{number}"} for number, (kind, version) in enumerate(found)
    ]
    return {"module": "550.54.14", "module_kind": "open", "libraries": listed}


@pytest.mark.parametrize(
    ("system", "expected", "word"),
    [
        (libraries(("nvml", "550.54.14"), ("cuda", "550.54.14")), [], ""),
        (libraries(("nvml", "550.54.14"), ("cuda", "570.86.15")), [("gpu.library.mismatch", "error")], "reboot"),
        (libraries(("nvml", "550.54.14"), ("cuda", "535.104.05")), [("gpu.library.mismatch", "error")], "install"),
        (libraries(("cuda", "550.54.14"), ("cuda", "535.104.05")), [("gpu.library.several", "info")], "remove"),
        (libraries(), [], ""),
        ({"module": None, "libraries": [{"library": "cuda", "version": "1", "path": "/x"}]}, [], ""),
    ],
)
def test_libraries_must_belong_to_the_loaded_module(
    system: dict[str, Any], expected: list[tuple[str, str]], word: str
) -> None:
    found = report(REQUIRED, system=system)
    assert [(one.id, one.severity) for one in found.findings] == expected
    assert all(word in (one.hint or "") for one in found.findings)


def test_which_module_is_loaded_is_evidence() -> None:
    found = report(REQUIRED, system=libraries(("cuda", "550.54.14")))
    assert "open kernel module" in next(one.evidence for one in found.checks if one.id == "gpu.library")


INSTANCE = {"index": 0, "name": "NVIDIA H200 MIG 1g.18gb", "memory": 16 << 30}


@pytest.mark.parametrize(
    ("mig", "expected", "word"),
    [
        ({"enabled": True, "pending": True, "instances": [INSTANCE]}, [], ""),
        ({"enabled": True, "pending": True, "instances": []}, [("gpu.mig.empty.0", "error")], "mig -i 0 -cgi"),
        ({"enabled": False, "pending": True, "instances": []}, [("gpu.mig.pending.0", "warn")], "--gpu-reset -i 0"),
        ({"enabled": False, "pending": False, "instances": []}, [], ""),
    ],
)
def test_a_divided_gpu_needs_instances(mig: dict[str, Any], expected: list[tuple[str, str]], word: str) -> None:
    found = report(REQUIRED, devices=[{**H200, "mig": mig}])
    assert [(one.id, one.severity) for one in found.findings] == expected
    assert all(word in (one.hint or "") for one in found.findings)


def test_instances_that_nvml_does_not_tell_are_unknown() -> None:
    mig = {"enabled": True, "pending": True, "instances": None, "instances_reason": "No permission"}
    assert status(report(REQUIRED, devices=[{**H200, "mig": mig}]), "gpu.mig") == "unknown"


def test_of_a_divided_gpu_the_instances_memory_counts() -> None:
    needs = GpuNeeds(required=True, min_memory=80 << 30)
    mig = {"enabled": True, "pending": True, "instances": [INSTANCE]}
    assert ids(report(needs, devices=[H200])) == []
    assert ids(report(needs, devices=[{**H200, "mig": mig}])) == ["gpu.memory.0"]
