"""Random projects under nvm: `.nvmrc` at every place that counts, aliases, versions that are half there."""

from __future__ import annotations

import random
from typing import Any

from tests.peers.machines import NVM_INSTALLED

Case = dict[str, Any]

WORDS = (
    "18", "20", "18.2", "18.20", "v18", "v18.17.1", "18.17.1", "20.15.2", "node", "stable", "unstable", "iojs",
    "iojs-v3",
    "iojs-3.3.1", "iojs-2", "iojs-", "system", "current", "lts/*", "lts/iron", "lts/Iron", "lts/jod", "lts/-1",
    "lts/-2", "lts/-9",
    "lts/-0", "lts/-1x", "lts", "latest", "default", "work", "loop", "a", "lts/unknown", "lts/argon", "18.x",
    "^18.0.0", ">=18",
    "~20", "*", "v", "2", "3", "0.10", "0.11", "0.12", "0", "21", "v20.", "20.", "20.15.1.2", "N/A", "node-",
    "node-18", "io.js",
    "3.3.1", "2.0.0", "foo", "18 20", "v18.20.4-rc.1", "V18", "18.20.4 ", "node/18", "stable/x", "18,20", "\u00e9",
    "20.15", "20.15.1",
    "v0.10.48", "0.10.48", "4", "4.9.1", "lts/gallium", "node@18", "x18", "018", "18.017.1", "-18", "--lts", "1e1",
    "22.3.0", "none",
)
KEYS = ("npm=9", "a = b", "node=18", "=x", "20", "# z", "", "npm=9\nnpm=8", "a=1\na = 2", " = ", "x=y=z", "key=",
    "18 # x")


def generate(chance: random.Random) -> Case:
    """One machine, one project, one place to stand."""
    cwd = chance.choice(["proj", "proj", "proj/deep", "proj/deep/er", "home", "home/proj"])
    folders = [f"{'/'.join(cwd.split('/')[:depth])}/" for depth in range(1, cwd.count("/") + 2)]
    files: dict[str, Any] = {}
    env: dict[str, str] = {}
    root = "home/.nvm"
    if chance.random() < 0.06:
        root, env = chance.choice(
            [("tools/nvm", {"NVM_DIR": "${ROOT}/tools/nvm"}), ("xdg/nvm", {"XDG_CONFIG_HOME": "${ROOT}/xdg"})]
        )
    for folder, likely in ((folders[-1], 0.8), (folders[0], 0.25), ("", 0.05)):
        if chance.random() < likely:
            files[f"{folder}.nvmrc"] = _nvmrc(chance)
    if chance.random() < 0.04:
        files[f"{folders[-1]}.nvmrc"] = chance.choice([{"folder": True}, {"link": "missing"}, {"link": "other"}])
        files[f"{folders[-1]}other"] = _nvmrc(chance)
    for name, words, likely in (
        ("default", WORDS, 0.5), ("work", ("18", "lts/hydrogen", "# c\n\n20 # x", "a", " 18", "", "v18.17.1"), 0.3),
        ("a", ("work", "a", "22", "b"), 0.2), ("b", ("a", "20.15.1"), 0.1), ("loop", ("loop",), 0.2),
        ("stable", ("18",), 0.08),
        ("18", ("20",), 0.06), ("node", ("16",), 0.05), ("system", ("18",), 0.04), ("unstable", ("21",), 0.05),
        ("lts/custom", ("v18.17.1",), 0.05), ("iojs", ("18",), 0.04), ("current", ("18",), 0.03),
        ("v20.15.1", ("v18.17.1",), 0.03),
    ):
        if chance.random() < likely:
            files[f"{root}/alias/{name}"] = chance.choice(words) + chance.choice(["\n", " # c\n", "", "\r\n"])
    installed = chance.sample(NVM_INSTALLED, chance.randint(0, 8))
    if chance.random() < 0.12:
        files[f"{root}/versions/node/v19.1.0/{chance.choice(['README', 'bin/npm'])}"] = "no node here"
    if chance.random() < 0.06:
        files[f"{root}/versions/node/v21.0.0-nightly20230801d396a041f7/bin/node"] = {"program": "echo v21.0.0-nightly"}
    return {
        "manager": "nvm", "cwd": cwd, "env": env, "files": files, "root": root, "installed": installed,
        "lts": chance.random() < 0.85, "system": {"node": "19.0.0"} if chance.random() < 0.8 else {},
    }


def _nvmrc(chance: random.Random) -> str:
    lines = [chance.choice(WORDS) + chance.choice(["", "", " # c", "#c", " ", "\t", "\x0b"])]
    if chance.random() < 0.3:
        lines.insert(chance.randint(0, 1), chance.choice(KEYS))
    if chance.random() < 0.04:
        lines = []
    end = chance.choice(["\n", "\n", "\r\n"])
    return chance.choice(["", "", "# c\n", "\n", " ", "\ufeff"]) + end.join([*lines,
            ""]).removesuffix(chance.choice(["", "", end]))
