"""What could hand a GPU to a container, read from made-up folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.host.gpu_runtime import runtime_facts

YAML = """---
cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
containerEdits:
  mounts:
  - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14
    containerPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14
"""
"""As `nvidia-ctk cdi generate` writes it, shortened."""
JSON = '{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [{"name": "all"}]}'


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_nothing_installed_is_nothing_found(tmp_path: Path) -> None:
    assert runtime_facts(root=str(tmp_path)) == {"programs": {}, "cdi": [], "no_cgroups": None}


def test_programs_of_the_toolkit_are_found_by_layout(tmp_path: Path) -> None:
    put(tmp_path, "usr/bin/nvidia-ctk")
    put(tmp_path, "usr/bin/nvidia-container-runtime")
    put(tmp_path, "usr/local/bin/nvidia-ctk")
    found = runtime_facts(root=str(tmp_path))["programs"]
    assert found == {
        "nvidia-ctk": "/usr/bin/nvidia-ctk", "nvidia-container-runtime": "/usr/bin/nvidia-container-runtime",
    }


@pytest.mark.parametrize(
    ("name", "text", "driver"), [("nvidia.yaml", YAML, "550.54.14"), ("nvidia.json", JSON, None)]
)
def test_cdi_descriptions_of_nvidia_tell_the_driver_they_were_made_for(
    tmp_path: Path, name: str, text: str, driver: str | None
) -> None:
    put(tmp_path, f"etc/cdi/{name}", text)
    put(tmp_path, "etc/cdi/vendor.yaml", "kind: vendor.com/net\n# nvidia.com/gpu\n")
    put(tmp_path, "etc/cdi/notes.txt", YAML)
    assert runtime_facts(root=str(tmp_path))["cdi"] == [{"path": f"/etc/cdi/{name}", "driver": driver}]


@pytest.mark.parametrize(
    ("text", "value"),
    [("no-cgroups = true\n", True), ("#no-cgroups = false\n", False), ("[nvidia-container-cli]\n", False)],
)
def test_the_setting_for_rootless_engines_is_read(tmp_path: Path, text: str, value: bool) -> None:
    put(tmp_path, "etc/nvidia-container-runtime/config.toml", text)
    assert runtime_facts(root=str(tmp_path))["no_cgroups"] is value


def test_a_fifo_or_a_folder_among_descriptions_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "etc/cdi/a.yaml").mkdir(parents=True)
    os.mkfifo(tmp_path / "etc/cdi/b.yaml")
    put(tmp_path, "etc/cdi/c.yaml", YAML)
    assert [one["path"] for one in runtime_facts(root=str(tmp_path))["cdi"]] == ["/etc/cdi/c.yaml"]
