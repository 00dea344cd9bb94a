"""Random small worlds for asdf's bash line: `.tool-versions` on two levels and in HOME, legacy files, variables."""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]

_NODES = ["18.17.1", "20.9.0", "20", "22.3.0", "ref-abc", "16.0.0", "20.9"]
_WORDS = [
    "20.9.0",
    "18.17.1",
    "18",
    "20",
    "system",
    "latest",
    "lts",
    "ref:abc",
    "ref:def",
    "path:${ROOT}/opt/node",
    "v20.9.0",
    "path:~/node",
    "path:${ROOT}/none",
    "99.0.0",
    "..",
    "a/b",
    "20.9.0-x",
    "18.17.10",
    "20:1",
    "22.3.0:x",
    "path:opt/node",
    "systemd",
    "ref:abc:def",
    "*",
]
_SPACES = [" ", " ", " ", "  ", "\t", " \t"]
_ENDS = ["", "", " # c", "#c", "\r", " ", "\t", " # caf\xe9", "\xe9", "\xc3\xa9", " #\xc3\xa9"]
_LINES = [
    "# team",
    "",
    "python 3.11.4",
    "  # x",
    "node 20.9.0",
    "nodejs",
    "nodejs ",
    "nodejsx 18.17.1",
    "\xe9",
    "nodejs#20",
]
_LEGACY = ["20.9.0\n", "v20.9.0\n", "18.17.1", "20.9.0\r\n", "18.17.1 20.9.0\n", "# c\n20\n", "", "99\n"]
_RC = [
    "legacy_version_file = yes\n",
    "legacy_version_file=no\n",
    "  legacy_version_file =  yes  \n",
    "x = y\n",
    "legacy_version_file = Yes\n",
    "legacy_version_file = yes\nlegacy_version_file = yes\n",
    "legacy_version_file = yes\r\n",
]


def bash(chance: random.Random) -> Case:
    """One plugin, `nodejs`, and a second for noise."""
    files: dict[str, Any] = {}
    for place, likely in (("proj/", 0.75), ("proj/deep/", 0.35), ("home/", 0.25)):
        if chance.random() < likely:
            files[f"{place}.tool-versions"] = _tool_versions(chance)
    if chance.random() < 0.35:
        for place, likely in (("proj/", 0.5), ("proj/deep/", 0.4), ("home/", 0.2)):
            if chance.random() < likely:
                files[f"{place}{chance.choice(['.nvmrc', '.node-version'])}"] = chance.choice(_LEGACY)
        files["home/.asdf/plugins/nodejs/bin/list-legacy-filenames"] = {"program": "echo '.nvmrc .node-version'"}
        if chance.random() < 0.3:
            files["home/.asdf/plugins/nodejs/bin/parse-legacy-file"] = {"program": 'cat "$1"'}
        files["home/.asdfrc"] = chance.choice(_RC)
        if chance.random() < 0.4:
            files["proj/.asdfrc"] = chance.choice(_RC)
    if chance.random() < 0.5:
        for place in ("opt/node", "home/node"):
            files[f"{place}/bin/node"] = {"program": "echo v7.7.7"}
    env = {}
    if chance.random() < 0.1:
        env["ASDF_NODEJS_VERSION"] = " ".join(chance.choices(_WORDS, k=chance.choice([1, 2])))
    if chance.random() < 0.05:
        env["ASDF_DEFAULT_TOOL_VERSIONS_FILENAME"] = chance.choice([".tv", "${ROOT}/proj/.tool-versions"])
    nodes = chance.sample(_NODES, chance.randint(0, 5))
    if chance.random() < 0.1:
        files["home/.asdf/installs/nodejs/99.0.0/README"] = "no program here"
    return {
        "manager": "asdf",
        "cwd": chance.choice(["proj", "proj", "proj/deep"]),
        "env": env,
        "files": files,
        "installed": {"nodejs": nodes, "ruby": ["3.1.4"]},
        "system": {"node": "16.1.0"} if chance.random() < 0.8 else {},
    }


def _tool_versions(chance: random.Random) -> str:
    lines = chance.choices(_LINES, k=chance.choice([0, 1, 2]))
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        words = chance.choice([" ", " ", "  ", "\t"]).join(chance.choices(_WORDS, k=chance.choice([1, 1, 1, 2, 3])))
        indent = chance.choice(["", "", "", "", " ", "\t"])
        lines.insert(
            chance.randint(0, len(lines)), f"{indent}nodejs{chance.choice(_SPACES)}{words}{chance.choice(_ENDS)}"
        )
    start = chance.choice(["", "", "", "", "\xef\xbb\xbf", "\0"])
    return start + chance.choice(["\n", "\n", "\n", "\r\n"]).join([*lines, chance.choice(["", "", "x"])])
