"""Hiding secret values in everything devbox shows or writes (security.md 7.2).

The values themselves are handed in by the flow that reads them; they are held nowhere else. Pure.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "•••"
_SHORTEST = 4
"""A value shorter than this is no secret worth hiding: masking it would garble everything."""
_URL_LOGIN = re.compile(rb"(?<=://)[^\s/@:\"']*:[^\s/@\"']*(?=@)")
_SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|api_?key|private_?key|credential|auth)(_|$|s$)"
    r"|(_|^)(key|pwd|pat)$"
)
_ASSIGNMENT = re.compile(r"""\b([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s;&|]+)""")


def secret_name(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return bool(_SECRET_NAME.search(name))


def without_secret_values(text: str) -> str:
    """The text without the values of `NAME=value` where the name says that it is a secret, and without logins."""
    hidden = _ASSIGNMENT.sub(lambda match: f"{match[1]}={MASK}" if secret_name(match[1]) else match[0], text)
    return Masker().mask_text(hidden)


class Masker:
    """Replaces registered values, also base64- or percent-encoded, and logins in URLs."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        self.longest = max((len(form) for form in forms), default=0)
        """Bytes of the longest form: how much of a stream must be seen together."""
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None

    def mask(self, data: bytes) -> bytes:
        """The data without registered values."""
        if self._pattern is not None:
            data = self._pattern.sub(MASK.encode(), data)
        return _URL_LOGIN.sub(MASK.encode(), data) if b"://" in data else data

    def mask_text(self, text: str) -> str:
        """The text without registered values."""
        return self.mask(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class StreamMasker:
    """Masks a stream that arrives in chunks: a value cut by a chunk border is still found."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown already."""
        masked = self._masker.mask(self._rest + data)
        # Only the tail of the last line can still begin a value: a value's lines are registered one by one.
        tail = max(masked.rfind(b"\n") + 1, len(masked) - max(self._masker.longest - 1, 0))
        shown, self._rest = masked[:tail], masked[tail:]
        return shown

    def flush(self) -> bytes:
        """What was held back, at the end of the stream."""
        rest, self._rest = self._rest, b""
        return self._masker.mask(rest)


def _forms(value: str) -> Iterable[bytes]:
    lines = [line for line in value.splitlines() if len(line) >= _SHORTEST]
    for text in {value, *lines}:
        raw = text.encode("utf-8", "surrogateescape")
        yield raw
        yield quote(raw, safe="").encode()
        yield quote_plus(raw).encode()
        yield json.dumps(text)[1:-1].encode()
        yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterable[bytes]:
    """The part of a base64 text that the value fixes, at each of its three alignments."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            encoded = encode(b"\0" * offset + raw)
            start = (0, 2, 3)[offset]
            end = (None, -3, -2)[(offset + len(raw)) % 3]
            fixed = encoded[start:end]
            if len(fixed) >= _SHORTEST + 2:
                yield fixed
