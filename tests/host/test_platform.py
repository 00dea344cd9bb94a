"""Platform facts are of this machine, and what is absent has a reason."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from devbox.host.platform import platform_facts


def test_facts_agree_with_the_system(tmp_path: Path) -> None:
    facts = platform_facts(str(tmp_path), {"LANG": "C.UTF-8"})
    assert facts["arch"] == os.uname().machine
    assert facts["kernel"] == os.uname().release
    assert facts["memory"] == psutil.virtual_memory().total
    assert abs(facts["disk_free"] - psutil.disk_usage(str(tmp_path)).free) < 1 << 30
    assert facts["cpus"] >= 1
    assert facts["locale"] == "C.UTF-8"


def test_every_absent_fact_has_a_reason(tmp_path: Path) -> None:
    facts = platform_facts(str(tmp_path / "not there"), {})
    assert facts["disk_free"] is None
    absent = [name for name, value in facts.items() if value is None and name != "container"]
    assert [name for name in absent if not facts.get(f"{name}_reason")] == []


def test_the_locale_is_what_the_caller_set_most_strongly(tmp_path: Path) -> None:
    assert platform_facts(str(tmp_path), {"LC_ALL": "de_DE.UTF-8", "LANG": "C"})["locale"] == "de_DE.UTF-8"
    assert platform_facts(str(tmp_path), {})["locale"] == "C"
