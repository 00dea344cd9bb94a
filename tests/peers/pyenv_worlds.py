"""Random projects under pyenv: `.python-version` at every place that counts, odd names, environments, variables."""

from __future__ import annotations

import random
from typing import Any

from tests.peers.machines import PYENV_INSTALLED

Case = dict[str, Any]

WORDS = (
    "3.11", "3.9", "3.1", "3", "3.13", "3.13t", "3.11.7", "python-3.11", "python-3.11.4", "v3.11.7", "3.11.*",
    ">=3.11", "3.11.",
    "system", "myenv", "pypy3.9", "pypy3", "pypy", "miniconda3", "#3.11", "3.10#x", "3.6.15", "../../x", "..", "a/b",
    "3.11:3.12",
    "2", "3.12.1", "latest", "python", "3.13.0rc2", "3.14", "3.11.7/envs/api", "3.11.7/envs/none",
    "3.11.4/../3.11.7",
    "./3.11.7", "/", "3.11.7/", "3.12-src", "3.12", "3.13-dev", "3.13-", "3.14-dev", "pypy3.9-7", "pypy3.9-7.3.9",
    "py", "3.10.1",
    "3.13.0", "3.13.0t", "3.13.2", "2.7", "envs", "python-system", "system:3.11", "3.11:", "miniconda3-4.7.12",
    "3.13.2t", "-3", "3_11",
)
ENDS = ("\n", "\n", "\r\n", " \n", "\t# c\n", " # 3.9\n", "\n\n", "\n# x\n", "\0\n", "\xe9\n", "\xc3\xa9\n", "\x0b\n",
    " 3.9\n")


def generate(chance: random.Random) -> Case:
    """One machine, one project, one place to stand; text as Latin-1, so that any byte can stand in it."""
    cwd = chance.choice(["proj", "proj", "proj/deep", "proj/deep/er", "home", "home/proj"])
    folders = [f"{'/'.join(cwd.split('/')[:depth])}/" for depth in range(1, cwd.count("/") + 2)]
    root = "home/.pyenv"
    files: dict[str, Any] = {}
    env: dict[str, str] = {}
    if chance.random() < 0.06:
        root, env = "tools/pyenv", {"PYENV_ROOT": chance.choice(["${ROOT}/tools/pyenv", "${ROOT}/tools/pyenv/"])}
    for path, likely in ((folders[-1], 0.7), (folders[0], 0.25), ("", 0.05)):
        if chance.random() < likely:
            files[f"{path}.python-version"] = _text(chance)
    if chance.random() < 0.4:
        files[f"{root}/version"] = _text(chance)
    if chance.random() < 0.04:
        files[f"{folders[-1]}.python-version"] = chance.choice([{"folder": True}, {"link": "missing"},
                {"link": "other"}])
        files[f"{folders[-1]}other"] = _text(chance)
    if chance.random() < 0.15:
        env["PYENV_VERSION"] = chance.choice(["3.11", "3.9:3.6.15", "system", "3.11:system", "", "3.11.7/envs/api",
                "python-3.11", " 3.11"])
    if chance.random() < 0.1:
        env["PYENV_DIR"] = chance.choice(["${ROOT}/proj", "${ROOT}/home", "${ROOT}/none", "deep", "",
                "${ROOT}/proj/deep"])
    if chance.random() < 0.1:
        env["LANG"] = "C"
    _disk(chance, files, root)
    return {
        "manager": "pyenv", "cwd": cwd, "env": env, "files": files, "root": root,
        "installed": chance.sample(PYENV_INSTALLED, chance.randint(0, 9)),
        "system": {"python": "3.8.10"} if chance.random() < 0.9 else {},
        "commands": chance.choice([[], [], [], [["global", "3.11"]], [["local", "3.12"]], [["local", "3.11", "3.9"]],
                [["rehash"]]]),
    }


def _text(chance: random.Random) -> str:
    words = [chance.choice(WORDS) + chance.choice(ENDS) for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))]
    text = chance.choice(["", "", "# c\n", "\n", "\xef\xbb\xbf", "  "]) + "".join(words)
    if chance.random() < 0.05:
        text = "#" + " x" * 511 + " 3.12 rest\n" + text
    return text.rstrip("\n") if chance.random() < 0.3 else text


def _disk(chance: random.Random, files: dict[str, Any], root: str) -> None:
    """A virtual environment, a link as people make it, folders without a program, a plain file."""
    versions = f"{root}/versions"
    if chance.random() < 0.2:
        files[f"{versions}/3.11.7/envs/api/bin/python"] = {"program": "echo 'Python 3.11.7'"}
    if chance.random() < 0.2:
        files[f"{versions}/myenv"] = {"link": chance.choice(["3.11.7/envs/api", "3.12.1", "missing",
                    "${ROOT}/elsewhere"])}
        files["elsewhere/bin/python"] = {"program": "echo 'Python 3.7.1'"}
    if chance.random() < 0.1:
        files[f"{versions}/3.6.15/README"] = "no program here"
    if chance.random() < 0.06:
        files[f"{versions}/3.14"] = "a plain file"
    if chance.random() < 0.06:
        files[f"{versions}/3.11/bin/python3"] = {"program": "echo 'Python 3.11.0'"}
