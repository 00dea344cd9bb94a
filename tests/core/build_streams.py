"""The recorded streams of tests/data/rawjson and how to fold one; shared by the tests of the build."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from devbox.core.build import BuildState
from devbox.core.buildfold import BuildFacts, BuildFold, Outcome
from devbox.engine.rawjson import RawJsonDecoder

FOLDER = Path(__file__).parent.parent / "data" / "rawjson"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


@cache
def recording(name: str) -> bytes:
    """The raw stderr of a recorded build."""
    path = FOLDER / EXPECTED[name]["file"]
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def outcome_of(name: str) -> Outcome:
    """How the recorded build ended, from its exit code."""
    code = EXPECTED[name]["exit_code"]
    return "ok" if code == 0 else "interrupted" if code < 0 else "failed"


def fold(data: bytes, outcome: Outcome = "ok", *, chunk: int = 1 << 20, facts: BuildFacts | None = None) -> BuildState:
    """The final state of a stream fed in chunks of this size."""
    decoder, state = RawJsonDecoder(), BuildFold(facts)
    for start in range(0, len(data), chunk):
        for message in decoder.feed(data[start : start + chunk]):
            state.apply(message)
    for message in decoder.finish():
        state.apply(message)
    state.end(outcome)
    return state.snapshot()
