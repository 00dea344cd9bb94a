"""The quick table is part of every test run's output; nothing here fails on a clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import line, table
from tests.benchmarks.bench import Bench, Row
from tests.benchmarks.clock import NotMeasured, plain_env
from tests.benchmarks.peers import needed
from tests.benchmarks.rows import ROWS


@pytest.mark.engine
@pytest.mark.slow
def test_the_quick_table_prints_every_row(
    cli_env: dict[str, str], base_image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench({**plain_env(), **cli_env}, tmp_path, base_image, rounds=2, in_haste=True)
    with capsys.disabled():
        print()
        lines = []
        for text in table(bench):
            lines.append(text)
            print(text)
    assert len(lines) > len(ROWS)
    missing = [text for text in lines if "not measured" in text and "compose" in text]
    assert not (missing and needed()), "CI compares with docker compose"
    assert lines[1].startswith("devbox --version"), "the row that needs nothing is always measured"


def test_a_number_out_of_its_target_is_marked() -> None:
    text = line(Row("up", ours=3.0, theirs=2.0, target="<= 1.2", held=False))
    assert "3000ms" in text
    assert "1.50" in text
    assert text.endswith("NO")


def test_a_failing_command_is_not_a_number(tmp_path: Path) -> None:
    from tests.benchmarks.clock import run

    with pytest.raises(NotMeasured, match="gone wrong"):
        run(("/bin/sh", "-c", "echo gone wrong >&2; exit 3"), {}, tmp_path)
