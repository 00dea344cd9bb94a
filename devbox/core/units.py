"""Durations and sizes as devbox.toml and the command line write them (contract.md: `500ms 10s 5m 2h`, `MiB GiB`)."""

from __future__ import annotations

import re

_DURATION = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def parse_duration(text: str) -> float:
    """Seconds of `500ms`, `10s`, `5m`, `2h`; ValueError says what is expected."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)", text.strip(), re.ASCII)
    if not match:
        raise ValueError("expected a duration such as 500ms, 10s, 5m or 2h")
    return float(match[1]) * _DURATION[match[2]]


def parse_size(text: str) -> int:
    """Bytes of `512MiB`, `8GiB`; ValueError says what is expected."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(B|KiB|MiB|GiB|TiB)", text.strip(), re.ASCII)
    if not match:
        raise ValueError("expected a size such as 512MiB or 8GiB")
    return int(float(match[1]) * _SIZE[match[2]])
