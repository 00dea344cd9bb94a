"""tfenv: which installed version a word of `.terraform-version` means (spec/toolchains.md 12).

Pure. Source: `lib/tfenv-version-name.sh`, `lib/tfenv-min-required.sh` and `libexec/tfenv-resolve-version` of tfenv
59535da, with what happens there when a step fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from devbox.core.basic_regex import compile_basic
from devbox.core.frozen import dataclass

_STABLE = r"^[0-9]\+\.[0-9]\+\.[0-9]\+$"
_REQUIRED_LINE = re.compile(r"[^#\n]*required_version")
_CONSTRAINT = re.compile(r"[~=!<>]{0,2}\s*(?:[0-9]+\.?){1,3}(?:-[a-z]+[0-9]+)?")
_MINIMUM = re.compile(r"([~=!<>]{0,2}[ \t]*)([0-9]+[0-9.]+)(-[a-z]+[0-9]+)?")
_THREE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_LATEST = re.compile(r"latest[^\udc80-\udcff]*")
"""bash's `.` matches no broken byte of a UTF-8 text."""
_NUMBER_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Choice:
    """The version, or what stands in its place."""

    version: str | None = None
    error: str | None = None
    detail: str = ""
    undecided: str | None = None


def choose(word: str, installed: Sequence[str], *, auto_install: bool, code: Sequence[str]) -> Choice:
    """The version that tfenv selects; `code` are the texts of `*.tf`, then of `*.tf.json`, in their order.

    `installed` are folders, links left out: only `latest` looks at them. Whether the version is there is not asked.
    """
    if word == "min-required":
        minimum = min_required(code)
        if minimum is None:
            return Choice(error="no-version", detail="no `required_version` in `*.tf` that it can use")
        word = minimum
    if not _LATEST.fullmatch(word):
        version = word.removeprefix("v")
        return Choice(version) if version else Choice(error="no-version", detail="nothing behind the `v`")
    if auto_install:
        return Choice(undecided="tfenv takes the newest release that the network offers (TFENV_AUTO_INSTALL is on)")
    if word == "latest-allowed":
        word = _allowed(code)
    pattern = word.rpartition(":")[2] if word.startswith("latest:") else _STABLE
    expressions = [compile_basic(line) for line in pattern.split("\n")]
    if None in expressions:
        return Choice(undecided=f"devbox does not evaluate the expression `{pattern}`")
    final_only = bool(pattern) and not re.search(r"[a-zA-Z]", pattern)
    fitting = (name for name in installed if any(one.search(name) for one in expressions if one))
    names = [name for name in fitting if not (final_only and "-" in name)]
    if not names:
        return Choice(error="missing", detail=f"nothing installed fits `{word}`")
    return Choice(min(names, key=_order))


def min_required(code: Sequence[str]) -> str | None:
    """The version that the first `required_version` names, made three parts long; None for none, or a `!=`."""
    lines = [line for line in "".join(code).split("\n") if _REQUIRED_LINE.match(line)]
    found = [text for text in _CONSTRAINT.findall(" ".join(" ".join(lines).split())) if _long_enough(text)]
    match = _MINIMUM.search("\n".join(found))
    if match is None or match[1].startswith("!="):
        return None
    version = match[2] + (match[3] or "")
    while not _THREE.search(version) and len(version) < _NUMBER_LIMIT:
        version += ".0"
    return version


def _long_enough(text: str) -> bool:
    """`\\([0-9]\\+\\.\\?\\)\\{2,3\\}`: two digits at least, a dot between them or not."""
    return sum(letter.isdigit() for letter in text.partition("-")[0]) > 1


def _allowed(code: Sequence[str]) -> str:
    """The word that `latest-allowed` becomes; what tfenv does not understand ends as plain `latest` there."""
    line = next((line for text in code for line in text.split("\n") if "required_version" in line), "")
    quoted = line.split('"')
    spec = (quoted[1] if len(quoted) > 1 else "").partition(",")[0]
    if spec.startswith("~>"):
        number = re.sub(r"[^0-9.]+", "", spec, count=1)
        return f"latest:^{number.rpartition('.')[0] if '.' in number else number}\\."
    return "latest"


def _order(name: str) -> tuple[object, ...]:
    """`sort -t. -k1nr,1 -k2nr,2 -k3nr,3`: ties by the whole text."""
    fields = [*name.split("."), "", "", ""][:3]
    return (*(-_number(field) for field in fields), name)


def _number(field: str) -> int:
    match = re.match(r"\s*-?[0-9]+", field)
    return int(match[0]) if match and len(match[0]) < _NUMBER_LIMIT else 0
