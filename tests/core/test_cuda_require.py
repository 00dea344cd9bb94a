"""NVIDIA_REQUIRE_CUDA, with the words of real images and the rules of the container toolkit's own tests."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.cuda_require import parse_requirement, requirement_texts, satisfied

BRANDS = (
    "tesla", "unknown", "nvidia", "nvidiartx", "geforce", "geforcertx", "quadro", "quadrortx", "titan", "titanrtx",
)
CUDA_12_4 = "cuda>=12.4 " + " ".join(
    f"brand={brand},driver>={branch},driver<{branch + 1}" for branch in (470, 525, 535) for brand in BRANDS
)
"""Of nvidia/cuda:12.4.1-base-ubuntu22.04."""


def holds(text: str, **facts: str | None) -> bool | None:
    return satisfied(parse_requirement(text), facts)


@pytest.mark.parametrize(
    ("driver", "cuda", "brand", "expected"),
    [
        ("550.54.15", "12.4", "geforce", True),
        ("580.95.05", "13.0", "nvidia", True),
        ("545.23.08", "12.3", "geforce", False),  # neither new enough nor a listed branch
        ("535.183.01", "12.2", "geforce", True),
        ("535.183.01", "12.2", "nvs", False),  # a brand that the image does not list
        ("525.60.13", "12.0", "GeForce", True),
        ("530.30.02", "12.1", "tesla", False),
        ("470.256.02", "11.4", "tesla", True),
        ("460.106.00", "11.2", "tesla", False),
        ("535.183.01", "12.2", None, None),
        ("550.54.15", "12.4", None, True),
        (None, "12.2", "geforce", None),
        (None, None, None, None),
    ],
)
def test_a_real_images_requirement(driver: str | None, cuda: str | None, brand: str | None, expected: object) -> None:
    assert holds(CUDA_12_4, driver=driver, cuda=cuda, brand=brand) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cuda>=11.0", True), ("cuda>=12.4", True), ("cuda>=12.5", False), ("cuda=12.4", True), ("cuda!=12.4", False),
        ("cuda<12.4", False), ("cuda<=12.4", True), ("cuda>12", True), ("cuda=12", False), ("cuda=12.4.0", True),
        ("arch>=7.0", True), ("arch>=9.1", False), ("driver<551", True), ("brand!=nvidia", False),
        ("brand=NVIDIA", True), ("cuda>=13 brand=nvidia", True), ("cuda>=13,brand=nvidia", False), ("  ", True),
        ("os=linux", True), ("os=linux,cuda>=13", False), ("os=linux cuda>=13", False), ("cuda>=12.4  cuda>=99", True),
    ],
)
def test_the_grammar(text: str, expected: bool) -> None:
    """Spaces are or, commas are and, conditions on unknown things are left out (factory.go of the toolkit)."""
    assert holds(text, cuda="12.4", driver="550.54.14", arch="9.0", brand="nvidia") is expected


@pytest.mark.parametrize("text", ["cuda", "cuda>=", "driver>=new", "cuda>=12 nonsense", "cuda>=12.4," + "x" * 70_000])
def test_what_the_runtime_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_requirement(text)


@pytest.mark.parametrize(
    ("env", "texts"),
    [
        ({}, ()),
        ({"CUDA_VERSION": "9.0.176"}, ("cuda>=9.0",)),
        ({"CUDA_VERSION": "12"}, ("cuda>=12.0",)),
        ({"CUDA_VERSION": "12.4.1", "NVIDIA_REQUIRE_CUDA": "cuda>=12.4"}, ("cuda>=12.4",)),
        ({"NVIDIA_REQUIRE_ARCH": "arch>=7.0", "NVIDIA_REQUIRE_CUDA": "cuda>=12.4"}, ("arch>=7.0", "cuda>=12.4")),
        ({"NVIDIA_REQUIRE_JETPACK": "csv-mounts=all", "NVIDIA_REQUIRE_CUDA": " "}, ()),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=99", "NVIDIA_DISABLE_REQUIRE": "true"}, ()),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=99", "NVIDIA_DISABLE_REQUIRE": "yes"}, ("cuda>=99",)),
        ({"CUDA_VERSION": "unknown"}, ()),
    ],
)
def test_which_variables_count(env: dict[str, str], texts: tuple[str, ...]) -> None:
    assert requirement_texts(env) == texts


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(["cuda", "driver", "arch", "brand"]), st.text(max_size=8)))
def test_any_text_is_an_answer_or_a_refusal(text: str, facts: dict[str, str]) -> None:
    with contextlib.suppress(ValueError):
        assert holds(text, **facts) in (True, False, None)


@given(st.lists(st.sampled_from(CUDA_12_4.split(" ")), min_size=1, max_size=6), st.integers(400, 600))
def test_more_alternatives_never_exclude_a_machine(terms: list[str], branch: int) -> None:
    facts = {"cuda": "12.0", "driver": f"{branch}.10", "brand": "geforce"}
    if satisfied(parse_requirement(terms[0]), facts):
        assert satisfied(parse_requirement(" ".join(terms)), facts)
