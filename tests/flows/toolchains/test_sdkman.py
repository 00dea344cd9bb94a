"""Java and other candidates under SDKMAN: one file in the working directory, exact folders."""

from __future__ import annotations

from pathlib import Path

from tests.flows.toolchain_world import World


def world(tmp_path: Path, *javas: str) -> World:
    made = World(tmp_path)
    made.system("java", "11.0.1")
    (made.home / ".sdkman").mkdir()
    for version in javas:
        made.toolchain(f"home/.sdkman/candidates/java/{version}/bin", "java", version)
    return made


def test_each_candidate_is_a_tool(tmp_path: Path) -> None:
    made = world(tmp_path, "17.0.9-tem", "21.0.1-tem")
    made.program("home/.sdkman/candidates/maven/3.9.5/bin/mvn", "echo 'Apache Maven 3.9.5 (x)'")
    made.file("proj/.sdkmanrc", "java=17.0.9-tem\nmaven=3.9.5\njava=21.0.1-tem\ngradle=8.5\n")
    rows = made.rows("sdkman")
    java, maven, gradle = rows["java"], rows["maven"], rows["gradle"]
    assert [(pin.line, pin.raw) for pin in java.declared] == [(3, "21.0.1-tem")]
    assert (java.resolved, java.host_runs, java.satisfied) == ("21.0.1-tem", "21.0.1-tem", True)
    assert (maven.resolved, maven.host_runs, maven.satisfied) == ("3.9.5", "3.9.5", True)
    assert (gradle.resolved, gradle.error, gradle.satisfied) == (None, "missing", False)


def test_the_file_of_a_parent_does_not_count(tmp_path: Path) -> None:
    made = world(tmp_path, "17.0.9-tem")
    made.cwd = "proj/deep"
    made.file("proj/.sdkmanrc", "java=17.0.9-tem\n")
    assert made.rows("sdkman") == {}


def test_a_bad_line_fails_the_whole_file_and_hides_what_follows(tmp_path: Path) -> None:
    made = world(tmp_path, "17.0.9-tem")
    made.file("proj/.sdkmanrc", "java=17.0.9-tem\nOops\nmaven=3.9.5\n")
    rows = made.rows("sdkman")
    assert (rows["java"].resolved, rows["java"].error, rows["java"].satisfied) == ("17.0.9-tem", "malformed", False)
    assert (rows["maven"].declared, rows["maven"].error) == ((), "malformed")
    made.file("proj/.sdkmanrc", "\ufeffjava=17.0.9-tem\n")
    row = made.rows("sdkman")["java"]
    assert (row.declared, row.resolved, row.error, row.satisfied) == ((), None, "malformed", False)


def test_names_never_leave_the_folder_of_candidates(tmp_path: Path) -> None:
    made = world(tmp_path, "17.0.9-tem")
    for text in ("java=../java/17.0.9-tem", "java=..", "java=17.0.9-tem/bin"):
        made.file("proj/.sdkmanrc", text)
        assert made.rows("sdkman")["java"].error == "missing"


def test_a_shell_with_the_default_runs_that_until_sdk_env(tmp_path: Path) -> None:
    made = world(tmp_path, "17.0.9-tem", "21.0.1-tem")
    made.link("home/.sdkman/candidates/java/current", "17.0.9-tem")
    made.path.append("${ROOT}/home/.sdkman/candidates/java/current/bin")
    assert made.rows("sdkman")["java"].resolved == "17.0.9-tem"
    made.file("proj/.sdkmanrc", "java=21.0.1-tem\n")
    row = made.rows("sdkman")["java"]
    assert (row.resolved, row.host_runs, row.satisfied) == ("21.0.1-tem", "17.0.9-tem", False)
    made.file("home/.sdkman/etc/config", "sdkman_auto_env=true\n")
    row = made.rows("sdkman")["java"]
    assert (row.host_runs, row.satisfied) == ("21.0.1-tem", True)


def test_without_sdkman_its_file_is_still_a_pin(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.system("java", "17.0.9")
    made.file("proj/.sdkmanrc", "java=17.0.9-tem\n")
    assert made.rows("sdkman")["java"].satisfied is True
    made.file("proj/.sdkmanrc", "java=21.0.1-tem\n")
    assert made.rows("sdkman")["java"].satisfied is False
