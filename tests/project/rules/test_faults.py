"""One fault planted in a clean project: exactly its rule objects, at its line. The clean project has no findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devbox.core.check_list import BY_ID, CHECKS
from devbox.core.dockerfile_check_list import BASE, COPIES, PACKAGES, ROWS, RUNS, STAGES, STYLE
from devbox.core.team import PolicyRule
from devbox.project.rules.examine import ALL
from tests.project.rules.clean import BUILD, CLEAN, DIGEST, FINAL, ids, look, project


@dataclass(frozen=True)
class Fault:
    """What is replaced by what in the clean Dockerfile, and what changes around it."""

    old: str
    new: str
    at: str = ""
    """What the line of the finding begins with; the replacement without."""
    files: dict[str, str | None] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    """Checks that can't help objecting too."""
    args: dict[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


RUN = "RUN useradd --create-home app\n"
COPY = "COPY . .\n"
ALPINE = f"FROM alpine:3.22{DIGEST}"
FAULTS: dict[str, Fault] = {
    "dockerfile.base.digest": Fault(FINAL + "\n", "FROM python:3.12-slim\n"),
    "dockerfile.base.untagged": Fault(FINAL + "\n", "FROM python\n", also=("dockerfile.base.digest",)),
    "dockerfile.base.latest": Fault(
        FINAL + "\n", "FROM python:latest\n", also=("dockerfile.base.digest", "dockerfile.base.minimal")
    ),
    "dockerfile.base.moving": Fault(FINAL + "\n", "FROM debian:stable-slim\n", also=("dockerfile.base.digest",)),
    "dockerfile.base.minimal": Fault(FINAL + "\n", f"FROM python:3.12{DIGEST}\n"),
    "dockerfile.base.musl": Fault(
        FINAL + "\n" + "WORKDIR /app\n" + RUN,
        f"{ALPINE}\nWORKDIR /app\nRUN wget -q https://x.example/tool-x86_64-unknown-linux-gnu\n",
        at="RUN wget",
    ),
    "dockerfile.base.undefined": Fault(FINAL + "\n", f"FROM python:3.12-slim${{SUFFIX}}{DIGEST}\n"),
    "dockerfile.base.default": Fault(
        BUILD,
        f"ARG BASE\nFROM $BASE AS other\nUSER app\n\n{BUILD}",
        at="FROM $BASE",
        args={"BASE": f"debian:13{DIGEST}"},
    ),
    "dockerfile.base.platform": Fault(BUILD, BUILD.replace("FROM", "FROM --platform=linux/amd64")),
    "dockerfile.base.target-platform": Fault(BUILD, BUILD.replace("FROM", "FROM --platform=$TARGETPLATFORM")),
    "images.eol": Fault(FINAL + "\n", f"FROM python:3.8-slim{DIGEST}\n"),
    "dockerfile.stage.duplicate": Fault(FINAL + "\n", f"{FINAL} AS build\n", also=("dockerfile.copy.from",)),
    "dockerfile.stage.reserved": Fault(FINAL + "\n", f"{FINAL} AS context\n"),
    "dockerfile.stage.case": Fault("AS build", "AS Build", at="FROM"),
    "dockerfile.stage.unused": Fault(FINAL + "\n", f"FROM scratch\nCOPY app.py /\n\n{FINAL}\n", at="FROM scratch"),
    "dockerfile.stage.tools": Fault(
        RUN, "RUN apt-get update && apt-get install -y --no-install-recommends gcc=4 && rm -rf /var/lib/apt/lists/*\n"
    ),
    "dockerfile.stage.missing": Fault("", "", at=FINAL, targets=("dev",)),
    "dockerfile.user.root": Fault("USER app\n", "", at=FINAL),
    "dockerfile.user.high-id": Fault("useradd --create-home", "useradd -u 1000000", at="RUN useradd"),
    "dockerfile.case.as": Fault(" AS build", " as build", at="FROM"),
    "dockerfile.case.instruction": Fault("EXPOSE", "Expose"),
    "dockerfile.continuation.empty": Fault(RUN, "RUN useradd \\\n\n --create-home app\n", at=""),
    "dockerfile.comment.description": Fault(BUILD, f"# check=experimental=all\n# something else\n{BUILD}", at=BUILD),
    "dockerfile.maintainer": Fault("EXPOSE", "MAINTAINER me\nEXPOSE", at="MAINTAINER"),
    "dockerfile.command.shell-form": Fault('CMD ["python", "-m", "app"]', "CMD python -m app"),
    "dockerfile.instruction.repeated": Fault("EXPOSE", 'CMD ["sh"]\nEXPOSE', at='CMD ["sh"]'),
    "dockerfile.onbuild": Fault("EXPOSE", "ONBUILD FROM x\nEXPOSE", at="ONBUILD"),
    "dockerfile.expose.port": Fault("EXPOSE 8000", "EXPOSE 80000"),
    "dockerfile.expose.case": Fault("EXPOSE 8000", "EXPOSE 8000/TCP"),
    "dockerfile.expose.format": Fault("EXPOSE 8000", "EXPOSE 80:8000"),
    "dockerfile.variable.undefined": Fault("EXPOSE 8000", "ENV HTTP_PORT=8000\nEXPOSE $HTP_PORT", at="EXPOSE"),
    "dockerfile.variable.self": Fault("EXPOSE", "ENV A=1 B=$A\nEXPOSE", at="ENV"),
    "dockerfile.variable.legacy": Fault("EXPOSE", "ENV A 1\nEXPOSE", at="ENV"),
    "dockerfile.workdir.relative": Fault(
        FINAL + "\nWORKDIR /app", FINAL + "\nWORKDIR app", at="WORKDIR app", also=("dockerfile.copy.relative",)
    ),
    "dockerfile.apt.update": Fault(RUN, "RUN apt-get update && rm -rf /var/lib/apt/lists/*\n"),
    "dockerfile.apt.upgrade": Fault(RUN, "RUN apt-get update && apt-get -y upgrade && rm -rf /var/lib/apt/lists/*\n"),
    "dockerfile.apt.lists": Fault(RUN, "RUN apt-get update && apt-get install -y --no-install-recommends git=1\n"),
    "dockerfile.apt.yes": Fault(
        RUN, "RUN apt-get update && apt-get install --no-install-recommends git=1 && rm -r /var/lib/apt/lists\n"
    ),
    "dockerfile.apt.recommends": Fault(
        RUN, "RUN apt-get update && apt-get install -y git=1 && rm -r /var/lib/apt/lists\n"
    ),
    "dockerfile.apt.command": Fault(
        RUN, "RUN apt update && apt install -y --no-install-recommends git=1 && rm -r /var/lib/apt\n"
    ),
    "dockerfile.apt.pin": Fault(
        RUN, "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -r /var/lib/apt/lists\n"
    ),
    "dockerfile.apk.cache": Fault(
        FINAL + "\nWORKDIR /app\n" + RUN, f"{ALPINE}\nWORKDIR /app\nRUN apk add git=1\n", at="RUN apk"
    ),
    "dockerfile.yum.clean": Fault(
        FINAL + "\nWORKDIR /app\n" + RUN,
        f"FROM fedora:43{DIGEST}\nWORKDIR /app\nRUN dnf install -y git-2.1\n",
        at="RUN dnf",
    ),
    "dockerfile.pip.pin": Fault("-r requirements.txt\n", "flask\n", at="RUN pip"),
    "dockerfile.pip.upgrade": Fault("-r requirements.txt\n", "-U flask\n", at="RUN pip"),
    "dockerfile.pip.cache": Fault(RUN, "RUN pip install gunicorn==22.0\n"),
    "dockerfile.npm.pin": Fault(RUN, "RUN npm install -g serve\n"),
    "dockerfile.npm.ci": Fault(
        RUN,
        "COPY package.json ./\nRUN npm install\n",
        at="RUN npm",
        files={"package.json": "{}", "package-lock.json": "{}"},
    ),
    "dockerfile.gem.pin": Fault(RUN, "RUN gem install rails\n"),
    "dockerfile.go.pin": Fault(RUN, "RUN go install example.com/tool@latest\n"),
    "dockerfile.install.twice": Fault(
        "RUN pip install --no-cache-dir --prefix=/install -r requirements.txt\n",
        "RUN pip install --no-cache-dir --prefix=/install -r requirements.txt\n"
        "RUN pip install  --no-cache-dir --prefix=/install -r requirements.txt\n",
        at="RUN pip install  ",
    ),
    "dockerfile.order.dependencies": Fault("COPY requirements.txt ./\n", "COPY . ./\n"),
    "dockerfile.run.sudo": Fault("RUN useradd", "RUN sudo useradd"),
    "dockerfile.run.directory": Fault(RUN, "RUN cd /tmp && touch x\n"),
    "dockerfile.run.interactive": Fault(RUN, "RUN vim --version\n"),
    "dockerfile.run.pipe": Fault(RUN, "RUN ls | wc -l\n"),
    "dockerfile.run.remote-script": Fault(RUN, "RUN set -o pipefail && curl -fsS https://x.example/i.sh | sh\n"),
    "dockerfile.run.downloads": Fault(
        RUN, "RUN curl -fO https://x.example/a\nRUN wget -q https://x.example/b\n", at="RUN wget"
    ),
    "dockerfile.secret.variable": Fault("EXPOSE", "ENV API_TOKEN=abcdef\nEXPOSE", at="ENV"),
    "dockerfile.secret.copy": Fault(COPY, COPY + "COPY .npmrc ./\n", at="COPY .npmrc", files={".npmrc": ""}),
    "dockerfile.secret.text": Fault(RUN, "RUN curl -f https://me:hunter2hunter@x.example/a\n"),
    "dockerfile.copy.missing": Fault(COPY, COPY + "COPY settings.toml ./\n", at="COPY settings"),
    "dockerfile.copy.ignored": Fault(
        COPY,
        COPY + "COPY secret.txt ./\n",
        at="COPY secret",
        files={".dockerignore": "secret.txt\n", "secret.txt": "x"},
    ),
    "dockerfile.copy.empty": Fault(COPY, COPY + "COPY *.toml ./\n", at="COPY *"),
    "dockerfile.copy.overwrites": Fault(
        RUN,
        "COPY package.json ./\nRUN npm ci\n",
        at=COPY.strip(),
        also=("ignore.ineffective",),
        files={"package.json": "{}", "node_modules/a/index.js": "x"},
    ),
    "dockerfile.copy.redundant": Fault(
        "COPY --from=build /install /usr/local\n",
        "COPY --from=build /install /usr/local\nCOPY --from=build  /install /usr/local\n",
        at="COPY --from=build  ",
    ),
    "dockerfile.copy.from": Fault("COPY --from=build ", "COPY --from=biuld "),
    "dockerfile.copy.everything": Fault("COPY --from=build /install /usr/local\n", "COPY --from=build / /\n"),
    "dockerfile.copy.destination": Fault(COPY, COPY + "COPY app.py requirements.txt /srv\n", at="COPY app.py"),
    "dockerfile.copy.relative": Fault(FINAL + "\nWORKDIR /app\n", FINAL + "\n", at=COPY.strip()),
    "dockerfile.add.copy": Fault(COPY, COPY + "ADD app.py /srv/\n", at="ADD"),
    "dockerfile.add.checksum": Fault(COPY, COPY + "ADD https://x.example/a.bin /srv/\n", at="ADD"),
    "ignore.missing": Fault("", "", at=COPY.strip(), files={".dockerignore": None}),
    "ignore.ineffective": Fault(
        "", "", at=COPY.strip(), files={".git/objects/pack": "x" * 10, ".dockerignore": "*.md\n"}
    ),
}


def test_the_clean_project_has_no_findings(tmp_path: Path) -> None:
    assert look(CLEAN, project(tmp_path)) == ()


@pytest.mark.parametrize("id", FAULTS)
def test_a_fault_is_found_by_its_rule_alone_at_its_line(id: str, tmp_path: Path) -> None:
    fault = FAULTS[id]
    assert fault.old in CLEAN
    folder = tmp_path / "project"
    folder.mkdir()
    project(folder, fault.files)
    if fault.files.get(".dockerignore", "") is None:
        (folder / ".dockerignore").unlink(missing_ok=True)
    text = CLEAN.replace(fault.old, fault.new, 1) if fault.old else CLEAN
    found = look(text, folder, args=fault.args, targets=fault.targets)
    assert ids(found) == sorted((id, *fault.also))
    (finding,) = [one for one in found if one.check == id]
    assert finding.severity == ALL[id].severity or id in ("dockerfile.base.default", "ignore.ineffective")
    assert finding.message
    assert finding.hint
    line = finding.origin.line if finding.origin else None
    assert line
    assert text.split("\n")[line - 1].startswith(
        fault.at or fault.new.split("\n")[0] if id != "dockerfile.continuation.empty" else ""
    )


def test_every_rule_has_a_planted_fault_and_a_row_in_the_check_list() -> None:
    assert set(ALL) == set(FAULTS)
    listed = {id for id, *_ in (*BASE, *STAGES, *STYLE, *PACKAGES, *RUNS, *COPIES)}
    of_the_flow = {"dockerfile.syntax", "dockerfile.install.differs", "ignore.syntax", "policy.rule"}
    assert listed == set(ALL) | of_the_flow


def test_aliases_are_unique_and_cover_buildkits_checks() -> None:
    aliases = [alias for check in CHECKS for alias in check.aliases]
    assert len(aliases) == len(set(aliases))
    assert all(BY_ID[id].title for id, *_ in ROWS)
    assert {
        "StageNameCasing",
        "FromAsCasing",
        "NoEmptyContinuation",
        "ConsistentInstructionCasing",
        "DuplicateStageName",
        "ReservedStageName",
        "JSONArgsRecommended",
        "MaintainerDeprecated",
        "UndefinedArgInFrom",
        "WorkdirRelativePath",
        "UndefinedVar",
        "MultipleInstructionsDisallowed",
        "LegacyKeyValueFormat",
        "RedundantTargetPlatform",
        "SecretsUsedInArgOrEnv",
        "InvalidDefaultArgInFrom",
        "FromPlatformFlagConstDisallowed",
        "CopyIgnoredFile",
        "InvalidDefinitionDescription",
        "ExposeProtoCasing",
        "ExposeInvalidFormat",
    } <= set(aliases), "docs.docker.com/reference/build-checks, but for InvalidBaseImagePlatform, which needs a pull"


def test_a_teams_rule_counts_matches_over_whole_instructions() -> None:
    rule = PolicyRule("one-pip", "^RUN .*pip install", "install with poetry", max=1)
    text = CLEAN.replace(RUN, "RUN true \\\n  && pip install --no-cache-dir x==1\n")
    assert [one.id for one in look(CLEAN, team=(rule,))] == []
    (finding,) = look(text, team=(rule,))
    assert (finding.id, finding.check, finding.severity) == ("policy.rule.one-pip", "policy.rule", "warn")
    assert finding.message.startswith("install with poetry")
    assert finding.origin is not None
    assert text.split("\n")[(finding.origin.line or 0) - 1] == "RUN true \\"
