"""Version files by the grammar of their readers, accidents included; recordings cover the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.toolchain.mise import Locked
from devbox.project.pins import idiomatic, mise_lock, mise_toml, nvmrc, python_version
from devbox.project.pins.mise_names import Naming, config_names
from devbox.project.pins.tool_versions import parse_for_mise


def words(data: bytes, *, utf8: bool = True) -> list[str]:
    return [word.text for word in python_version.parse(data, utf8=utf8)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"3.11.7\n", ["3.11.7"]),
        (b"# c\r\n3.11.4\r\n\r\n3.9 # x\r\n", ["3.11.4", "3.9"]),
        (b"", []),
        (b"# only\n", []),
        (b"\xef\xbb\xbf3.11\n", ["﻿3.11"]),
        (b"3.\x0011\n", ["3.11"]),
        (b"3.11#x\n", ["3.11#x"]),
        (b"  \t3.11", ["3.11"]),
    ],
)
def test_python_version_words(data: bytes, expected: list[str]) -> None:
    assert words(data) == expected


def test_text_beyond_1024_characters_is_read_as_another_line() -> None:
    assert words(b"#" * 1024 + b"3.12\n") == ["3.12"]


def test_a_broken_byte_swallows_the_newline_only_in_a_utf8_locale() -> None:
    assert words(b"# caf\xe9\n3.11\n") == []
    assert words(b"# caf\xe9\n3.11\n", utf8=False) == ["3.11"]


def test_lines_of_words_are_kept() -> None:
    assert [(word.text, word.line) for word in python_version.parse(b"# c\n3.11\n\n3.9\n", utf8=True)] == [
        ("3.11", 2),
        ("3.9", 4),
    ]


@given(st.binary(max_size=3000), st.booleans())
def test_python_version_never_raises_and_loses_no_length(data: bytes, utf8: bool) -> None:
    assert sum(
        len(word.text.encode("utf-8", "surrogateescape")) for word in python_version.parse(data, utf8=utf8)
    ) <= len(data)


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"20\n", "20"),
        (b"20 # LTS\r\n", "20"),
        (b"#c\n\n  v18.1 \n", "v18.1"),
        (b"npm=9\n20\n", "20"),
        (b"=18\n", "=18"),
        (b"18 20\n", "18 20"),
    ],
)
def test_nvmrc_takes_one_bare_line(data: bytes, version: str) -> None:
    assert nvmrc.parse(data).version == version


@pytest.mark.parametrize(
    "data", [b"", b"# c\n", b"18\n20\n", b"npm=9\n", b"node=18\n20\n", b"a=1\na=2\n20\n", b">=18\n"]
)
def test_nvmrc_says_why_it_is_invalid(data: bytes) -> None:
    parsed = nvmrc.parse(data)
    assert parsed.version is None
    assert parsed.problem


@given(st.binary(max_size=500))
def test_nvmrc_never_raises(data: bytes) -> None:
    parsed = nvmrc.parse(data)
    assert (parsed.version is None) == (parsed.problem is not None)


def test_mise_toml_gives_versions_with_their_lines() -> None:
    parsed = mise_toml.parse(
        b'min_version = "2024.1"\n[tools]\nnodejs = "20"\npython = ["3.11", "3.12"]\n', "mise.toml"
    )
    assert parsed.safe
    assert [(wish.text, wish.line) for wish in parsed.tools["node"]] == [("20", 3)]
    assert [wish.text for wish in parsed.tools["python"]] == ["3.11", "3.12"]


@pytest.mark.parametrize(
    "text",
    [
        '[env]\nA = "b"',
        "[settings]\nyes = true",
        '[tools]\nnode = { version = "20" }',
        '[hooks]\nenter = "x"',
        "[tools]\nnode = \"{{ exec(command='touch x') }}\"",
        '[tools]\nnode = "\\u007b\\u007b exec() }}"',
        '[tasks.x]\nrun = "{% raw %}"',
    ],
)
def test_what_mise_would_not_read_without_trust_is_unsafe(text: str) -> None:
    assert not mise_toml.parse(text.encode(), "mise.toml").safe


@pytest.mark.parametrize(
    "text", ["[tools]\nnode = 18", "[tools]\nnode = true", "[tools]\nnode = [18]", "tools = 1", "[tools", "\xff"]
)
def test_what_mise_cannot_read_is_a_problem_that_names_its_tools(text: str) -> None:
    parsed = mise_toml.parse(text.encode("latin-1"), "mise.toml")
    assert parsed.problem
    if "node" in text:
        assert parsed.named == ("node",)


@given(st.text(alphabet='[]{}="tools.node18 \n#\\u', max_size=120))
def test_mise_toml_never_raises(text: str) -> None:
    parsed = mise_toml.parse(text.encode(), "mise.toml")
    assert parsed.problem is None or parsed.tools == {}


def test_tool_versions_for_mise_takes_the_last_line_of_a_tool() -> None:
    found = parse_for_mise("python 3.11 # c\nnodejs:\t20 system\n\npython 3.12#x\n#ruby 3\ngo\n")
    assert {tool: [wish.text for wish in wishes] for tool, wishes in found.items()} == {
        "python": ["3.12"],
        "node": ["20", "system"],
        "go": [],
    }


def test_config_names_stand_in_the_order_mise_itself_showed() -> None:
    # Observed with mise 2026.9.15: every file present, the winner removed until none was left.
    assert config_names(Naming(environments=("ci",))) == (
        ".mise.ci.local.toml",
        ".mise/config.ci.local.toml",
        "mise.ci.local.toml",
        "mise/config.ci.local.toml",
        ".config/mise.ci.local.toml",
        ".config/mise/config.ci.local.toml",
        ".mise.ci.toml",
        ".mise/config.ci.toml",
        "mise.ci.toml",
        "mise/config.ci.toml",
        ".config/mise.ci.toml",
        ".config/mise/config.ci.toml",
        ".mise.local.toml",
        "mise.local.toml",
        "mise/config.local.toml",
        ".mise/config.local.toml",
        ".config/mise.local.toml",
        ".config/mise/mise.local.toml",
        ".config/mise/config.local.toml",
        ".mise.toml",
        "mise.toml",
        "mise/config.toml",
        "mise/conf.d/*.toml",
        ".mise/config.toml",
        ".mise/conf.d/*.toml",
        ".config/mise.toml",
        ".config/mise/mise.toml",
        ".config/mise/config.toml",
        ".config/mise/conf.d/*.toml",
        ".tool-versions",
    )


@pytest.mark.parametrize(
    ("tool", "name", "text", "versions"),
    [
        ("node", ".nvmrc", "lts/* # c\n", ["lts"]),
        ("node", ".nvmrc", "20\nnpm=9\n", ["20", "npm=9"]),
        ("python", ".python-version", "3.11.7 3.12.1\n", ["3.11.7", "3.12.1"]),
        ("ruby", ".ruby-version", "ruby-3.2.2\n", ["3.2.2"]),
        ("ruby", "Gemfile", "source 'x'\nruby '3.2.2'\n", ["3.2.2"]),
        ("ruby", "Gemfile", "ruby '~> 3.2'\n", []),
        ("java", ".sdkmanrc", "java=17.0.9-tem\n", ["temurin-17.0.9"]),
        ("java", ".sdkmanrc", "java=21.0.1-zulu\n", ["zulu-21"]),
        ("go", "go.mod", "go 1.20\ntoolchain go1.21.5\n", ["1.21.5"]),
        ("go", "go.mod", "go 1.20 // c\ntoolchain default\n", ["1.20"]),
        ("go", ".go-version", "v1.21\n", ["1.21"]),
        ("node", "package.json", '{"engines": {"node": ">=18"}}', []),
        ("node", "package.json", "[" * 5000, []),
        ("node", "package.json", '{"devEngines": {"runtime": [{"name": "node", "version": "22"}]}}', ["22"]),
        ("dotnet", "global.json", '{"sdk": {"version": "8.0.100"}}', ["8.0.100"]),
        ("rust", "rust-toolchain.toml", '[toolchain]\nchannel = "1.75"\n', ["1.75"]),
        ("terraform", ".terraform-version", "1.6.0\n", ["1.6.0"]),
    ],
)
def test_other_managers_files_as_mise_reads_them(tool: str, name: str, text: str, versions: list[str]) -> None:
    assert [wish.text for wish in idiomatic.parse(tool, name, text.encode())] == versions


def test_a_file_that_is_not_utf8_is_skipped_by_mise() -> None:
    assert idiomatic.parse("node", ".nvmrc", b"20\n# caf\xe9\n") == ()


@pytest.mark.parametrize(
    ("config", "lock"),
    [
        ("/p/mise.toml", "/p/mise.lock"),
        ("/p/.mise.local.toml", "/p/mise.local.lock"),
        ("/p/mise.ci.toml", "/p/mise.ci.lock"),
        ("/p/mise.ci.local.toml", "/p/mise.ci.local.lock"),
        ("/p/.mise/conf.d/a.toml", "/p/.mise/mise.lock"),
        ("/p/.config/mise/config.toml", "/p/.config/mise/mise.lock"),
    ],
)
def test_a_configuration_has_its_lock_file(config: str, lock: str) -> None:
    assert mise_lock.path_for(config) == lock


def test_a_lock_file_gives_versions_and_a_broken_one_gives_none() -> None:
    assert mise_lock.parse(b'[[tools.node]]\nversion = "20.1.0"\n[[tools.node]]\nversion = "22.0.0"\n', "l") == {
        "node": (Locked("20.1.0"), Locked("22.0.0"))
    }
    assert mise_lock.parse(b"[[tools", "l") == {}


def test_a_lock_entry_answers_its_specifiers_from_version_2_on_and_a_later_format_is_not_read() -> None:
    entry = b'[[tools.node]]\nversion = "20.1.0"\nspecifiers = ["20", "lts"]\n'
    assert mise_lock.parse(entry, "l") == {"node": (Locked("20.1.0"),)}
    assert mise_lock.parse(b"lockfile_version = 2\n" + entry, "l") == {"node": (Locked("20.1.0", ("20", "lts")),)}
    assert mise_lock.parse(b"lockfile_version = 3\n" + entry, "l") == {}
