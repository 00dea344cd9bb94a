"""Why NVML or a GPU does not answer, as far as this machine tells, and the one next step for it. Pure.

NVML's own word (`host/gpu.py`, Problem) says what failed; /proc, /sys and the platform (`host/gpu_system.py`) say which
of the usual causes it is. The first cause that fits is told, so that there is always exactly one next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.frozen import dataclass

Facts = Mapping[str, Any]

LOG = "`sudo dmesg | grep -i -e nvrm -e xid`"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong (`id` ends the finding's id) and what to do about it."""

    id: str
    message: str
    step: str


_KNOWN: dict[str, tuple[str, str]] = {
    "no-power": ("the GPU's power cables are not connected", "connect the card's power cables"),
    "timeout": ("the NVIDIA driver took too long to answer", f"{LOG} shows what it waits for"),
    "hangs": ("the NVIDIA driver does not answer", f"{LOG} shows what it waits for"),
    "interrupt": ("the NVIDIA driver gets no interrupts from the GPU", f"{LOG} shows the kernel's words"),
    "inforom": ("the GPU's own configuration memory (infoROM) is corrupted", "`nvidia-smi -q` shows which part of it"),
    "lost": (
        "the GPU does not answer on its bus any more", "`sudo reboot`; if it is lost again, check its seat and power"
    ),
    "reset": ("the GPU must be reset before it can be used again", "`sudo nvidia-smi --gpu-reset`"),
    "blocked": (
        "the operating system or a control group keeps this process from the GPU",
        "`ls -l /dev/nvidia*` shows who may use it",
    ),
    "in-use": ("another program holds the GPU for itself", "`sudo fuser -v /dev/nvidia*` shows which"),
    "memory": ("the NVIDIA driver had no memory left to answer", "`free -h` shows what there is"),
    "resources": ("the NVIDIA driver had no resources left to answer", f"{LOG} shows which"),
    "not-ready": ("the GPU is not ready yet", "`nvidia-smi -q` shows what it waits for"),
    "failed": ("the NVIDIA driver did not answer as expected", "`nvidia-smi` shows the driver's own words"),
}
_PACKAGES = {
    "ubuntu": "`sudo ubuntu-drivers install`", "debian": "`sudo apt-get install nvidia-driver`",
    "fedora": "`sudo dnf install akmod-nvidia`", "arch": "`sudo pacman -S nvidia-open`",
    "opensuse-tumbleweed": "`sudo zypper install nvidia-open-driver-G06-signed-kmp-default`",
    "nixos": 'add `services.xserver.videoDrivers = [ "nvidia" ];` to `/etc/nixos/configuration.nix`',
}
_INITRAMFS = {"fedora": "sudo dracut --force", "arch": "sudo mkinitcpio -P"}
_GIVEN = {
    "docker": "start this container with `docker run --gpus all`",
    "podman": "start this container with `podman run --device nvidia.com/gpu=all`",
    "kubernetes": "write `nvidia.com/gpu: 1` below `resources.limits` of this pod's container",
    "lxc": "`lxc config device add NAME gpu gpu` on the host",
}
"""How each kind of container gets a GPU."""
_HIDDEN = ("", "void", "none")
_WITHOUT = frozenset({"no-library", "old-library", "no-driver", "no-device"})


def cause_of(problem: str, system: Facts, platform: Facts) -> Cause:
    """The cause of NVML's problem where this process runs, with its next step."""
    if platform.get("container"):
        found = _in_container(problem, system, str(platform["container"]))
    elif platform.get("wsl"):
        found = _in_wsl(problem, system)
    else:
        found = _missing(problem, system, platform) if problem in _WITHOUT else None
    return found or _general(problem, system, platform)


def install_driver(platform: Facts) -> str:
    """How this distribution installs NVIDIA's driver."""
    return _PACKAGES.get(str(platform.get("distribution")), _PACKAGES["debian"])


def newer_driver(version: str, platform: Facts) -> str:
    """The next step to a driver of at least this version."""
    if platform.get("wsl"):
        return f"install NVIDIA driver {version} or newer in Windows, then `wsl --shutdown`"
    if platform.get("container"):
        return f"update the host's NVIDIA driver to {version} or newer, then start this container again"
    if platform.get("distribution") in ("fedora", "arch", "nixos", "opensuse-tumbleweed"):
        return f"{install_driver(platform)} brings the newest, {version} or newer is needed"
    return f"`sudo apt-get install nvidia-driver-{version.partition('.')[0]}`"


def _in_container(problem: str, system: Facts, kind: str) -> Cause | None:
    """A container gets library, devices and limits from outside."""
    given = _GIVEN.get(kind, "give this container the GPU from its host")
    again = {"docker": "`docker restart` this container", "podman": "`podman restart` this container"}.get(
        kind, "restart this container"
    )
    hidden = (system.get("variables") or {}).get("NVIDIA_VISIBLE_DEVICES")
    if problem in _WITHOUT and hidden is not None and hidden.strip() in _HIDDEN:
        message = f"this container is given no GPU: NVIDIA_VISIBLE_DEVICES is `{hidden.strip()}`"
        return Cause("hidden", message, given)
    if problem in _WITHOUT:
        return Cause(problem, "this container is given no GPU", given)
    if problem == "mismatch":
        message = "this container's NVIDIA library is not that of the host's driver any more"
        return Cause("mismatch", message, f"{again}: the host's driver was updated meanwhile")
    if problem in ("failed", "blocked", "no-permission"):
        message = "the host took this container's access to the GPU away"
        return Cause(problem, message, f"{again}: a reload of systemd on the host removes it")
    return None


def _in_wsl(problem: str, system: Facts) -> Cause | None:
    """WSL has no driver of its own: Windows' driver brings library and device."""
    if problem not in _WITHOUT:
        return None
    nodes = system.get("nodes")
    if nodes is not None and "/dev/dxg" not in nodes:
        return Cause("wsl", "Windows gives this WSL no GPU", "`wsl --update` in Windows, then `wsl --shutdown`")
    message = "NVIDIA's driver in Windows does not reach this WSL"
    return Cause(problem, message, "install the NVIDIA driver in Windows, then `wsl --shutdown`")


def _missing(problem: str, system: Facts, platform: Facts) -> Cause | None:
    """On the machine itself: no card, a card in other hands, or a module that is not there or may not load."""
    cards = system.get("cards")
    if cards is None:
        return None
    if not cards:
        step = "use a machine with an NVIDIA GPU, or set `[gpu] required = false`"
        return Cause("no-card", "this machine has no NVIDIA GPU", step)
    if all(card.get("kernel_driver") == "vfio-pci" for card in cards):
        message = "the GPU is reserved for virtual machines (vfio-pci holds it)"
        return Cause("reserved", message, "remove its id from `vfio-pci.ids` in the kernel's command line, then reboot")
    if problem == "no-device":
        return Cause("no-device", "the NVIDIA driver does not take the GPU on the bus", f"{LOG} shows why")
    return _unloaded(system, platform) if problem == "no-driver" else None


def _unloaded(system: Facts, platform: Facts) -> Cause | None:
    """The driver's library is here, its kernel module is not loaded, or has no device files."""
    if system.get("module_loaded"):
        if "/dev/nvidiactl" in (system.get("nodes") or {}):
            return None
        message = "the NVIDIA driver is loaded, but its device files are missing"
        return Cause("no-nodes", message, "`sudo nvidia-modprobe -c 0 -u`")
    kernel, built = system.get("kernel"), system.get("module_kernels")
    if built is not None and kernel not in built:
        if not built:
            return Cause("no-module", "NVIDIA's kernel module is not installed", install_driver(platform))
        message = f"NVIDIA's kernel module is installed for kernel {built[-1]}, and {kernel} runs"
        return Cause("kernel", message, "`sudo dkms autoinstall`, then `sudo modprobe nvidia`")
    if system.get("nouveau"):
        rebuild = _INITRAMFS.get(str(platform.get("distribution")), "sudo update-initramfs -u")
        return Cause(
            "nouveau", "the kernel's own driver nouveau holds the GPU",
            f"`echo blacklist nouveau | sudo tee /etc/modprobe.d/nouveau.conf && {rebuild} && sudo reboot`",
        )
    if system.get("secure_boot"):
        key = system.get("signing_key")
        step = f"`sudo mokutil --import {key}`" if key else "`sudo update-secureboot-policy --enroll-key`"
        message = "the NVIDIA kernel module is not loaded, and Secure Boot loads none with an unknown key"
        return Cause("secure-boot", message, f"{step}, then reboot and enrol the key")
    return None


def _general(problem: str, system: Facts, platform: Facts) -> Cause:
    """What NVML's word alone tells."""
    if problem == "no-permission":
        group = system.get("node_group")
        groups = group if group and group != "root" else "video,render"
        step = f'`sudo usermod -aG {groups} "$USER"`, then log in again'
        return Cause(problem, "this user may not talk to the NVIDIA driver", step)
    if problem == "mismatch":
        message = "the NVIDIA library and the loaded kernel module have different versions"
        step = "`sudo reboot`: the driver was updated and the old kernel module is still loaded"
        return Cause(problem, message, step)
    table = {
        "no-library": ("NVIDIA's management library is not installed", install_driver(platform)),
        "old-library": ("NVIDIA's library is too old to be asked", install_driver(platform)),
        "binding": ("NVIDIA's library and its Python binding do not understand each other", install_driver(platform)),
        "no-driver": (
            "the NVIDIA kernel driver is not loaded",
            "`sudo modprobe nvidia`, then `sudo dmesg | grep -i nvidia` if that fails",
        ),
        "no-device": (
            "the NVIDIA driver answers, but there is no GPU",
            "`lspci | grep -i nvidia` shows whether the system sees one",
        ),
    }
    message, step = table.get(problem) or _KNOWN.get(problem) or _KNOWN["failed"]
    return Cause(problem, message, step)
