"""Rules about what stages start from: pins, moving tags, size, C library, platform, arguments in FROM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.core.findings import ImageRow
from devbox.core.release_table import is_musl_image
from devbox.project.dockerfile import Stage
from devbox.project.image_refs import images
from devbox.project.rules.end_of_life import ended, words_of
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import Run, View
from devbox.project.shell_words import unset_variables

_MOVING = frozenset({
    "stable", "edge", "testing", "unstable", "sid", "rolling", "devel", "dev", "develop", "nightly", "canary", "beta",
    "next", "current", "lts", "mainline", "main", "master", "head", "snapshot", "rawhide", "slim", "alpine",
    "oldstable",
})
"""First words of tags that name whatever is current."""
_LARGE = {"python", "node", "ruby", "golang", "openjdk", "php", "rust", "buildpack-deps", "gcc", "perl"}
"""Official images whose plain tags carry compilers and headers; each has a slim or alpine tag."""
_SLIM = ("python", "node", "ruby", "rust", "perl")
_SMALL_TAG = re.compile(r"slim|alpine|distroless|chiseled|busybox|minimal|\bbase\b|runtime|jre")
_GLIBC = re.compile(
    r"linux-gnu|manylinux|glibc|miniconda|miniforge|anaconda|\b(?:torch|tensorflow|jaxlib|playwright|oracledb|cx.oracle"
    r"|google-chrome)\b", re.IGNORECASE,
)
"""What is built for glibc alone."""


def _real(view: View) -> Iterator[tuple[Stage, ImageRow]]:
    """Stages that start from an image that can be named."""
    for stage, row in zip(view.dockerfile.stages, view.images, strict=True):
        if not row.stage_ref and row.name is not None and row.name != "scratch":
            yield stage, row


def _digest(view: View) -> Iterator[Hit]:
    for stage, row in _real(view):
        if row.digest is None:
            yield Hit(
                stage.origin.line, f"{row.ref} is not pinned by digest, so a rebuild may start from another image",
                hint=f"add the digest that `docker pull {row.ref}` prints",
                expected=f"{row.name}:{row.tag or 'TAG'}@sha256:…", actual=row.ref,
            )


def _untagged(view: View) -> Iterator[Hit]:
    for stage, row in _real(view):
        if row.tag is None and row.digest is None:
            yield Hit(
                stage.origin.line, f"{row.ref} has no tag, which means `latest`",
                hint=f"write the version: `FROM {row.name}:VERSION`", expected=f"{row.name}:VERSION", actual=row.ref,
            )


def _latest(view: View) -> Iterator[Hit]:
    for stage, row in _real(view):
        if row.tag == "latest" and row.digest is None:
            yield Hit(
                stage.origin.line, f"{row.ref} is whatever was published last",
                hint=f"write the version: `FROM {row.name}:VERSION`", expected=f"{row.name}:VERSION", actual=row.ref,
            )


def _moving(view: View) -> Iterator[Hit]:
    for stage, row in _real(view):
        if row.tag is None or row.digest is not None or row.tag == "latest":
            continue
        first = row.tag.partition("-")[0].lower()
        if first in _MOVING:
            yield Hit(
                stage.origin.line, f"{row.ref} names what is current, not a version",
                hint=f"write the version: `FROM {row.name}:VERSION`", expected=f"{row.name}:VERSION", actual=row.ref,
            )
        elif row.name in _LARGE - {"node", "rust"} and re.fullmatch(r"\d+", first):
            yield Hit(
                stage.origin.line, f"{row.ref} moves to each new minor version", severity="info",
                hint=f"write the minor version too: `FROM {row.name}:{first}.N`", expected=f"{row.name}:{first}.N",
                actual=row.ref,
            )


def _minimal(view: View) -> Iterator[Hit]:
    row = view.root_image(view.final)
    last = (row.name or "").rpartition("/")[2]
    if last in _LARGE and row.tag is not None and not _SMALL_TAG.search(row.tag):
        yield Hit(
            view.chain(view.final)[0].origin.line,
            f"{row.ref} carries compilers and headers that the final image rarely needs",
            hint=f"start the final stage from a smaller tag: `FROM {row.name}:{row.tag}-slim`" if last in _SLIM
            else "build in one stage, and copy the result into a smaller one",
            expected="a slim base in the final stage", actual=row.ref,
        )


def _musl(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        row = view.root_image(stage)
        if row.name is None or not is_musl_image(row.name, row.tag or ""):
            continue
        for run in view.runs_of(stage):
            yield from _musl_hits(run, row)


def _musl_hits(run: Run, row: ImageRow) -> Iterator[Hit]:
    words = " ".join(word for command in run.commands for word in command.words)
    glibc = _GLIBC.search(words)
    if glibc and "gcompat" not in words:
        yield Hit(
            run.line, f"`{glibc[0]}` is built for glibc, and {row.ref} has musl",
            hint="start from a Debian-based tag, such as `-slim`", expected="a glibc base", actual=row.ref,
        )
    elif any(True for command in run.calls("pip", "pip3") if "install" in command.words):
        yield Hit(
            run.line, f"on {row.ref} packages without musllinux wheels are compiled: slow, and it needs a compiler",
            severity="info", hint="start from a `-slim` tag if a package has no musllinux wheel", actual=row.ref,
        )


def _undefined(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        for word in (stage.base, stage.platform or ""):
            try:
                names = unset_variables(word, view.globals, view.dockerfile.escape)
            except ValueError:
                continue
            declared = {name.partition("=")[0] for one in view.dockerfile.arguments for name in one.arguments.split()}
            for name in names:
                if name not in declared:
                    yield Hit(
                        stage.origin.line, f"FROM uses {name}, which no ARG before the first FROM declares",
                        hint=f"add `ARG {name}=…` above the first FROM",
                    )


def _default(view: View) -> Iterator[Hit]:
    for stage, with_args, plain in zip(
        view.dockerfile.stages, view.images, images(view.dockerfile, {}), strict=True
    ):
        if plain.stage_ref or plain.ref is not None:
            continue
        buildable = with_args.ref is not None
        yield Hit(
            stage.origin.line, f"`FROM {stage.base}` names no image unless a build argument is given",
            hint="give the ARG above the first FROM a default", expected="an image name",
            severity="info" if buildable else "error" if view.named else None,
        )


def _platform(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        platform = stage.platform
        if not platform or "$" in platform:
            continue
        parts = platform.split("/")
        if not any(part in (stage.name or "") for part in parts[:2]):
            yield Hit(
                stage.origin.line, f"the stage is always built for {platform}, whatever the target is",
                hint="remove `--platform`, or write `--platform=$BUILDPLATFORM`", actual=platform,
            )


def _target_platform(view: View) -> Iterator[Hit]:
    for stage in view.dockerfile.stages:
        if stage.platform in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
            yield Hit(
                stage.origin.line, "--platform=$TARGETPLATFORM is what FROM does anyway", hint="remove `--platform`"
            )


def _eol(view: View) -> Iterator[Hit]:
    for stage, row in _real(view):
        for what in ended(row.name or "", row.tag or "", view.today):
            yield Hit(
                stage.origin.line, words_of(what, row.ref or ""), hint=f"move to a supported release of {what.product}",
                expected=f"a supported {what.product}", actual=row.ref, subject=row.ref or "",
            )


RULES = (
    Rule("dockerfile.base.digest", "info", _digest),
    Rule("dockerfile.base.untagged", "warn", _untagged),
    Rule("dockerfile.base.latest", "warn", _latest),
    Rule("dockerfile.base.moving", "warn", _moving),
    Rule("dockerfile.base.minimal", "info", _minimal),
    Rule("dockerfile.base.musl", "warn", _musl),
    Rule("dockerfile.base.undefined", "warn", _undefined),
    Rule("dockerfile.base.default", "warn", _default),
    Rule("dockerfile.base.platform", "info", _platform),
    Rule("dockerfile.base.target-platform", "info", _target_platform),
    Rule("images.eol", "warn", _eol),
)
