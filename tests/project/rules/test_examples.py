"""Lines that hadolint and BuildKit document, good and bad: a rule objects to the bad ones and to no good one."""

from __future__ import annotations

import pytest

from tests.project.rules.clean import ids, look

BAD = [
    ("DL3000", "WORKDIR usr/src/app"),
    ("DL3001", "RUN top"),
    ("DL3002", "USER root"),
    ("DL3003", "RUN cd /usr/src/app && git clone x"),
    ("DL3004", "RUN sudo apt-get install"),
    ("DL3009", "RUN apt-get update && apt-get install -y python"),
    ("DL3013", "RUN pip install django && pip3 install flask"),
    ("DL3013", "RUN python3 -m pip install --index-url https://x.example/simple django"),
    ("DL3013", "RUN uv pip install --system django"),
    ("DL3014", "RUN apt-get install python=2.7"),
    ("DL3015", "RUN apt-get install -y python=2.7"),
    ("DL3016", "RUN npm install express @scope/pkg"),
    ("DL3016", "RUN yarn global add serve@latest"),
    ("DL3018", "RUN apk --no-cache add foo"),
    ("DL3019", "RUN apk add foo=1"),
    ("DL3020", "ADD requirements.txt /usr/src/app/"),
    ("DL3021", "COPY package.json yarn.lock my_app"),
    ("DL3022", "COPY --from=build some stuff ./"),
    ("DL3025", "CMD my-service server"),
    ("DL3027", "RUN apt install -y curl=1.1"),
    ("DL3028", "RUN gem install bundler"),
    ("DL3030", "RUN yum install httpd-2.24.4"),
    ("DL3032", "RUN yum install -y httpd-2.24.4"),
    ("DL3033", "RUN yum install -y httpd && yum clean all"),
    ("DL3042", "RUN pip install MySQL_python==1.2"),
    ("DL3044", "ENV FOO=bar BAZ=${FOO}/bla"),
    ("DL3045", "COPY foo bar"),
    ("DL3046", "RUN useradd -u 123456 foobar"),
    ("DL3062", "RUN go install example.com/pkg"),
    ("DL3067", "COPY --from=other / /"),
    ("DL4000", "MAINTAINER Lukas <me@example>"),
    ("DL4003", 'CMD ["a"]\nCMD ["b"]'),
    ("DL4006", "RUN wget -O - https://some.site | wc -l > /number"),
    ("DL3011", "EXPOSE 80000"),
    ("DL3012", "HEALTHCHECK CMD a\nHEALTHCHECK CMD b"),
    ("DL3043", "ONBUILD MAINTAINER x"),
    ("DL3005", "RUN bash -c 'apt-get update && apt-get -y dist-upgrade'"),
    ("SecretsUsedInArgOrEnv", "ARG AWS_SECRET_ACCESS_KEY"),
    ("JSONArgsRecommended", "ENTRYPOINT my-program start"),
    ("LegacyKeyValueFormat", "LABEL version 1"),
    ("NoEmptyContinuation", "RUN a && \\\n\n b"),
    ("MultipleInstructionsDisallowed", 'ENTRYPOINT ["a"]\nENTRYPOINT ["b"]'),
]
GOOD = [
    ("DL3000", "WORKDIR /usr/src/app\nWORKDIR sub"),
    ("DL3003", "RUN (cd /x && true)"),
    ("DL3004", "RUN apt-get install sudo"),
    ("DL3009", "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y python"),
    ("DL3013", "RUN pip install django==1.9 -r requirements.txt . ./local git+https://x/y 'flask>=2' \"$PKG\""),
    ("DL3013", "RUN pip install -c constraints.txt django"),
    ("DL3013", "RUN pip install --upgrade pip setuptools"),
    ("DL3014", "RUN apt-get -y install python"),
    ("DL3014", "RUN apt-get install -yqq python"),
    ("DL3014", "RUN DEBIAN_FRONTEND=noninteractive apt-get install --yes python"),
    ("DL3016", "RUN npm install express@4.1.1 @scope/pkg@1 ./local https://x/y.tgz user/repo"),
    ("DL3016", "RUN npm ci --omit=dev && npm run build"),
    ("DL3018", "RUN apk add foo=1.0 bar~2"),
    ("DL3019", "RUN apk --no-cache add foo=1.0"),
    ("DL3020", "ADD app.tar.gz /usr/src/app/\nADD https://x/y /z"),
    ("DL3021", "COPY package.json yarn.lock my_app/"),
    ("DL3022", "COPY --from=nginx:1.27 /etc /etc"),
    ("DL3025", 'CMD ["my-service", "server"]'),
    ("DL3027", "RUN apt-get install -y curl=1.1 && apt-cache policy"),
    ("DL3030", "RUN yum install -y httpd-2.24.4"),
    ("DL3042", "ENV PIP_NO_CACHE_DIR=1\nRUN pip install x==1"),
    ("DL3042", "RUN --mount=type=cache,target=/root/.cache pip install x==1"),
    ("DL3044", "ENV FOO=bar\nENV BAZ=${FOO}/bla PATH=/x:$PATH"),
    ("DL3045", "COPY foo /bar\nWORKDIR /w\nCOPY foo bar"),
    ("DL3046", "RUN useradd -l -u 123456 foobar && useradd -u 1000 x"),
    ("DL4003", 'CMD ["a"]\nENTRYPOINT ["b"]'),
    ("DL4006", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN wget -O - https://x | wc -l'),
    ("DL4006", "RUN echo 'a | b' \"c | d\" && true || false"),
    ("DL3011", "EXPOSE 80 443/tcp 53/udp 8000-8010 $PORT"),
    ("SecretsUsedInArgOrEnv", "ENV PUBLIC_KEY=x TOKEN_FILE=/x AUTH_VERSION=2 PASSWORD=\nENV SECRET_KEY=/run/secrets/x"),
    ("JSONArgsRecommended", 'SHELL ["/bin/bash", "-c"]\nCMD exec my-program'),
    ("LegacyKeyValueFormat", 'LABEL version=1 "other"=2'),
    ("NoEmptyContinuation", "RUN a && \\\n # comment\n b"),
    ("UndefinedVar", "ARG FOO\nCOPY $FOO ./\nENV PATH=/x:$PATH"),
]


@pytest.mark.parametrize(("alias", "text"), BAD)
def test_what_they_call_wrong_is_found_by_that_name(alias: str, text: str) -> None:
    from devbox.core.check_list import BY_ALIAS

    found = ids(look(f"FROM debian:13 AS other\nFROM debian:13 AS final\n{text}\n"))
    assert BY_ALIAS[alias.lower()] in found


@pytest.mark.parametrize(("alias", "text"), GOOD)
def test_what_they_call_right_is_not(alias: str, text: str) -> None:
    from devbox.core.check_list import BY_ALIAS

    found = ids(look(f"FROM debian:13 AS other\nFROM debian:13 AS final\n{text}\n"))
    assert BY_ALIAS[alias.lower()] not in found


@pytest.mark.parametrize(
    ("base", "severities"),
    [
        ("python:3.12-slim", []),
        ("python:3-slim", ["info"]),
        ("node:22", []),
        ("node:lts", ["warn"]),
        ("nginx:stable", ["warn"]),
        ("alpine:edge", ["warn"]),
        ("ghcr.io/x/y:main", ["warn"]),
        ("ghcr.io/x/y:v1.2", []),
        ("debian:bookworm", []),
        ("ubuntu:24.04", []),
        ("nginx:stable@sha256:" + "b" * 64, []),
    ],
)
def test_moving_tags(base: str, severities: list[str]) -> None:
    found = [one.severity for one in look(f"FROM {base}\n") if one.check == "dockerfile.base.moving"]
    assert found == severities


@pytest.mark.parametrize(
    ("base", "old"),
    [
        ("python:3.9.18-slim", ["python 3.9"]), ("python:3.12-slim-buster", ["debian 10"]), ("python:3.13", []),
        ("docker.io/library/node:16", ["node 16"]), ("postgres:12-alpine3.18", ["postgres 12", "alpine 3.18"]),
        ("centos:8", None), ("golang:1.20", ["golang 1.20"]), ("mycompany/python:2.7", []), ("node:99", []),
        ("openjdk:17", None), ("eclipse-temurin:17", []), ("ubuntu:18.04", ["ubuntu 18.04"]), ("redis:8", []),
    ],
)  # fmt: skip
def test_what_gets_no_more_fixes(base: str, old: list[str] | None) -> None:
    found = [one.message for one in look(f"FROM {base}\n") if one.check == "images.eol"]
    if old is None:
        assert found
    else:
        assert [message.split(": ", 1)[1].split(" had")[0] for message in found] == old


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN curl -H 'Authorization: Bearer abcdef123456' x", "warn"),
        ("ENV X=AKIAIOSFODNN7EXAMPLE", "error"),
        ("RUN git clone https://user:${TOKEN}@x/y", None),
        ("RUN git clone https://user:secret1@x/y", "warn"),
        ('RUN x --password $PW && y --token="$T"', None),
        ("RUN x --password=hunter22", "warn"),
        ("COPY <<k /k\n-----BEGIN RSA PRIVATE KEY-----\nk", "error"),
        ("RUN curl -u me:letmein1 https://x", "warn"),
        ("RUN echo token", None),
    ],
)
def test_secrets_in_the_text_are_named_and_not_quoted(text: str, found: str | None) -> None:
    findings = [one for one in look(f"FROM debian:13\n{text}\n") if one.check == "dockerfile.secret.text"]
    assert [one.severity for one in findings] == ([found] if found else [])
    for one in findings:
        assert not any(
            word in f"{one.message}{one.hint}{one.actual}" for word in ("AKIA", "secret1", "hunter22", "letmein1")
        )


def test_a_stage_named_in_capitals_is_an_image_to_from_alone() -> None:
    text = "FROM scratch AS base\nFROM {}\nCOPY --from=BASE / /\n"
    assert [one.severity for one in look(text.format("BASE")) if one.check == "dockerfile.stage.case"] == ["error"]
    assert "dockerfile.stage.case" not in ids(look(text.format("base")))


def test_a_user_of_the_base_image_is_no_root() -> None:
    assert "dockerfile.user.root" not in ids(look("FROM gcr.io/distroless/python3:nonroot\n"))
    assert "dockerfile.user.root" not in ids(look("FROM scratch\nCOPY a /a\n"))
    assert "dockerfile.user.root" in ids(look("FROM debian:13 AS a\nUSER x\nFROM debian:13\n"))
    assert "dockerfile.user.root" not in ids(look("FROM debian:13 AS a\nUSER x\nFROM a\n"))
    assert "dockerfile.user.root" in ids(look("FROM debian:13\nARG U=root\nUSER $U\n"))
    assert "dockerfile.user.root" in ids(look("FROM debian:13\nUSER 0:0\n"))
    assert "dockerfile.user.root" not in ids(look("FROM debian:13\nUSER $SOMEBODY\n"))
