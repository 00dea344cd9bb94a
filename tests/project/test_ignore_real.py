"""Our ignore rules send what a real `COPY . /` brings, for every file of `tests/data/dockerfiles/ignore.txt`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devbox.core.errors import ConfigError
from devbox.engine.port import Engine
from devbox.project.ignore import IgnoreRules, Verdict, parse_ignore
from tests.project.real_builds import copied_files

DATA = Path(__file__).parents[1] / "data" / "dockerfiles"
_SIGNS = {"@TAB@": "\t", "@CR@": "\r", "@BOM@": "\ufeff", "@SPACE@": " ", "@NUL@": ""}
FILES = (
    "a.txt", "b.txt", "c", "b1", "b2", "dir/one", "dir/two.md", "dir/sub/x.txt", "dir/sub/deep/x.md", "dir/sub/deep/y",
    "dir.txt/z", "dirx", "dir/dir/one", "*", "x?y", "xzy", "x]y", "a]b", "back\\slash", "a.b+c", "a.b+", "(x)", "{y}",
    "x|y", "$z", "^w", "#hash", "!bang", "with space", "héllo.txt", ".hidden", "dir/.hidden", ".dir/file", "new\nline",
    "[x]y", "a/b/c", "a/x/b/y/c", "a/c", "deep/x", "x/deep/y", "7up", "seven7", "[^", "-", "a*b", "ab.txt",
    "very/long/path/with/many/parts/in/it.txt", "node_modules/p/index.js", "dir/node_modules/q.js", "sub/deep/e",
)
"""Names that patterns stumble over."""


def collection() -> Iterator[tuple[str, str]]:
    """Name and text of each ignore file."""
    for chunk in ("\n" + (DATA / "ignore.txt").read_text(encoding="utf-8")).split("\n==== ")[1:]:
        name, _, body = chunk.partition("\n")
        for sign, character in _SIGNS.items():
            body = body.replace(sign, character)
        yield name, body


CASES = tuple(collection())


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that is copied."""
    folder = tmp_path_factory.mktemp("ignored") / "context"
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "empty" / "inner").mkdir(parents=True)
    (folder / "link").symlink_to("dir")
    (folder / "broken").symlink_to("nowhere")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return folder


def sent(folder: Path, rules: IgnoreRules) -> set[str]:
    """What our rules let through, folders with a slash; folders above something that is sent come along."""
    found: set[str] = set()
    waiting = [("", Verdict(False))]
    while waiting:
        above, verdict = waiting.pop()
        for entry in os.scandir(folder / above):
            path = f"{above}/{entry.name}" if above else entry.name
            its, is_folder = rules.judge(path, verdict), entry.is_dir(follow_symlinks=False)
            if is_folder and (not its.ignored or rules.may_take_back(path)):
                waiting.append((path, its))
            if not its.ignored:
                parts = path.split("/")
                found |= {"/".join(parts[:count]) + "/" for count in range(1, len(parts))}
                found.add(f"{path}/" if is_folder else path)
    return found


@pytest.mark.engine
@pytest.mark.parametrize(("name", "text"), CASES, ids=[name for name, _ in CASES])
def test_what_is_copied_is_what_our_rules_send(
    name: str, text: str, context: Path, buildx_env: dict[str, str], engine: Engine
) -> None:
    (context / ".dockerignore").write_bytes(text.encode())
    real = copied_files(context, context / "Dockerfile", buildx_env)
    try:
        ours = sent(context, parse_ignore(text))
    except ConfigError:
        ours = None
    assert ours == real
    assert (real is None) == name.startswith("refused")


def test_there_are_enough_of_them() -> None:
    assert len({name for name, _ in CASES}) == len(CASES) >= 40
