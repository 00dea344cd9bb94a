"""Lines of `.python-version` as uv 0.13.9 took them: `uv python find` with Python 3.11.7 alone on PATH."""

from __future__ import annotations

import pytest

from devbox.core.toolchain.uv import choose, meets, parse_key, parse_request

FOUND = [
    "3.11",
    " 3.11",
    "3.11 ",
    "\t3.11",
    "v3.11",
    "V3.11",
    "311",
    "3.11.7",
    "3",
    ">=3.10,<3.12",
    ">= 3.10",
    "==3.11",
    "==3.11.*",
    "~=3.11",
    "cpython@3.11",
    "cpython3.11",
    "cp311",
    "python3.11",
    "python@3.11",
    "cpython-3.11",
    "cpython-3.11-linux",
    "cpython-3.11.7-linux-x86_64-gnu",
    "any",
    "default",
    "3.11+gil",
    "<4",
    "linux",
    "3.11-linux",
    "1!3.11",
    "==v3.11",
    "cpython",
]
NOT_FOUND = ["3.11.8", "3.12", "3.13rc1", "3.11.7rc1", "3.11.0rc1", "!=3.11.7", "==3.11,!=3.11.2", ">=3.12", "<3.11"]
UNSUPPORTED = [
    "3.11.*",
    "python-3.11",
    "system",
    "foo",
    "3.11.7.1",
    "3.12 # c",
    "\ufeff3.11",
    "@3.11",
    "python@x",
    "python",
    "3.11 3.12",
    "3.11,",
    "=3.11",
    "3.11.dev1",
    "latest",
    "cpython@latest",
    "3.11.post1",
    "3.11+x",
    "3.11\0",
    "",
]


@pytest.mark.parametrize("text", FOUND)
def test_these_are_met_by_3_11_7(text: str) -> None:
    request = parse_request(text)
    assert request.kind in ("version", "any")
    assert meets(request, "3.11.7")


@pytest.mark.parametrize("text", NOT_FOUND)
def test_these_are_requests_that_3_11_7_does_not_meet(text: str) -> None:
    request = parse_request(text)
    assert request.kind == "version"
    assert not meets(request, "3.11.7")


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_these_are_ignored_with_a_warning(text: str) -> None:
    assert parse_request(text).kind == "unsupported"


@pytest.mark.parametrize("text", ["3.11.7/envs/x", "./x", "../python", "/usr/bin/python3"])
def test_a_path_is_a_path_even_where_nothing_is(text: str) -> None:
    assert parse_request(text).kind == "path"


def test_a_name_that_is_there_is_a_path() -> None:
    assert parse_request(".venv", lambda path: path == ".venv").kind == "path"
    assert parse_request("3.11", lambda path: True).kind == "version"


def test_uvs_own_pythons_are_known_by_their_names() -> None:
    names = (
        "cpython-3.12.1-linux-x86_64-gnu",
        "cpython-3.13.0rc2-linux-x86_64-gnu",
        "pypy-3.10.14-linux-x86_64-gnu",
        "cpython-3.13.0+freethreaded-linux-x86_64-gnu",
        "cpython-3.12-linux-x86_64-gnu",
        "x",
        "cpython-3.9.18-linux-x86_64-gnu",
    )
    installed = [one for name in names if (one := parse_key(name))]
    assert len(installed) == 5
    chosen = {
        text: one.version if (one := choose(parse_request(text), installed)) else None
        for text in ("any", ">=3.9", "3.13", "3.13rc2", "3.13t", "pypy", "3.9", "3.8")
    }
    assert chosen == {
        "any": "3.12.1",
        ">=3.9": "3.12.1",
        "3.13": None,
        "3.13rc2": "3.13.0rc2",
        "3.13t": "3.13.0",
        "pypy": "3.10.14",
        "3.9": "3.9.18",
        "3.8": None,
    }
