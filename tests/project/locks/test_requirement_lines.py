"""Requirements files line by line, beside pip's documented rules and packaging's parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from devbox.project.locks.requirement_lines import Line, _logical, requirement_lines


def lines(text: str) -> list[Line]:
    return list(requirement_lines(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpha==1.0", [Line(1, "alpha", "==1.0")]),
        ('Alpha_X [fast, slow] == 1.0 ; python_version < "3"', [Line(1, "Alpha_X", "==1.0", 'python_version < "3"')]),
        ("alpha>=1,<2  # why", [Line(1, "alpha", "<2,>=1")]),
        ("# alpha==1\n\nbeta==2", [Line(3, "beta", "==2")]),
        ("alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nbeta==2", [
            Line(1, "alpha", "==1.0", hashes=2), Line(4, "beta", "==2")]),
        ("alpha==1.0 \\\n    # a comment inside a continuation\n    --hash=sha256:aa", [
            Line(1, "alpha", "==1.0")]),
        ("-r other.txt", [Line(1, include="other.txt")]),
        ("--requirement=other.txt", [Line(1, include="other.txt")]),
        ("-rother.txt", [Line(1, include="other.txt")]),
        ("-c limits.txt", [Line(1, constraints="limits.txt")]),
        ("--index-url https://pypi.example/simple\n--pre", []),
        ("-e .", [Line(1, direct=True)]),
        ("-e git+https://host.example/x.git#egg=alpha", [Line(1, "alpha", direct=True)]),
        ("alpha @ https://host.example/alpha.whl", [Line(1, "alpha", direct=True)]),
        ("./vendored/alpha-1.0-py3-none-any.whl", [Line(1, direct=True)]),
        ("https://host.example/alpha-${VERSION}.tar.gz", [Line(1, direct=True)]),
        ("alpha==1.0 --config-settings=x=y", [Line(1, "alpha", "==1.0")]),
        ("alpha ==", [Line(1, problem="not a requirement")]),
    ],
)
def test_lines(text: str, expected: list[Line]) -> None:
    found = [
        Line(**{name: getattr(line, name) for name in Line.__slots__} | {"problem": line.problem.partition(";")[0]})
        for line in lines(text)
    ]
    assert found == expected


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for line in lines(text):
        assert 1 <= line.line <= text.count("\n") + len(text.splitlines()) + 1


def test_lines_are_joined_and_cut_as_pip_does_it() -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    text = "a==1 # x\\\nb==1 \\\n  --hash=x\n\n # c\\\nd \\\n # e\nf#g\nh #i\nj\\"
    assert list(_logical(text)) == [(number, line.strip()) for number, line in req_file.preprocess(text)]


_NAMES = st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,8}[A-Za-z0-9])?\Z")
_VERSIONS = st.from_regex(r"\A[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}(?:(?:a|b|rc)[0-9]|\.post[0-9]|\+cu[0-9]{1,3})?\Z")
_MARKERS = st.sampled_from(["", " ; python_version < '3.8'", "; sys_platform == 'win32' and extra == 'x'"])


@given(_NAMES, _VERSIONS, _MARKERS)
def test_a_pin_is_what_packaging_reads(name: str, version: str, marker: str) -> None:
    text = f"{name}=={version}{marker}"
    try:
        expected = Requirement(text)
    except InvalidRequirement:
        return
    (line,) = lines(text)
    assert (line.name, line.specifier) == (expected.name, str(expected.specifier))
    assert line.marker.replace('"', "'") == str(expected.marker or "").replace('"', "'")


@given(st.lists(st.tuples(_NAMES, _VERSIONS), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_a_file_of_pins_is_all_of_them_in_order_with_their_lines(pins: list[tuple[str, str]], end: str) -> None:
    text = "".join(f"{name}=={version} \\{end}  --hash=sha256:0{end}" for name, version in pins)
    found = [(line.name, line.specifier, line.line) for line in lines(text)]
    assert found == [(name, f"=={version}", 2 * number + 1) for number, (name, version) in enumerate(pins)]
