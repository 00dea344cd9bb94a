"""Ignore patterns by the rules of spec/buildkit.md 4.4 and moby/patternmatcher."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.ignore import IgnoreRules, Verdict, parse_ignore


def ignored(rules: IgnoreRules, path: str) -> bool:
    verdict = Verdict(False)
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        verdict = rules.judge("/".join(parts[:count]), verdict)
    return verdict.ignored


@pytest.mark.parametrize(
    ("text", "path", "left_out"),
    [
        ("a", "a", True), ("a", "a/b/c", True), ("a", "b/a", False), ("/a", "a", True), ("a/", "a/b", True),
        ("./a//b", "a/b", True), ("  a  ", "a", True), ("*.pyc", "x.pyc", True), ("*.pyc", "a/b.pyc", False),
        ("**/*.pyc", "a/b/c.pyc", True), ("**/*.pyc", "c.pyc", True), ("a/**", "a", False), ("a/**", "a/b/c", True),
        ("a/*", "a/b/c", True), ("a?c", "abc", True), ("a?c", "a/c", False), ("**", "x/y", True),
        ("**/x", "a/b/x", True), ("**/x", "x", True), ("**x", "ax", True), ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True), ("a/**/z", "a/bz", False), ("[a-c].txt", "b.txt", True),
        ("[^a-c].txt", "b.txt", False), ("[a-c].txt", "d.txt", False), ("a.b", "axb", False), ("a+b", "a+b", True),
        (r"\*", "*", True), (r"\*", "x", False), ("# a\na", "a", True), (" # a", "# a", True), ("#a", "#a", False),
        ("a\n!a/keep", "a/keep", False), ("a\n!a/keep", "a/other", True), ("*\n!src", "src/x/y", False),
        ("*\n!src\nsrc/secret", "src/secret/k", True), ("!a\na", "a", True), ("a\n!**/b", "a/x/b", False),
        ("\ufeffa", "a", True), ("a\r\nb\r", "b", True),
    ],
)
def test_patterns(text: str, path: str, left_out: bool) -> None:
    assert ignored(parse_ignore(text), path) is left_out


def test_dockerfile_is_sent_even_when_ignored() -> None:
    rules = parse_ignore("*").and_always(["docker/Dockerfile"])
    assert not ignored(rules, "docker/Dockerfile")
    assert ignored(rules, "docker/other")


@pytest.mark.parametrize(("text", "line"), [("a\n!\n", 2), ("[a", 1), ("x\n\n[z-a]", 3)])
def test_pattern_that_cannot_be_read_names_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_ignore(text)
    assert (raised.value.path, raised.value.line) == (".dockerignore", line)


@pytest.mark.parametrize(
    "text", ["*a*a*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/a/**/a/**/b", "**/a*a*a*a*a/**/*a*a*a*b", "*" * 200, "*?" * 100]
)
def test_no_pattern_is_slow_on_any_name(text: str) -> None:
    rules = parse_ignore(text)
    started = time.process_time()
    for path in ("a" * 255, "a/" * 2000 + "a", "/".join(["a" * 60] * 60)):
        rules.judge(path, Verdict(False))
    assert time.process_time() - started < 5, "each star trying every place would take for ever"


@pytest.mark.parametrize("text", ["[a]*b*c*d*e", "a**b**c**d"])
def test_a_pattern_that_would_be_slow_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_ignore(text)


def test_ignored_folders_are_walked_only_where_something_in_them_may_be_sent() -> None:
    rules = parse_ignore("node_modules\ndist\n!dist/keep\n")
    assert (rules.takes_back, rules.may_take_back("dist"), rules.may_take_back("node_modules")) == (True, True, False)
    assert parse_ignore("a\n!**/*.md").may_take_back("a")
    assert not parse_ignore("a").may_take_back("a")


@given(st.text(max_size=60), st.text(min_size=1, max_size=20))
def test_any_text_parses_or_is_a_config_error(text: str, path: str) -> None:
    try:
        rules = parse_ignore(text)
    except ConfigError:
        return
    assert ignored(rules, path) in (True, False)
