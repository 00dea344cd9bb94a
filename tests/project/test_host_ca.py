"""`host_ca` in builds: every RUN sees the host's bundle, lines map to the user's file, the image keeps nothing."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.host_ca import TARGET, Rewritten, with_bundle

MOUNT = f"--mount=type=secret,id=ca,target={TARGET},mode=0444"


def rewrite(text: str) -> Rewritten:
    dockerfile = parse_dockerfile(text.encode("utf-8", "surrogateescape"), "Dockerfile")
    return with_bundle(text, dockerfile, mount=MOUNT, path=TARGET, variables=("SSL_CERT_FILE", "PIP_CERT"))


def shape(text: str) -> list[str]:
    """The rewritten lines, our own parts abbreviated."""
    settings = f"ARG SSL_CERT_FILE={TARGET} PIP_CERT={TARGET}"
    return [line.replace(MOUNT, "<CA>").replace(settings, "<ARG>") for line in rewrite(text).text.split("\n")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN x", ["FROM a", "<ARG>", "RUN <CA> x"]),
        ("FROM a\nrun   x", ["FROM a", "<ARG>", "run <CA>   x"]),
        ('FROM a\n  RUN ["x", "y"]', ["FROM a", "<ARG>", '  RUN <CA> ["x", "y"]']),
        ("FROM a\nRUN --network=none x", ["FROM a", "<ARG>", "RUN <CA> --network=none x"]),
        ("FROM a\nRUN \\\n  x \\\n  y", ["FROM a", "<ARG>", "RUN <CA> \\", "  x \\", "  y"]),
        ("FROM a\nRUN\\\n  x", ["FROM a", "<ARG>", "RUN <CA>\\", "  x"]),
        ("FROM a\nRU\\\nN x \\\n y\nUSER z", ["FROM a", "<ARG>", "RUN <CA> x  y", "", "", "USER z"]),
        ("# escape=`\nFROM a\nRUN`\n x", ["# escape=`", "FROM a", "<ARG>", "RUN <CA>`", " x"]),
        ("FROM a\nRUN <<E\nRUN x\nE", ["FROM a", "<ARG>", "RUN <CA> <<E", "RUN x", "E"]),
        ("FROM \\\n a AS b\nRUN x", ["FROM \\", " a AS b", "<ARG>", "RUN <CA> x"]),
        ("FROM a\nONBUILD RUN x\nCMD RUN y", ["FROM a", "ONBUILD RUN x", "CMD RUN y"]),
        ("FROM a\nFROM b\nRUN x\nRUN y", ["FROM a", "FROM b", "<ARG>", "RUN <CA> x", "RUN <CA> y"]),
        ("FROM a\nCOPY <<E /x\nRUN no\nE\nRUN yes", [
            "FROM a", "<ARG>", "COPY <<E /x", "RUN no", "E", "RUN <CA> yes",
        ]),
    ],
)
def test_each_stage_that_runs_gets_variables_and_each_run_a_mount(text: str, expected: list[str]) -> None:
    assert shape(text) == expected


def test_lines_of_windows_stay_lines_of_windows() -> None:
    assert all(line.endswith("\r") for line in rewrite("FROM a\r\nRUN x\r\n").text.split("\n")[:-1])


def test_bytes_that_are_no_text_survive() -> None:
    text = b"FROM a\nRUN echo '\xff\xfe' \xe2\x82\xac\n".decode("utf-8", "surrogateescape")
    assert b"echo '\xff\xfe' \xe2\x82\xac" in rewrite(text).text.encode("utf-8", "surrogateescape")


def test_lines_map_back_to_the_projects_file() -> None:
    rewritten = rewrite("FROM a\nRUN x\nFROM b\nRU\\\nN y\nRUN z\n")
    lines = rewritten.text.split("\n")
    assert [lines[line - 1].split()[0] for line in rewritten.added] == ["ARG", "ARG"]
    places = {line[-1]: rewritten.original_line(number) for number, line in enumerate(lines, 1) if line}
    assert (places["x"], places["b"], places["y"], places["z"]) == (2, 3, 4, 6)
    assert rewritten.original_line(2) == 1, "an added line belongs to its FROM"


PIECES = ["FROM a", "FROM b AS c", "RUN x", "RUN y \\", "  z", "run <<E", "E", "# n", "", "COPY a b", "ENV A=\\"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_only_run_gains_a_flag_and_nothing_else_changes(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        before = parse_dockerfile(text.encode(), "Dockerfile")
    except ConfigError:
        return
    rewritten = rewrite(text)
    after = parse_dockerfile(rewritten.text.encode(), "Dockerfile")
    assert rewritten.text.count("\n") == text.count("\n") + len(rewritten.added)
    assert [stage.base for stage in after.stages] == [stage.base for stage in before.stages]
    for old, new in zip(before.stages, after.stages, strict=True):
        kept = [each for each in new.instructions if each.line not in rewritten.added]
        assert [(each.keyword, each.arguments, each.heredocs) for each in kept] == [
            (each.keyword, each.arguments, each.heredocs) for each in old.instructions
        ]
        for was, now in zip(old.instructions, kept, strict=True):
            assert now.flags == ((MOUNT, *was.flags) if was.keyword == "RUN" else was.flags)
            assert rewritten.original_line(now.line) == was.line


@pytest.mark.engine
def test_run_steps_read_the_bundle_and_the_image_keeps_nothing_of_it(
    buildx_env: dict[str, str], base_image: str, unique_name: Callable[[str], str], tmp_path: Path
) -> None:
    tag = unique_name("host-ca")
    text = (
        f"FROM {base_image}\n"
        f'RUN test "$SSL_CERT_FILE" = {TARGET} && grep -q MARK-{tag} "$PIP_CERT"\n'
        "USER nobody\n"
        f'RUN ["grep", "-q", "MARK-{tag}", "{TARGET}"]\n'
    )
    (tmp_path / "context").mkdir()
    (tmp_path / "Dockerfile").write_text(rewrite(text).text)
    (tmp_path / "bundle").write_text(f"MARK-{tag}\n")

    def docker(*arguments: str) -> str:
        result = subprocess.run(
            ["docker", *arguments], env=buildx_env, capture_output=True, text=True, timeout=120, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    docker(
        "buildx", "build", "--load", "-t", tag, "--secret", f"id=ca,src={tmp_path / 'bundle'}",
        "-f", str(tmp_path / "Dockerfile"), str(tmp_path / "context"),
    )
    try:
        (image,) = json.loads(docker("image", "inspect", tag))
        (base,) = json.loads(docker("image", "inspect", base_image))
        assert TARGET not in json.dumps(image["Config"])
        assert image["Size"] == base["Size"], "nothing was stored"
        container = docker("create", tag, "true").strip()
        try:
            argv = ["docker", "export", container]
            with (
                subprocess.Popen(argv, env=buildx_env, stdout=subprocess.PIPE) as export,
                tarfile.open(fileobj=export.stdout, mode="r|") as archive,
            ):
                names = [member.name for member in archive]
            assert "etc/passwd" in names
            assert [name for name in names if "devbox-host-ca" in name] == [], "no mount point was left"
        finally:
            docker("rm", "-f", container)
    finally:
        docker("image", "rm", "-f", tag)
