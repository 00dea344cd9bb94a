"""What passes between the caller and the part that runs as root arrives as it was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import BusyError, DevboxError, EngineError, ExhaustedError
from devbox.core.events import Event, Note, OperationChanged, ServiceLog, Waiting
from devbox.core.plan import Operation
from devbox.engine.private.request import Done, Request, decode_news, decode_request, encode_news

words = st.text(st.characters(codec="utf-8"))
events = st.one_of(
    st.builds(Note, words, st.sampled_from(["info", "warn"])),
    st.builds(Waiting, words, st.floats(0, 1e6)),
    st.builds(
        OperationChanged, st.builds(Operation, words, words, words), st.sampled_from(["started", "done", "failed"]),
        st.none() | st.floats(0, 1e6), st.none() | words,
    ),
)


@given(events)
def test_events_arrive_on_one_line(event: Event) -> None:
    line = encode_news(event)
    assert "\n" not in line
    assert decode_news(line) == event


@pytest.mark.parametrize("kind", [EngineError, BusyError, ExhaustedError, DevboxError])
def test_errors_arrive_with_their_type_and_words(kind: type[DevboxError]) -> None:
    news = decode_news(encode_news(kind("what", detail="a\nb", hint="`do`")))
    assert type(news) is kind
    assert (news.summary, news.detail, news.hint) == ("what", "a\nb", "`do`")


def test_the_outcome_arrives() -> None:
    assert decode_news(encode_news(Done())) == Done()


def test_events_of_projects_are_no_news_of_the_root_side() -> None:
    with pytest.raises(TypeError):
        encode_news(ServiceLog("box", b"line"))


@given(st.one_of(words, st.sampled_from(["{}", "[]", '{"news": "note"}', '{"news": 1}', '{"news": {}}', "null", "1"])))
def test_an_unreadable_line_is_an_error_not_a_crash(line: str) -> None:
    assert isinstance(decode_news(line), EngineError)


def test_a_request_arrives() -> None:
    request = Request(
        "start", "/var/lib/x", "/run/x", 1000, 1001, install=("docker.io",), optional=("docker-cli",),
        plugins=("docker-buildx",), suite="bookworm", proxies=(("http_proxy", "http://a b"),), timeout=1.5,
    )
    assert decode_request(request.encode()) == request
