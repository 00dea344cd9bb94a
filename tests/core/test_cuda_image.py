"""Which CUDA an image carries, by its name or its environment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.cuda_image import cuda_of_environment, cuda_of_reference


@pytest.mark.parametrize(
    ("name", "tag", "version"),
    [
        ("nvidia/cuda", "12.4.1-cudnn-devel-ubuntu22.04", (12, 4, 1)),
        ("docker.io/nvidia/cuda", "11.8.0-base-ubuntu22.04", (11, 8, 0)),
        ("nvcr.io/nvidia/cuda", "13.0.2-runtime-ubuntu24.04", (13, 0, 2)),
        ("nvidia/cuda", "9.0-devel", (9, 0)),
        ("pytorch/pytorch", "2.3.0-cuda12.1-cudnn8-runtime", (12, 1)),
        ("rapidsai/base", "24.06-cuda12.2-py3.11", (12, 2)),
        ("vllm/vllm-openai", "v0.9.2-cu128", (12, 8)),
        ("ghcr.io/team/train", "2024-cuda118", (11, 8)),
        ("ghcr.io/team/train", "cuda-12", (12,)),
        ("ghcr.io/team/cuda12.6-dev", "latest", (12, 6)),
        # docs.nvidia.com/deeplearning/frameworks, release notes of each: rel-19-03, rel-21-09, rel_22-05, rel-24-05,
        # rel-25-08 (Triton), rel-26-03 (CUDA DL).
        ("nvcr.io/nvidia/pytorch", "19.03-py3", (10, 1)),
        ("nvcr.io/nvidia/tensorflow", "21.09-tf2-py3", (11, 4)),
        ("nvcr.io/nvidia/mxnet", "22.05-py3", (11, 7)),
        ("nvcr.io/nvidia/pytorch", "24.05-py3", (12, 4)),
        ("nvcr.io/nvidia/tritonserver", "25.08-py3", (13, 0)),
        ("nvcr.io/nvidia/cuda-dl-base", "26.03-cuda13.2-devel-ubuntu24.04", (13, 2)),
    ],
)
def test_names_that_tell(name: str, tag: str, version: tuple[int, ...]) -> None:
    found = cuda_of_reference(name, tag)
    assert found is not None
    assert found.version == version
    assert found.source


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("nvidia/cuda", "latest"), ("nvidia/cuda", None), ("tensorflow/tensorflow", "2.15.0-gpu"),
        ("nvcr.io/nvidia/pytorch", "99.01-py3"), ("nvcr.io/nvidia/pytorch", "latest"), ("nvcr.io/nvidia/nemo", "24.07"),
    ],
)
def test_names_that_promise_cuda_without_saying_which_are_unknown(name: str, tag: str | None) -> None:
    found = cuda_of_reference(name, tag)
    assert found is not None
    assert found.version is None
    assert found.reason


@pytest.mark.parametrize(
    ("name", "tag"),
    [("debian", "bookworm"), ("python", "3.12"), ("team/barracuda", "1.2"), ("cu", "1"), ("focus123", "x")],
)
def test_names_without_cuda_are_none_of_our_business(name: str, tag: str) -> None:
    assert cuda_of_reference(name, tag) is None


@pytest.mark.parametrize(
    ("env", "version"),
    [
        ({"CUDA_VERSION": "12.4.1"}, (12, 4, 1)),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=12.1 brand=tesla,driver>=470,driver<471"}, (12, 1)),
        ({"CUDA_VERSION": "13.0.0.044"}, (13, 0, 0)),
        ({"CUDA_VERSION": ""}, None),
        ({"PATH": "/usr/local/cuda/bin"}, None),
    ],
)
def test_an_images_own_environment(env: dict[str, str], version: tuple[int, ...] | None) -> None:
    found = cuda_of_environment(env)
    assert (found.version if found else None) == version


@given(st.text(max_size=80), st.one_of(st.none(), st.text(max_size=80)))
def test_any_name_is_answered(name: str, tag: str | None) -> None:
    found = cuda_of_reference(name, tag)
    assert found is None or (found.version is None) != (found.reason is None)
