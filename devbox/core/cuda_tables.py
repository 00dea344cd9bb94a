"""What NVIDIA publishes about CUDA, drivers and GPUs, as data: each table with its source and the day it was read.

Pure data; the rules on it are in `core/cuda.py`. A toolkit that is newer than a table is unknown there, never ok.
"""

from __future__ import annotations

from devbox.core.frozen import dataclass

Numbers = tuple[int, ...]

DRIVERS_SOURCE = "https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/index.html#cuda-driver"
DRIVERS_DATE = "2026-11-25"
"""Table "CUDA Toolkit and Corresponding Driver Versions", column Linux x86_64, of the release notes of CUDA 13.2
Update 2; 13.3 from the release notes of 13.3. A minor release stands here with its first (GA) driver."""

TOOLKIT_DRIVERS: dict[Numbers, str] = {
    (7, 0): "346.46", (7, 5): "352.31", (8, 0): "367.48", (9, 0): "384.81", (9, 1): "390.46", (9, 2): "396.26",
    (10, 0): "410.48", (10, 1): "418.39", (10, 2): "440.33",
    (11, 0): "450.51.05", (11, 1): "455.23", (11, 2): "460.27.03", (11, 3): "465.19.01", (11, 4): "470.42.01",
    (11, 5): "495.29.05", (11, 6): "510.39.01", (11, 7): "515.43.04", (11, 8): "520.61.05",
    (12, 0): "525.60.13", (12, 1): "530.30.02", (12, 2): "535.54.03", (12, 3): "545.23.06", (12, 4): "550.54.14",
    (12, 5): "555.42.02", (12, 6): "560.28.03", (12, 8): "570.26", (12, 9): "575.51.03",
    (13, 0): "580.65.06", (13, 1): "590.44.01", (13, 2): "595.45.04", (13, 3): "610.43.02",
}
"""CUDA toolkit → the Linux driver that supports all of it."""

MINOR_SOURCE = "https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html"
MINOR_DATE = "2026-11-25"

MINOR_DRIVERS: dict[int, str] = {11: "450.80.02", 12: "525.60.13", 13: "580.65.06"}
"""Major CUDA release → the Linux driver from which its programs run at all, without what newer drivers add. Before
CUDA 11 there was no such promise. Exact numbers: release notes, table "Minimum Required Driver Version for CUDA Minor
Version Compatibility"."""

FORWARD_SOURCE = "https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html"
FORWARD_DATE = "2026-11-25"
"""The package cuda-compat-<major>-<minor> carries a newer user mode driver, since CUDA 10.0, for data centre GPUs and
selected RTX cards of NGC-ready servers only; which older branches it accepts is said by the image's
NVIDIA_REQUIRE_CUDA."""
FORWARD_FIRST: Numbers = (10, 0)
FORWARD_BRANDS = frozenset({"tesla", "nvidia"})
"""NVML brands of data centre GPUs: `Tesla` up to Turing, `NVIDIA` since Ampere (nvml.h, nvmlBrandType_t)."""

ARCHITECTURES_SOURCE = "https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/index.html#gpu-feature-list"
ARCHITECTURES_DATE = "2026-11-25"


@dataclass(frozen=True, slots=True)
class Architecture:
    """A compute capability and the toolkits that make code for it."""

    capability: Numbers
    name: str
    first: Numbers
    last: Numbers | None = None
    """The last toolkit that still does; None: NVIDIA has not ended it."""


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture((2, 0), "Fermi", (3, 0), (8, 0)),
    Architecture((2, 1), "Fermi", (3, 2), (8, 0)),
    Architecture((3, 0), "Kepler", (4, 2), (10, 2)),
    Architecture((3, 2), "Kepler", (6, 0), (10, 2)),
    Architecture((3, 5), "Kepler", (5, 0), (11, 8)),
    Architecture((3, 7), "Kepler", (6, 5), (11, 8)),
    Architecture((5, 0), "Maxwell", (6, 0), (12, 9)),
    Architecture((5, 2), "Maxwell", (6, 5), (12, 9)),
    Architecture((5, 3), "Maxwell", (7, 0), (12, 9)),
    Architecture((6, 0), "Pascal", (8, 0), (12, 9)),
    Architecture((6, 1), "Pascal", (8, 0), (12, 9)),
    Architecture((6, 2), "Pascal", (8, 0), (12, 9)),
    Architecture((7, 0), "Volta", (9, 0), (12, 9)),
    Architecture((7, 2), "Volta", (9, 2), (12, 9)),
    Architecture((7, 5), "Turing", (10, 0)),
    Architecture((8, 0), "Ampere", (11, 0)),
    Architecture((8, 6), "Ampere", (11, 1)),
    Architecture((8, 7), "Ampere", (11, 4)),
    Architecture((8, 8), "Ampere", (13, 0)),
    Architecture((8, 9), "Ada Lovelace", (11, 8)),
    Architecture((9, 0), "Hopper", (11, 8)),
    Architecture((10, 0), "Blackwell", (12, 8)),
    Architecture((10, 1), "Blackwell", (12, 8), (12, 9)),
    Architecture((10, 3), "Blackwell", (12, 9)),
    Architecture((11, 0), "Blackwell", (13, 0)),
    Architecture((12, 0), "Blackwell", (12, 8)),
    Architecture((12, 1), "Blackwell", (12, 9)),
)
"""By capability. 13.0 is checked against `nvcc --list-gpu-arch` of the toolkit; the ends are those of the release notes
("Deprecated Architectures"): Fermi after 8.0, Kepler 3.0 after 10.2, the rest of Kepler after 11.8, Maxwell to Volta
after 12.9. 10.1 (Thor) became 11.0 in CUDA 13.0."""
ARCHITECTURES_LAST = 13
"""The newest major toolkit this table knows; whether the next one drops something is not known."""

NGC_SOURCE = "https://docs.nvidia.com/deeplearning/frameworks/support-matrix/index.html"
NGC_DATE = "2026-11-25"

NGC_IMAGES = frozenset({"pytorch", "tensorflow", "mxnet", "paddlepaddle", "cuda-dl-base", "tensorrt", "tritonserver"})
"""Images of nvcr.io/nvidia whose tag is the release `YY.MM` of that matrix."""
NGC_RELEASES: tuple[tuple[Numbers, Numbers], ...] = (
    ((19, 3), (10, 1)), ((20, 1), (10, 2)), ((20, 6), (11, 0)), ((20, 10), (11, 1)), ((21, 2), (11, 2)),
    ((21, 4), (11, 3)), ((21, 7), (11, 4)), ((21, 11), (11, 5)), ((22, 1), (11, 6)), ((22, 5), (11, 7)),
    ((22, 9), (11, 8)), ((23, 1), (12, 0)), ((23, 3), (12, 1)), ((23, 8), (12, 2)), ((23, 11), (12, 3)),
    ((24, 3), (12, 4)), ((24, 6), (12, 5)), ((24, 8), (12, 6)), ((25, 1), (12, 8)), ((25, 4), (12, 9)),
    ((25, 8), (13, 0)), ((25, 12), (13, 1)), ((26, 3), (13, 2)),
)
"""(first release, its CUDA): each CUDA holds until the next line."""
NGC_LAST: Numbers = (26, 3)
"""The newest release this table knows."""
