"""The engine's clock and disk, as facts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from devbox.engine.port import Endpoint, EngineInfo
from devbox.flows.engine_facts import clock_skew, engine_facts


def info(time: Any) -> EngineInfo:
    return EngineInfo("26.1", "1.45", "linux", "amd64", raw={"version": {}, "info": {"SystemTime": time}})


@pytest.mark.parametrize(
    ("told", "skew"),
    [
        ("1970-01-01T00:16:40.123456789Z", 0.0), ("1970-01-01T00:17:40Z", 59.0), ("1970-01-01T00:15:40Z", -60.0),
        ("1970-01-01T02:16:40+02:00", 0.0), ("yesterday", None), ("", None), (7, None),
    ],
)  # fmt: skip
def test_the_skew_is_what_the_calls_own_duration_cannot_explain(told: Any, skew: float | None) -> None:
    assert clock_skew(info(told), 1000.0, 1001.0) == skew


class Clock:
    def monotonic(self) -> float:
        return 0.0

    def time(self) -> float:
        return 1000.0


class Told:
    def __init__(self, url: str, data_root: str) -> None:
        self.endpoint, self._data_root = Endpoint(url, "test"), data_root

    def info(self) -> EngineInfo:
        return EngineInfo("26.1", "1.45", "linux", "amd64", data_root=self._data_root)

    def image(self, ref: str) -> None:
        return None


def test_the_disk_is_measured_only_where_the_engine_keeps_its_data_here(tmp_path: Path) -> None:
    def facts(url: str, root: str) -> dict[str, Any]:
        engine: Any = Told(url, root)
        return engine_facts(lambda: engine, Clock())

    space = os.statvfs(tmp_path)
    free = facts("unix:///x", str(tmp_path))["data_root_free"]
    assert abs(free - space.f_bavail * space.f_frsize) < 1 << 30
    for url, root in (("tcp://there:2376", str(tmp_path)), ("unix:///x", "/not/here"), ("unix:///x", "")):
        told = facts(url, root)
        assert told["data_root_free"] is None
        assert told["data_root_free_reason"]
