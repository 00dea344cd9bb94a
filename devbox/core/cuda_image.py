"""Which CUDA an image carries, from its name alone or from its environment. Pure.

A name tells where its publisher writes the version into the tag; anything else is unknown until the image is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from devbox.core.cuda_tables import NGC_IMAGES, NGC_LAST, NGC_RELEASES, NGC_SOURCE, Numbers
from devbox.core.frozen import dataclass
from devbox.core.version import release_numbers

_LEADING = re.compile(r"([0-9]{1,2}\.[0-9]{1,2}(?:\.[0-9]{1,3})?)(?![0-9.])")
_NAMED = re.compile(r"(?:^|[/._-])cuda[._-]?v?([0-9]{1,2}(?:\.[0-9]{1,2}){0,2})(?![0-9])", re.IGNORECASE)
_SHORT = re.compile(r"(?:^|[/._-])cu(?:da)?([0-9]{2})([0-9])(?![0-9.])", re.IGNORECASE)
"""`cu124` is PyTorch's way to write 12.4, `cuda124` another."""
_NGC = re.compile(r"([0-9]{2})\.([0-9]{2})(?:-|$)")
_WORDS = re.compile(r"(?:^|[:/._-])(?:cuda|gpu(?=$|[._-]))|^nvcr\.io/nvidia/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageCuda:
    """The CUDA of an image: `version` as far as it is known, `source` says how, `reason` why it is not."""

    version: Numbers | None
    source: str = ""
    reason: str | None = None


def cuda_of_reference(name: str, tag: str | None) -> ImageCuda | None:
    """What an image's name tells of its CUDA; None where nothing says that it carries CUDA at all."""
    short = _short_name(name)
    tag = tag or ""
    if short == "nvidia/cuda":
        match = _LEADING.match(tag)
        return ImageCuda(release_numbers(match[1]), "its tag") if match else ImageCuda(None, "", _untold(tag))
    if name.startswith("nvcr.io/nvidia/") and short.partition("/")[2] in NGC_IMAGES:
        return _of_release(tag)
    for text in (tag, short):
        found = _written(text)
        if found:
            return ImageCuda(found, "its tag" if text is tag else "its name")
    if _WORDS.search(f"{name}:{tag}"):
        return ImageCuda(None, "", "its name does not tell its CUDA version")
    return None


def cuda_of_environment(env: Mapping[str, str]) -> ImageCuda | None:
    """What an image's own environment tells; None where it carries no sign of CUDA."""
    version = release_numbers(env.get("CUDA_VERSION", ""))
    if version:
        return ImageCuda(version[:3], "its CUDA_VERSION")
    match = re.search(r"(?:^|[ ,])cuda>=([0-9.]+)", env.get("NVIDIA_REQUIRE_CUDA", ""))
    found = release_numbers(match[1]) if match else None
    return ImageCuda(found[:3], "its NVIDIA_REQUIRE_CUDA") if found else None


def _of_release(tag: str) -> ImageCuda:
    """nvcr.io/nvidia/pytorch:24.05-py3 → CUDA 12.4, by NVIDIA's framework support matrix."""
    match = _NGC.match(tag)
    if match is None:
        return ImageCuda(None, "", _untold(tag))
    release = (int(match[1]), int(match[2]))
    if not NGC_RELEASES[0][0] <= release <= NGC_LAST:
        return ImageCuda(None, "", f"release {match[0].rstrip('-')} is not in devbox's copy of NVIDIA's support matrix")
    version = [cuda for first, cuda in NGC_RELEASES if first <= release][-1]
    return ImageCuda(version, f"its release, by {NGC_SOURCE}")


def _written(text: str) -> Numbers | None:
    match = _NAMED.search(text)
    if match:
        return release_numbers(match[1])
    short = _SHORT.search(text)
    return (int(short[1]), int(short[2])) if short else None


def _short_name(name: str) -> str:
    """Without the registries that mirror the same names: docker.io/nvidia/cuda, nvcr.io/nvidia/cuda → nvidia/cuda."""
    first, slash, rest = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return rest if is_host else name


def _untold(tag: str) -> str:
    return f"its tag {tag} does not tell its CUDA version" if tag else "it has no tag that tells its CUDA version"
