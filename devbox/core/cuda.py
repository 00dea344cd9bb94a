"""Can a CUDA version run on a driver, and on a GPU: NVIDIA's rules on the tables of `core/cuda_tables.py`. Pure.

Three promises make a program run: a driver is backward compatible with every older CUDA; since CUDA 11 all minor
releases of a major one run on that major's first driver, with limits; and data centre GPUs may load a newer user mode
driver from the image (forward compatibility).
"""

from __future__ import annotations

from typing import Literal

from devbox.core.cuda_tables import (
    ARCHITECTURES,
    ARCHITECTURES_LAST,
    FORWARD_BRANDS,
    FORWARD_FIRST,
    MINOR_DRIVERS,
    TOOLKIT_DRIVERS,
    Architecture,
    Numbers,
)
from devbox.core.frozen import dataclass
from devbox.core.version import release_numbers

Level = Literal["full", "minor", "forward", "no", "unknown"]
"""How a driver runs a toolkit: all of it; by minor version compatibility; only by a forward compatibility package;
not at all; not known."""

Support = Literal["native", "same-major", "ptx", "dropped", "unknown"]
"""How a toolkit reaches a GPU: its own code; code of the same major capability; only what is compiled at load (PTX);
no more; not known."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What runs on the host. `version` is the Linux driver's (None on WSL, where it is Windows' own), `cuda` the newest
    CUDA that it supports, `brand` NVML's name of the card's product line in lower case."""

    version: str | None = None
    cuda: str | None = None
    brand: str | None = None


def driver_level(toolkit: Numbers, driver: Driver) -> Level:
    """How this driver runs programs of this toolkit, `(12, 4)` or `(12,)` where only the major release is known.

    A newer driver never runs less (a property of the rules, tested). Sources: `cuda_tables.DRIVERS_SOURCE`,
    `MINOR_SOURCE`, `FORWARD_SOURCE`.
    """
    wanted = toolkit[:2]
    version = release_numbers(driver.version or "")
    cuda = release_numbers(driver.cuda or "")
    if version is None and cuda is None:
        return "unknown"
    if _reaches(cuda, wanted) or (wanted in TOOLKIT_DRIVERS and _reaches(version, numbers(TOOLKIT_DRIVERS[wanted]))):
        return "full"
    if _by_minor(wanted[0], version, cuda):
        return "minor"
    if cuda is None and minimum_driver(toolkit) is None:
        return "unknown"
    if wanted < FORWARD_FIRST:
        return "no"
    if driver.brand is None:
        return "unknown"
    return "forward" if driver.brand.lower() in FORWARD_BRANDS else "no"


def minimum_driver(toolkit: Numbers) -> str | None:
    """The oldest Linux driver that runs this toolkit in any way without a forward compatibility package."""
    known = [MINOR_DRIVERS.get(toolkit[0]), TOOLKIT_DRIVERS.get(toolkit[:2])]
    return min((version for version in known if version), key=numbers, default=None)


def full_driver(toolkit: Numbers) -> str | None:
    """The oldest Linux driver that supports all of this toolkit."""
    return TOOLKIT_DRIVERS.get(toolkit[:2])


def support(capability: Numbers, toolkit: Numbers) -> Support:
    """How code of this toolkit reaches a GPU of this compute capability (`cuda_tables.ARCHITECTURES_SOURCE`).

    Code made for 8.6 runs on 8.9, never the other way round nor across major numbers; PTX is compiled for any newer
    GPU when the program loads, if the program carries it.
    """
    found = architecture(capability)
    if found is None or toolkit[0] > ARCHITECTURES_LAST:
        return "unknown"
    wanted = toolkit[:2]
    if found.last is not None and wanted > found.last:
        return "dropped"
    if wanted >= found.first:
        return "native"
    if len(wanted) < 2 and wanted[0] == found.first[0]:
        return "unknown"
    older = (one for one in ARCHITECTURES if one.capability[0] == capability[0] and one.capability < capability)
    return "same-major" if any(one.first <= wanted <= (one.last or wanted) for one in older) else "ptx"


def architecture(capability: Numbers) -> Architecture | None:
    """The table's line for this compute capability."""
    return next((one for one in ARCHITECTURES if one.capability == capability[:2]), None)


def numbers(version: str) -> Numbers:
    """`550.54.14` → (550, 54, 14)."""
    return release_numbers(version) or ()


def dotted(version: Numbers) -> str:
    """(12, 4) → `12.4`."""
    return ".".join(map(str, version))


def _by_minor(major: int, version: Numbers | None, cuda: Numbers | None) -> bool:
    first = MINOR_DRIVERS.get(major)
    if first is not None and _reaches(version, numbers(first)):
        return True
    return major >= min(MINOR_DRIVERS) and cuda is not None and cuda[0] >= major


def _reaches(have: Numbers | None, wanted: Numbers) -> bool:
    return have is not None and have >= wanted
