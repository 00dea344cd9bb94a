"""Files that hold words: what each manager's reader takes of the same bytes (spec/toolchains.md 2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.project.pins import asdfrc, first_word, sdkmanrc, terraform_version, uv_python_version
from devbox.project.pins.fnm_files import decode
from devbox.project.pins.tool_versions import parse_for_bash, parse_for_go, parse_legacy


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"3.2.2\n", "3.2.2"),
        (b"\r\n \t3.2.2\r\n9.9\n", "3.2.2"),
        (b"# c\n3.2.2\n", "#"),
        (b"3.2.2#c\n", "3.2.2#c"),
        (b"\xef\xbb\xbf3.2.2\n", "\ufeff3.2.2"),
        (b"3\x00.2\n", "3"),
        (b" " * 1024 + b"3.2.2\n", None),
        (b"\n", None),
        (b"", None),
    ],
)
def test_rbenv_and_nodenv_take_the_first_word_and_know_no_comments(data: bytes, word: str | None) -> None:
    found = first_word.parse(data)
    assert (found.text if found else None) == word


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"17\n", "17"),
        (b"\n\r\n17.0.9 x\n", "17.0.9"),
        (b"17\r\r\n", "17\r"),
        (b"#17\n", "#17"),
        (b"1\x007\n", "17"),
        (b"17\\\n18\n", "1718"),
        (b"\r\n", None),
    ],
)
def test_jenv_takes_the_first_word_of_the_first_line_that_has_one(data: bytes, word: str | None) -> None:
    found = first_word.parse_jenv(data)
    assert (found.text if found else None) == word


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"1.5.7 # why\r\n", "1.5.7"),
        (b"# c\n\n1.5.7\n", "1.5.7"),
        (b"1.5.7\n1.6.0\n", "1.5.7\n1.6.0"),
        (b"  1.5.7\n", "  1.5.7"),
        (b"# only\n", None),
    ],
)
def test_tfenv_joins_what_stays(data: bytes, text: str | None) -> None:
    found = terraform_version.parse(data, utf8=True)
    assert (found.text if found else None) == text


def test_a_comment_with_a_broken_byte_is_none_for_sed_in_a_utf8_locale() -> None:
    data = b"1.5.7 # caf\xe9\n"
    utf8, plain = terraform_version.parse(data, utf8=True), terraform_version.parse(data, utf8=False)
    assert utf8 is not None
    assert plain is not None
    assert (utf8.text.startswith("1.5.7 #"), plain.text) == (True, "1.5.7")


def test_sdkman_removes_white_space_and_comments_and_keeps_the_lines() -> None:
    file = sdkmanrc.parse(b"# c\n java = 17.0.9-tem # x\r\n\nmaven=3.9.5")
    assert [(one.name, one.version, one.line) for one in file.candidates] == [
        ("java", "17.0.9-tem", 2),
        ("maven", "3.9.5", 4),
    ]
    assert file.stops_at is None


@pytest.mark.parametrize("line", [b"Java=17", b"java", b"java=", b"\xef\xbb\xbfjava=17", b"=17", b"java=\xe9"])
def test_a_line_that_is_no_candidate_stops_sdk_env(line: bytes) -> None:
    file = sdkmanrc.parse(b"gradle=8.5\n" + line + b"\nmaven=3.9.5\n")
    assert [one.name for one in file.candidates] == ["gradle"]
    assert (file.stops_at, file.unreached) == (2, ("maven",))


TOOL_VERSIONS = [
    (b"nodejs 20.9.0\n", ("20.9.0",), ("20.9.0",)),
    (b"nodejs  20.9.0 18.17.1#c\n", ("20.9.0", "18.17.1"), ("20.9.0", "18.17.1")),
    (b"nodejs\t20.9.0\n", None, None),
    (b" nodejs 20.9.0\n", None, ("20.9.0",)),
    (b"nodejs 20.9.0\r\n", ("20.9.0\r",), ("20.9.0",)),
    (b"\xef\xbb\xbfnodejs 20.9.0\n", None, None),
    (b"nodejs 1\nnodejs 2\n", ("1",), ("1",)),
    (b"nodejs\nnodejs 2\n", ("2",), ("2",)),
    (b"node 20.9.0\n", None, None),
    (b"nodejs path:~/n\n", ("path:/h/n",), ("path:~/n",)),
    (b"nodejs 20\x00\n", None, ("20\x00",)),
]


@pytest.mark.parametrize(("data", "bash", "go"), TOOL_VERSIONS)
def test_the_two_lines_of_asdf_read_the_same_bytes_differently(
    data: bytes, bash: tuple[str, ...] | None, go: tuple[str, ...] | None
) -> None:
    old, new = parse_for_bash(data, "/h").get("nodejs"), parse_for_go(data).get("nodejs")
    assert (old.words if old else None, new.words if new else None) == (bash, go)


def test_a_legacy_file_is_taken_as_it_is() -> None:
    old, new = parse_legacy(b"20.9.0\r\n18\n", bash=True), parse_legacy(b"20.9.0\n18\n", bash=False)
    assert old is not None
    assert new is not None
    assert (old.words, new.words) == (("20.9.0\r",), ("20.9.0\n18",))
    assert parse_legacy(b"\n", bash=True) is None
    assert parse_legacy(b"\n", bash=False) is None


def test_asdfrc_says_yes_only_in_its_own_words() -> None:
    assert asdfrc.legacy_for_bash(b"  legacy_version_file =  yes \r\n") is True
    assert asdfrc.legacy_for_bash(b"legacy_version_file = Yes\n") is False
    assert asdfrc.legacy_for_bash(b"legacy_version_file = yes\nlegacy_version_file = yes\n") is False
    assert asdfrc.legacy_for_bash(b"x = y\n") is None
    assert asdfrc.legacy_for_go(b"legacy_version_file = Yes # c\n")
    assert not asdfrc.legacy_for_go(b"[x]\nlegacy_version_file = yes\n")


def test_uv_takes_whole_lines_and_no_other_encoding() -> None:
    assert [word.text for word in uv_python_version.parse(b"# c\n\n3.11 # x\r\n3.12\n") or ()] == ["3.11 # x", "3.12"]
    assert uv_python_version.parse(b"caf\xe9") is None


def test_fnm_decodes_by_the_byte_order_mark() -> None:
    texts = ["v20".encode("utf-8-sig"), "v20".encode("utf-16"), b"v20", b"\xe9"]
    assert [decode(data) for data in texts] == ["v20", "v20", "v20", None]


@given(st.binary(max_size=400))
def test_no_reader_raises_on_any_bytes(data: bytes) -> None:
    first_word.parse(data)
    first_word.parse_jenv(data)
    terraform_version.parse(data, utf8=True)
    sdkmanrc.parse(data)
    parse_for_bash(data, "/h")
    parse_for_go(data)
    parse_legacy(data, bash=True)
    parse_legacy(data, bash=False)
    asdfrc.legacy_for_bash(data)
    asdfrc.legacy_for_go(data)
    uv_python_version.parse(data)
    decode(data)
