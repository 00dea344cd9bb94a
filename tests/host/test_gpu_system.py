"""The state around NVIDIA's driver, read from made-up /proc, /sys, /dev and library folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.host.gpu_system import system_facts

KERNEL = "6.8.0-60-generic"
PROPRIETARY = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"
    "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n"
)
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@U22)\n"


class System:
    """A machine's own files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, path: str, content: str | bytes = "") -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def card(self, bus: str, driver: str | None, *, vendor: str = "0x10de", kind: str = "0x030000") -> None:
        self.file(f"sys/bus/pci/devices/{bus}/vendor", f"{vendor}\n")
        self.file(f"sys/bus/pci/devices/{bus}/class", f"{kind}\n")
        if driver:
            os.symlink(f"../../../bus/pci/drivers/{driver}", self.root / f"sys/bus/pci/devices/{bus}/driver")

    def facts(self, **env: str) -> dict[str, object]:
        return system_facts(env, str(self.root), KERNEL)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_an_empty_machine_tells_nothing_and_guesses_nothing(system: System) -> None:
    facts = system.facts()
    assert (facts["module"], facts["module_loaded"], facts["nouveau"]) == (None, False, False)
    assert (facts["cards"], facts["module_kernels"], facts["secure_boot"]) == (None, None, None)
    assert (facts["libraries"], facts["nodes"], facts["variables"]) == ([], {}, {})


@pytest.mark.parametrize(
    ("text", "version", "kind"), [(PROPRIETARY, "550.54.14", "proprietary"), (OPEN, "570.86.15", "open")]
)
def test_the_loaded_module_tells_its_version_and_kind(system: System, text: str, version: str, kind: str) -> None:
    system.file("proc/driver/nvidia/version", text)
    facts = system.facts()
    assert (facts["module"], facts["module_kind"], facts["module_loaded"]) == (version, kind, True)


def test_cards_are_nvidias_display_devices_with_who_holds_them(system: System) -> None:
    system.card("0000:01:00.0", "nouveau")
    system.card("0000:01:00.1", "snd_hda_intel", kind="0x040300")
    system.card("0000:02:00.0", "amdgpu", vendor="0x1002")
    system.card("0000:03:00.0", None, kind="0x030200")
    assert system.facts()["cards"] == [
        {"bus": "0000:01:00.0", "kernel_driver": "nouveau"},
        {"bus": "0000:03:00.0", "kernel_driver": None},
    ]


def test_a_bus_without_nvidia_is_no_card_rather_than_unknown(system: System) -> None:
    system.card("0000:02:00.0", "amdgpu", vendor="0x1002")
    assert system.facts()["cards"] == []


def test_the_module_is_looked_for_in_each_kernels_list(system: System) -> None:
    system.file(f"lib/modules/{KERNEL}/modules.dep", "kernel/drivers/gpu/drm/i915/i915.ko: kernel/x.ko\n")
    assert system.facts()["module_kernels"] == []
    system.file("lib/modules/6.8.0-59-generic/modules.dep", "updates/dkms/nvidia.ko.zst:\n")
    assert system.facts()["module_kernels"] == ["6.8.0-59-generic"]
    system.file(f"lib/modules/{KERNEL}/modules.dep", "updates/dkms/nvidia.ko:\n")
    assert system.facts()["module_kernels"] == ["6.8.0-59-generic", KERNEL]


@pytest.mark.parametrize(("value", "on"), [(b"\x06\0\0\0\x01", True), (b"\x06\0\0\0\0", False), (b"\x06", None)])
def test_secure_boot_is_the_variables_fifth_byte(system: System, value: bytes, on: bool | None) -> None:
    system.file("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", value)
    system.file("var/lib/dkms/mok.pub", "key")
    assert system.facts()["secure_boot"] is on
    assert system.facts()["signing_key"] == "/var/lib/dkms/mok.pub"


def test_a_closed_node_names_its_group(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    node = system.file("dev/nvidiactl")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root, who runs CI, may open every node
    assert system.facts()["nodes"] == {"/dev/nvidiactl": False}
    assert system.facts()["node_group"] == node.group()


def test_only_nodes_of_gpus_are_listed(system: System) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "dxg", "null"):
        system.file(f"dev/{name}")
    assert set(system.facts()["nodes"]) == {  # type: ignore[call-overload]
        "/dev/dxg", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidiactl",
    }


def test_a_librarys_version_is_that_of_its_file(system: System) -> None:
    folder = "usr/lib/x86_64-linux-gnu"
    for name in ("libnvidia-ml", "libcuda"):
        system.file(f"{folder}/{name}.so.550.54.14")
        os.symlink(f"{name}.so.550.54.14", system.root / folder / f"{name}.so.1")
    system.file("usr/lib64/libcuda.so.535.104.05")
    os.symlink("libcuda.so.535.104.05", system.root / "usr/lib64/libcuda.so.1")
    system.file("usr/lib/wsl/lib/libcuda.so.1")
    assert [(one["library"], one["version"]) for one in system.facts()["libraries"]] == [  # type: ignore[attr-defined]
        ("nvml", "550.54.14"), ("cuda", "550.54.14"), ("cuda", "535.104.05"),
    ]


def test_a_link_that_leads_nowhere_or_in_circles_is_no_library(system: System) -> None:
    system.file("usr/lib64/other")
    os.symlink("libcuda.so.550.54.14", system.root / "usr/lib64/libcuda.so.1")
    os.symlink("libnvidia-ml.so.1", system.root / "usr/lib64/libnvidia-ml.so.1")
    assert system.facts()["libraries"] == []


def test_only_the_variables_that_hide_gpus_are_kept(system: System) -> None:
    assert system.facts(CUDA_VISIBLE_DEVICES="", TOKEN="secret")["variables"] == {"CUDA_VISIBLE_DEVICES": ""}


def test_bytes_that_are_no_text_and_folders_in_the_way_are_survived(system: System) -> None:
    system.file("proc/driver/nvidia/version", b"\xff\xfe\0" * 100)
    (system.root / "sys/module/nvidia/version").mkdir(parents=True)
    (system.root / f"lib/modules/{KERNEL}/modules.dep").mkdir(parents=True)
    facts = system.facts()
    assert (facts["module"], facts["module_loaded"], facts["module_kernels"]) == (None, True, None)
