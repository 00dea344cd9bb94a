"""No registered value is shown, whatever its form and however the stream is cut (security.md 7.2)."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.masking import MASK, Masker, StreamMasker, secret_name, without_secret_values

SECRET = "s3cr3t/ü+value"
MASKER = Masker([SECRET])


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode()).decode(),
        base64.b64encode(b"me:" + SECRET.encode() + b":more").decode(),
    ],
)
def test_a_value_is_hidden_in_every_form(text: str) -> None:
    shown = MASKER.mask_text(f"before {text} after")
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert SECRET not in shown
    assert SECRET.encode()[3:-3] not in base64.b64decode(shown.split()[1].replace(MASK, ""), validate=False)


def test_logins_in_urls_are_secrets_without_being_registered() -> None:
    assert Masker().mask_text("GET https://me:pw@host/x") == f"GET https://{MASK}@host/x"
    assert Masker().mask_text("https://host:443/a@b") == "https://host:443/a@b"


def test_a_key_of_several_lines_is_hidden_line_by_line() -> None:
    masker = Masker(["-----BEGIN KEY-----\nAAAABBBBCCCC\n-----END KEY-----\n"])
    assert "AAAABBBBCCCC" not in masker.mask_text("x AAAABBBBCCCC y")


def test_a_tiny_value_is_not_masked_everywhere() -> None:
    assert Masker(["1"]).mask_text("v1.1.1") == "v1.1.1"


@given(st.lists(st.integers(1, 9), max_size=30))
def test_no_chunk_border_lets_a_value_through(sizes: list[int]) -> None:
    data = f"a {SECRET} b\nc {SECRET}{SECRET}\nend".encode()
    stream, position, shown = StreamMasker(MASKER), 0, b""
    for size in sizes:
        shown += stream.feed(data[position : position + size])
        position += size
    shown += stream.feed(data[position:]) + stream.flush()
    assert shown.decode() == f"a {MASK} b\nc {MASK}{MASK}\nend"


def test_finished_lines_are_not_held_back() -> None:
    assert StreamMasker(MASKER).feed(b"one line\n") == b"one line\n"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("PIP_TOKEN", True),
        ("DB_PASSWORD", True),
        ("API_KEY", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("PGPASSWORD", True),
        ("KEYBOARD", False),
        ("DEBUG", False),
        ("PATH", False),
        ("TOKENIZER", False),
        ("AUTHOR", False),
    ],
)
def test_names_that_say_secret(name: str, secret: bool) -> None:
    assert secret_name(name) is secret


@pytest.mark.parametrize(("text", "shown"), [
    ("RUN API_TOKEN=abc123 make", "RUN API_TOKEN=••• make"),
    ("RUN db_password='a b' make VERSION=1.2", "RUN db_password=••• make VERSION=1.2"),
    ('ENV SECRET_KEY="x y" MODE=dev', "ENV SECRET_KEY=••• MODE=dev"),
    ("COPY https://me:word@host/f /f", "COPY https://•••@host/f /f"),
    ("RUN echo $TOKEN", "RUN echo $TOKEN"),
])
def test_values_of_assignments_to_secret_names_are_hidden(text: str, shown: str) -> None:
    assert without_secret_values(text) == shown
