"""Which edits of a Dockerfile change which step's key (spec/buildkit.md 4.2; E-numbers are its experiments)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.build import StepKey
from devbox.core.buildplan import BaseImage, BuildPlan, EngineRules
from devbox.core.errors import ConfigError
from devbox.project.build_plan import build_plan
from devbox.project.build_stage import PlanOptions
from devbox.project.dockerfile import parse_dockerfile

IMAGES = {
    "base": BaseImage(("l1",)), "same": BaseImage(("l1",)), "other": BaseImage(("l2",)),
    "config": BaseImage(("l1",), env=("FROM_BASE=1",), workdir="/w", user="me", shell=("/bin/bash", "-c")),
    "triggers": BaseImage(("l1",), onbuild=("COPY a /a", "ARG X=1", "RUN triggered")),
}


def plan(text: str, options: PlanOptions | None = None, **args: str) -> BuildPlan:
    given_options = replace(options or PlanOptions(), args={**(options.args if options else {}), **args})
    return build_plan(parse_dockerfile(text.encode(), "Dockerfile"), IMAGES.get, given_options)


def ops(text: str, options: PlanOptions | None = None, **args: str) -> list[str]:
    """The keys of all steps that are no base."""
    return [vertex.op for vertex in plan(text, options, **args).vertices if vertex.kind != "base"]


SAME = [  # E-number or section, one text, another of the same keys
    ("4.2", "FROM base\nRUN x", "# comment\nFROM base\n\n# more\nRUN x"),
    ("4.2", "FROM base\nRUN x", "from base\nrun   x   "),
    ("4.2", "FROM base\nRUN x", "FROM base\r\nRUN x\r\n"),
    ("4.2", "FROM base\nRUN a && \\\n  b", "FROM base\nRUN a && \\\n# why\n  b"),
    ("E209", "FROM base\nRUN x", 'FROM base\nRUN ["/bin/sh", "-c", "x"]'),
    ("4.2", "FROM base AS a\nRUN x", "FROM base AS b\nRUN x"),
    ("E211", "FROM base\nCOPY a /a", "FROM base\nENV X=1\nARG Y=2\nUSER me\nSHELL [\"/bin/bash\"]\nCOPY a /a"),
    ("E214", "FROM base\nENV A=1 B=2\nRUN x", "FROM base\nENV A=1\nENV B=2\nRUN x"),
    ("E214", "FROM base\nENV A=1\nRUN x", "FROM base\nENV A 1\nRUN x"),
    ("E220", "FROM base\nRUN x", "FROM base\nARG NAME\nRUN x"),
    ("E223", "FROM base\nRUN x", "FROM base\nRUN x\nARG LATE=1"),
    ("E225", "FROM base\nRUN x", "ARG EARLY=1\nFROM base\nRUN x"),
    ("E228", "FROM base\nARG A=1\nRUN x", "FROM base\nENV A=1\nRUN x"),
    ("4.2", "FROM base\nRUN x", "FROM base\nLABEL a=1\nEXPOSE 80\nVOLUME /v\nCMD x\nENTRYPOINT y\nRUN x"),
    ("4.2", "FROM base\nRUN x", "FROM base\nONBUILD RUN y\nHEALTHCHECK CMD x\nSTOPSIGNAL TERM\nMAINTAINER m\nRUN x"),
    ("E134", "FROM base\nCOPY f /f", "FROM base\nCOPY x/f /f"),
    ("4.2", "FROM base\nCOPY f /f", 'FROM base\nCOPY ["f", "/f"]'),
    ("4.2", "FROM base\nCOPY f /f", "FROM base\nWORKDIR /\nCOPY f f"),
    ("4.2", "FROM base\nCOPY f /f", "FROM base\nCOPY f //f"),
    ("4.2", "FROM base\nCOPY --chmod=755 f /f", "FROM base\nCOPY --chmod=0755 f /f"),
    ("4.2", "FROM base\nCOPY --chown=root f /f", "FROM base\nCOPY --chown=0 f /f"),
    ("4.2", "FROM base\nCOPY <<E /f\nx\nE", "FROM base\nADD <<E /f\nx\nE"),
    ("E270", "FROM base\nRUN <<EOF\nx\nEOF", "FROM base\nRUN <<END\nx\nEND"),
    ("E272", "FROM base\nRUN <<EOF\nx\nEOF", "FROM base\nRUN <<-EOF\nx\nEOF"),
    ("E293", "FROM base\nRUN --mount=type=cache,target=/c x", "FROM base\nRUN --mount=type=cache,target=/c,id=/c x"),
    ("E294", "FROM base\nRUN --mount=type=cache,target=/c,id=a x",
     "FROM base\nRUN --mount=type=cache,target=/c,id=b,sharing=locked x"),
    ("E300", "FROM base\nRUN --mount=type=secret,id=s x",
     "FROM base\nRUN --mount=type=secret,id=s,required=false,target=/run/secrets/s,mode=0400 x"),
    ("E309", "FROM base\nRUN --mount=source=a,target=/m x", "FROM base\nRUN --mount=type=bind,source=b/c,target=/m x"),
    ("E420", "FROM base\nRUN x", "FROM same\nRUN x"),
]
DIFFERENT = [  # E-number or section, one text, another whose last key differs
    ("E205", "FROM base\nRUN a && \\\n  b", "FROM base\nRUN a && \\\n    b"),
    ("E206", "FROM base\nRUN a && \\\n  b", "FROM base\nRUN a && b"),
    ("E213", "FROM base\nENV A=1 B=2\nRUN x", "FROM base\nENV B=2 A=1\nRUN x"),
    ("E221", "FROM base\nRUN x", "FROM base\nARG A=1\nRUN x"),
    ("E232", "FROM base\nRUN x", "FROM base\nARG TARGETPLATFORM\nRUN x"),
    ("E246", "FROM base\nWORKDIR /a/b", "FROM base\nWORKDIR /a\nWORKDIR c"),
    ("E248", "FROM base\nRUN x", "FROM base\nUSER root\nRUN x"),
    ("4.2", "FROM base\nRUN x", "FROM base\nWORKDIR /w\nRUN x"),
    ("4.2", "FROM base\nRUN x", 'FROM base\nSHELL ["/bin/bash", "-c"]\nRUN x'),
    ("4.2", "FROM base\nRUN x", "FROM base\nRUN --network=none x"),
    ("E131", "FROM base\nCOPY f /f", "FROM base\nCOPY g /f"),
    ("4.2", "FROM base\nCOPY f /o", "FROM base\nCOPY f /o/"),
    ("4.2", "FROM base\nCOPY a b /o/", "FROM base\nCOPY b a /o/"),
    ("4.2", "FROM base\nCOPY f /f", "FROM base\nADD f /f"),
    ("E157", "FROM base\nCOPY *.py /o/", "FROM base\nCOPY a.py b.py /o/"),
    ("4.2", "FROM base\nCOPY f /f", "FROM base\nCOPY --chown=1 f /f"),
    ("4.2", "FROM base\nCOPY f /f", "FROM base\nCOPY --chmod=700 f /f"),
    ("E271", "FROM base\nRUN <<EOF\nx\nEOF", "FROM base\nRUN <<EOF\n# note\nx\nEOF"),
    ("4.2", "FROM base\nCOPY <<E /f\nx\nE", "FROM base\nCOPY <<E /f\ny\nE"),
    ("4.2", "FROM base\nENV A=1\nCOPY <<E /f\n$A\nE", "FROM base\nENV A=2\nCOPY <<E /f\n$A\nE"),
    ("E296", "FROM base\nRUN --mount=type=cache,target=/c x", "FROM base\nRUN --mount=type=cache,target=/c,id=a x"),
    ("4.2", "FROM base\nRUN --mount=type=cache,target=/c x", "FROM base\nRUN --mount=type=cache,target=/d x"),
    ("4.2", "FROM base\nRUN --mount=type=tmpfs,target=/c x", "FROM base\nRUN --mount=type=tmpfs,target=/c,size=1 x"),
    ("E299", "FROM base\nRUN --mount=type=secret,id=a x", "FROM base\nRUN --mount=type=secret,id=b x"),
    ("E301", "FROM base\nRUN --mount=type=secret,id=a x", "FROM base\nRUN --mount=type=secret,id=a,required x"),
    ("4.2", "FROM base\nRUN --mount=target=/m x", "FROM base\nRUN --mount=target=/m,rw x"),
    ("E422", "FROM base\nRUN x", "FROM config\nRUN x"),
]


@pytest.mark.parametrize(("number", "one", "other"), SAME)
def test_edits_that_change_no_key(number: str, one: str, other: str) -> None:
    assert ops(one)[-1] == ops(other)[-1] if "RUN --" in one else ops(one) == ops(other)


@pytest.mark.parametrize(("number", "one", "other"), DIFFERENT)
def test_edits_that_change_the_key_of_the_step(number: str, one: str, other: str) -> None:
    assert ops(one)[-1] != ops(other)[-1]


@pytest.mark.parametrize(("text", "one", "other", "same"), [
    ("FROM base\nARG A=1\nRUN x", {"A": "1"}, {}, True),  # E227
    ("FROM base\nARG A=1\nRUN x", {"A": "2"}, {}, False),  # E222
    ("FROM base\nRUN x", {"NOT_DECLARED": "1"}, {}, True),
    ("FROM base\nRUN x", {"HTTP_PROXY": "http://p"}, {}, True),  # E230
    ("FROM base\nARG HTTP_PROXY\nRUN x", {"HTTP_PROXY": "http://p"}, {}, False),  # E231
    ("ARG A=1\nFROM base\nRUN x", {"A": "2"}, {}, True),  # E225
    ("ARG A=1\nFROM base\nARG A\nRUN x", {"A": "2"}, {}, False),  # E226
    ("ARG B=base\nFROM $B\nRUN x", {"B": "other"}, {}, False),
    ("FROM base\nRUN x", {"SOURCE_DATE_EPOCH": "1"}, {}, True),  # E318
])
def test_build_arguments_count_where_they_are_declared(
    text: str, one: Mapping[str, str], other: Mapping[str, str], same: bool
) -> None:
    def keys(args: Mapping[str, str]) -> list[str]:
        return [vertex.op for vertex in plan(text, PlanOptions(args=args)).vertices]

    assert (keys(one) == keys(other)) is same


def test_a_cache_id_always_counts_on_engine_20() -> None:
    old = PlanOptions(rules=EngineRules(cache_ids=True))
    texts = [f"FROM base\nRUN --mount=type=cache,target=/c{id} x" for id in ("", ",id=a", ",id=b")]
    assert len({ops(text, old)[-1] for text in texts}) == 3
    assert len({ops(text)[-1] for text in texts}) == 2


def test_what_engine_20_can_not_read_is_unknown_there() -> None:
    old = PlanOptions(rules=EngineRules(heredocs=False))
    for text in ("FROM base\nRUN <<E\nx\nE", "FROM base\nCOPY --link f /f"):
        assert plan(text, old).unknown
        assert not plan(text).unknown
    assert not plan("FROM base\nCOPY f /f", old).unknown


def test_numbers_are_those_of_buildkit() -> None:
    found = plan("FROM base AS a\nWORKDIR /\nRUN x\nENV A=1\nCOPY f /f\nFROM a AS b\nRUN y\nFROM scratch\nCOPY f /f\n")
    only = plan("FROM base AS a\nWORKDIR /\nRUN x\nFROM a\nRUN y", PlanOptions(target="1"))
    assert [(vertex.key, vertex.of) for vertex in only.vertices] == [
        (StepKey("a", 1), 3), (StepKey("a", 2), 3), (StepKey("1", 1), 1),
    ]
    assert [vertex.key for vertex in found.vertices] == [StepKey("2", 1)]


def test_only_what_the_target_needs_is_read() -> None:  # E285, E413
    text = "FROM missing AS unused\nRUN x\nFROM base AS wanted\nRUN y\nFROM wanted\nCOPY --from=unused /a /a"
    wanted = plan(text, PlanOptions(target="wanted")).vertices
    assert [vertex.text for vertex in wanted] == ["FROM base AS wanted", "RUN y"]
    assert len(plan(text).vertices) == 5


def test_a_chain_that_is_split_into_stages_keeps_its_keys() -> None:  # E284
    assert ops("FROM base\nENV A=1\nRUN x\nRUN y") == ops("FROM base AS a\nENV A=1\nRUN x\nFROM a\nRUN y")


def test_triggers_of_the_base_come_first_and_are_not_counted() -> None:
    found = plan("FROM triggers\nRUN x")
    assert [(vertex.text, vertex.of) for vertex in found.vertices] == [
        ("FROM triggers", 2), ("COPY a /a", 2), ("RUN triggered", 2), ("RUN x", 2),
    ]
    assert found.vertices[-1].parts["env"] == ["X=1"]


def test_equal_steps_of_two_stages_are_one() -> None:
    text = "FROM base AS a\nRUN x\nFROM base AS b\nRUN x\nCOPY --from=a /f /f"
    twins = [vertex for vertex in plan(text).vertices if vertex.twin is not None]
    assert [vertex.text for vertex in twins] == ["FROM base AS b", "RUN x"] or len(twins) == 2


def test_the_base_configuration_acts_through_later_steps() -> None:
    parts = plan("FROM config\nRUN x").vertices[-1].parts
    assert (parts["env"], parts["workdir"], parts["user"], parts["run"]) == (
        ["FROM_BASE=1"], "/w", "me", ["/bin/bash", "-c", "x"],
    )


def test_a_link_is_two_halves_with_the_containerd_store_and_one_step_else() -> None:  # E903
    text = "FROM base\nRUN x\nCOPY --link f /f\nRUN y"
    two = plan(text, PlanOptions(rules=EngineRules(links=True))).vertices
    assert [(vertex.half, vertex.merges) for vertex in two[2:4]] == [(True, False), (False, True)]
    assert two[2].root is None
    assert (two[2].key, two[3].key) == (StepKey("0", 3), StepKey("0", 3))
    assert len(plan(text).vertices) == 4
    assert ops(text)[1] == ops(text.replace("--link ", ""))[1]
    with_mode = PlanOptions(rules=EngineRules(links=True))
    assert len(plan("FROM base\nCOPY --link --chmod=755 f /f", with_mode).vertices) == 2


def test_a_secret_makes_the_root_count_by_content_where_the_engine_does() -> None:  # E1101
    text = "FROM base\nRUN --mount=type=secret,id=s x"
    assert plan(text, PlanOptions(rules=EngineRules(secret_roots=True))).vertices[-1].inputs[0].content
    assert not plan(text).vertices[-1].inputs[0].content


def test_no_cache_spares_a_working_directory_and_can_name_stages() -> None:  # E901
    text = "FROM base AS a\nWORKDIR /w\nRUN x\nFROM a AS b\nCOPY f /f"
    assert [vertex.no_cache for vertex in plan(text, PlanOptions(no_cache=True)).vertices] == [False, False, True, True]
    only = plan(text, PlanOptions(no_cache_filter=("b",)))
    assert [vertex.no_cache for vertex in only.vertices] == [False, False, False, True]


def test_an_image_that_is_not_here_makes_its_stage_unknown_and_no_other() -> None:
    found = plan("FROM missing AS a\nRUN x\nFROM base\nRUN y\nCOPY --from=a /f /f")
    assert [bool(vertex.unknown) for vertex in found.vertices] == [False, False, True, True, False]


def test_a_remote_source_is_unknown() -> None:
    assert plan("FROM base\nADD https://example.org/f /f").vertices[-1].unknown
    assert plan("FROM base\nADD https://example.org/r.git#v1 /r").vertices[-1].unknown


def test_another_frontend_is_unknown_as_a_whole() -> None:
    assert plan("# syntax=docker/dockerfile:1\nFROM base\nRUN x").unknown


@pytest.mark.parametrize("text", [
    "FROM base\nRUN --mount=type=bind,from=nowhere x", "FROM base\nCOPY a", "FROM base\nENV", "FROM base\nCOPY",
    "FROM base\nENV A=${B:?no}\nRUN x", "FROM base\nWORKDIR ${", "FROM base\nADD", "FROM base\nARG =",
])
def test_what_buildkit_refuses_is_an_error_with_its_line_or_left_to_it(text: str) -> None:
    with suppress(ConfigError):
        plan(text)


def test_an_unknown_target_names_the_stages_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no stage nope; there are a, b"):
        plan("FROM base AS a\nFROM base AS b", PlanOptions(target="nope"))


def test_two_hundred_steps_are_planned_at_once() -> None:
    text = "FROM base\n" + "".join(f"RUN echo {number}\nCOPY f{number} /f/\n" for number in range(100))
    assert len(plan(text).vertices) == 201


WORDS = st.sampled_from(
    ("RUN x", "COPY a /a", "COPY <<E /d\n$A\nE", "ENV A=1", "ARG B", "ARG B=2", "WORKDIR w", "USER u", "LABEL l=1",
     "SHELL [\"/bin/sh\"]", "FROM base", "FROM base AS a", "FROM a", "COPY --from=a /x /y", "ADD *.tar /", "# note", "",
     "RUN --mount=type=cache,target=/c y", "ONBUILD RUN z", "CMD [\"x\"]", "WORKDIR /", "COPY --link a b /c/")
)


@given(st.lists(WORDS, max_size=14))
def test_any_dockerfile_is_planned_or_refused(lines: list[str]) -> None:
    try:
        found = plan("\n".join(["FROM base AS z", *lines]))
    except ConfigError:
        return
    for number, vertex in enumerate(found.vertices):
        assert all(one.vertex is None or one.vertex < number for one in vertex.inputs)


@given(st.lists(WORDS, max_size=10))
def test_comments_and_blank_lines_change_nothing(lines: list[str]) -> None:
    documents = any("<<" in line for line in lines)
    text = "\n".join(["FROM base AS z", *lines])
    try:
        before = plan(text)
    except ConfigError:
        return
    after = plan(text if documents else text.replace("\n", "\n\n# a comment\n"))
    assert [vertex.op for vertex in before.vertices] == [vertex.op for vertex in after.vertices]
