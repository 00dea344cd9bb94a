"""Settings: what is missing, what is shown to others, what compose would leave empty. Names only."""

from __future__ import annotations

import pytest

from devbox.core.facts import Origin
from devbox.core.project import Service
from devbox.core.settings_checks import DotenvFile, DotenvName, Settings, Use, judge

EXAMPLE = DotenvFile(".env.example", (DotenvName("A", 1, empty=False), DotenvName("B", 2, empty=True)))


def dotenv(*names: str, empty: tuple[str, ...] = (), **fields: bool) -> DotenvFile:
    found = tuple(DotenvName(name, number, name in empty, secret="TOKEN" in name) for number, name in enumerate(names))
    return DotenvFile(".env", found, **fields)  # type: ignore[arg-type]


def ids(settings: Settings, env: set[str] | None = None, *services: Service, tracked: bool | None = False) -> list[str]:
    return [one.id for one in judge(settings, env or set(), services, tracked).findings]


def test_nothing_to_compare_is_no_finding() -> None:
    judged = judge(Settings(), (), (), False)
    assert judged.findings == ()
    assert all(check.reason is None for check in judged.checks)


def test_a_name_may_be_in_the_file_or_in_the_environment() -> None:
    assert ids(Settings(EXAMPLE, dotenv("A", "B"))) == []
    assert ids(Settings(EXAMPLE, dotenv("A")), {"B"}) == []
    assert ids(Settings(EXAMPLE, None), {"A", "B"}) == []
    assert ids(Settings(EXAMPLE, dotenv("A"))) == ["env.example.B"]
    assert ids(Settings(EXAMPLE, None)) == ["env.example"]


def test_extra_and_empty_names_are_notes() -> None:
    judged = judge(Settings(EXAMPLE, dotenv("A", "B", "C", empty=("A", "B"))), (), (), False)
    assert [(one.id, one.severity) for one in judged.findings] == [
        ("env.example.extra", "info"), ("env.example.empty", "info"),
    ]  # fmt: skip


def test_a_file_that_was_refused_is_unknown() -> None:
    checks = {one.id: one.reason for one in judge(Settings(refused=".env is a FIFO"), (), (), False).checks}
    assert checks["env.example"] == ".env is a FIFO"


@pytest.mark.parametrize(
    ("actual", "tracked", "found"),
    [
        (dotenv("A"), True, ["env.exposed.tracked"]),
        (dotenv("A", readable_by_others=True), False, []),
        (dotenv("API_TOKEN", readable_by_others=True), False, ["env.exposed.mode"]),
        (dotenv("API_TOKEN", empty=("API_TOKEN",), readable_by_others=True), False, []),
        (None, True, []),
    ],
)
def test_who_else_gets_the_file(actual: DotenvFile | None, tracked: bool, found: list[str]) -> None:
    assert ids(Settings(actual=actual), tracked=tracked) == found


def test_whether_git_tracks_it_may_be_unknown() -> None:
    checks = {one.id: one.reason for one in judge(Settings(actual=dotenv("A")), (), (), None).checks}
    assert checks["env.exposed"]


def use(name: str, fallback: str = "empty", **fields: object) -> Use:
    return Use(name, 3, fallback, path="compose.yaml", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "uses"),
    [
        (["env.interpolation.X"], (use("X"), use("X"))),
        (["env.interpolation.X"], (use("X", "error"),)),
        ([], (use("X", "default"),)),
        ([], (use("X", "optional"),)),
        ([], (use("A"), use("SET"), use("COMPOSE_PROJECT_NAME"))),
        ([], (use("X", unless=("SET",)),)),
        (["env.interpolation.X"], (use("X", unless=("UNSET",)),)),
        (["env.interpolation.E"], (use("E", "error", empty_counts=True),)),
        ([], (use("E", "error"),)),
    ],
)
def test_a_compose_variable_must_come_from_somewhere(found: list[str], uses: tuple[Use, ...]) -> None:
    assert ids(Settings(actual=dotenv("A", "E", empty=("E",)), uses=uses), {"SET"}) == found


def test_what_compose_insists_on_is_an_error_and_what_stays_empty_a_warning() -> None:
    judged = judge(Settings(uses=(use("X"), use("Y", "error"))), (), (), False)
    assert [one.severity for one in judged.findings] == ["warn", "error"]
    assert str(judged.findings[0].origin) == "compose.yaml:3"


def test_what_the_example_names_is_told_once() -> None:
    assert ids(Settings(EXAMPLE, None, uses=(use("A"),))) == ["env.example"]


def test_settings_that_look_like_secrets_are_named_without_their_values() -> None:
    service = Service("db", "sidecar", env=(("POSTGRES_PASSWORD", "hunter2"), ("PORT", "1"), ("EMPTY_TOKEN", "")),
                      origins=(("env", Origin("devbox.toml", 7)),))  # fmt: skip
    (finding,) = judge(Settings(), (), (service,), False).findings
    assert (finding.id, finding.severity, str(finding.origin)) == ("env.secrets.db", "info", "devbox.toml:7")
    assert "POSTGRES_PASSWORD" in finding.message
    assert "hunter2" not in str(finding)
    assert "EMPTY_TOKEN" not in finding.message
