"""The five recorded projects, replayed through devbox's own build flow: verdicts, guesses, causes, time (issue C)."""

from __future__ import annotations

from statistics import median

import pytest

from devbox.core.build import StepStatus
from devbox.core.stepname import shown_stage, step_words
from tests.flows.forecast.recorded import SAMPLES, Replayed, replay
from tests.flows.forecast.score import Score, judge

Causes = dict[str, list[tuple[str, str | None]]]
"""Place of a root miss → kind and path or name of each of its causes."""

ROOT_CAUSES: dict[tuple[str, int], Causes] = {
    # What each edit of `steps.json` breaks, and how; an edit that is not here breaks nothing.
    ("sample-7001", 1): {"deps 4": [("instruction-changed", "Dockerfile")]},
    ("sample-7001", 2): {"deps 4": [("file-changed", "Dockerfile")]},
    ("sample-7001", 6): {"deps 4": [("file-changed", "Dockerfile")]},
    ("sample-7001", 7): {"deps 4": [("file-changed", "Dockerfile")]},
    ("sample-7002", 1): {
        "build 6": [("file-removed", "conf/beta1.ini")], "1 4": [("file-removed", "conf/beta1.ini")],
    },
    ("sample-7002", 3): {"build 6": [("file-changed", "docs/keep.md")]},
    ("sample-7002", 4): {"build 6": [("mode-changed", "scripts/draco0.sh")]},
    ("sample-7002", 8): {"build 6": [("file-removed", "scripts/draco0.sh")]},
    # Between these two builds the base image was made anew.
    ("sample-7003", 1): {"deps 2": [("base-changed", "bk-orc:p7003")], "final 2": [("base-changed", "bk-orc:p7003")]},
    ("sample-7003", 2): {"final 3": [("instruction-changed", "Dockerfile")]},
    ("sample-7003", 5): {"final 4": [("file-changed", "scripts/omega0.sh")]},
    ("sample-7003", 7): {"final 4": [("file-added", "scripts/lnk")]},
    ("sample-7003", 8): {"final 4": [("file-changed", "src/zeta1.py")]},
    ("sample-7004", 1): {"build 3": [("file-changed", "assets/corvus2.css")]},
    ("sample-7004", 4): {
        "build 3": [("file-removed", "assets/alpha0.css"), ("file-added", "assets/alpha0_aquila.css")],
    },
    ("sample-7004", 5): {"build 4": [("arg-changed", "VERSION")]},
    ("sample-7004", 7): {"deps 4": [("file-changed", "app.py")]},
    ("sample-7005", 1): {"api 3": [("file-added", "web/new272756.ini")]},
    ("sample-7005", 2): {"api 3": [("file-added", "web/new278422.py")]},
    ("sample-7005", 3): {"api 3": [("file-changed", "web/lyra1.js")]},
    ("sample-7005", 5): {"api 3": [("file-changed", "web/lyra1.js")]},
    ("sample-7005", 7): {"web 4": [("instruction-changed", "Dockerfile")]},
}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> list[Replayed]:
    folder = tmp_path_factory.mktemp("recorded")
    return [build for sample in SAMPLES for build in replay(sample, folder)]


def later(builds: list[Replayed]) -> list[Replayed]:
    """All but the first of each sample: there a forecast has nothing to go by."""
    return [build for build in builds if build.step["step"]]


def test_all_five_samples_are_replayed_to_their_recorded_end(replayed: list[Replayed]) -> None:
    assert len(replayed) == 45
    for build in replayed:
        truth = {"CACHED": "hit", "RUN": "miss", "ERROR": "failed"}
        shown = {
            (step.key.stage, step.key.index): str(step.status) for step in build.built.state.steps
            if step.status in (StepStatus.HIT, StepStatus.MISS, StepStatus.FAILED) and step.twin is None
        }
        recorded = {
            (step["stage"], step["index"]): truth[step["status"]] for step in build.step["truth"]
            if step["status"] in truth and not step["text"].startswith("FROM ")
        }
        assert list(shown.values()) == [recorded[key] for key in shown] or len(recorded) != len(shown)


def test_no_verdict_that_commits_itself_is_wrong_and_the_rest_is_guessed_well(replayed: list[Replayed]) -> None:
    score = Score()
    for build in later(replayed):
        score.add(judge(build.foreseen, build.built.state))
    print(score)
    assert score.builds == 40
    assert score.wrong == 0, score
    assert score.share("depends") <= 0.06, score
    assert score.share("unknown", "nothing") == 0, score
    assert score.guessed / score.steps >= 0.98, score
    assert score.right / score.builds >= 0.92, score


def test_every_root_miss_names_exactly_what_the_edit_changed(replayed: list[Replayed]) -> None:
    for build in later(replayed):
        said = {
            f"{step.stage} {step.index}": [(cause.kind, cause.path) for cause in step.causes]
            for step in build.foreseen.steps if step.root
        }
        assert said == ROOT_CAUSES.get((build.sample, build.step["step"]), {}), (build.sample, build.step["edit"])


def test_what_follows_names_the_step_that_breaks(replayed: list[Replayed]) -> None:
    for build in later(replayed):
        stages = [step.stage for step in build.foreseen.steps]
        roots = {step_words(shown_stage(step.stage, stages), step.index) for step in build.foreseen.steps if step.root}
        for step in build.foreseen.steps:
            if step.word == "miss" and not step.root:
                assert [cause.kind for cause in step.causes] == ["parent-missed"]
                assert step.causes[0].detail in roots


def test_a_step_that_will_not_miss_has_no_cause(replayed: list[Replayed]) -> None:
    assert all(not step.causes for build in replayed for step in build.foreseen.steps if step.word != "miss")


def test_a_forecast_takes_a_few_milliseconds(replayed: list[Replayed]) -> None:
    # A time limit of a test must hold on a busy machine, too; the benchmark table has the real figures.
    assert median(build.seconds for build in replayed) < 0.15
