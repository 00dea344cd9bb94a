"""Random small worlds for managers written in shell that read words: rbenv, nodenv, jenv, tfenv.

File texts are Latin-1, so that any byte can stand in them.
"""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]

_ENDS = ("\n", "\r\n", " \n", "\t# c\n", " # 3.9\n", "\n\n", "#x\n", "\0\n", "\xe9\n", "\xc3\xa9\n", "", " 9\n", "\v\n")
_STARTS = ("", "", "", "\n", "\r\n", "  ", "\t", "# c\n", "\xef\xbb\xbf", "\0", "\\", " \\\n")
_FAMILY: dict[str, dict[str, Any]] = {
    "rbenv": {
        "tool": "ruby",
        "file": [".ruby-version"],
        "installed": ["3.1.4", "3.2.2", "2.7", "3.2", "jruby-9.4.3.0", "ruby-3.0.0", "3.3-dev", "3.2.2@app", "v3.1.4"],
        "words": [
            "3.1.4",
            "ruby-3.1.4",
            "3.2",
            "3",
            "3.2.2@app",
            "system",
            "ruby-3.0.0",
            "jruby-9.4.3.0",
            "v3.1.4",
            "..",
            "a/b",
            "../../x",
            "3.9.9",
            "ruby-ruby-3.1.4",
            "#3.1.4",
            "ruby-system",
            "3.1.4:3.2.2",
            "Ruby-3.1.4",
        ],
        "globals": ["version"],
    },
    "nodenv": {
        "tool": "node",
        "file": [".node-version"],
        "installed": ["18.17.1", "20.9.0", "v16.0.0", "node-14.0.0", "20", "iojs-3.0.0", "22.0.0-rc.1", "de-v"],
        "words": [
            "18.17.1",
            "v18.17.1",
            "node-18.17.1",
            "node-v18.17.1",
            "20",
            "v20",
            "18",
            "lts/iron",
            "system",
            "16.0.0",
            "v16.0.0",
            "14.0.0",
            "node-14.0.0",
            "..",
            "18..1",
            "a/b",
            "latest",
            "nodev-20.9.0",
            "20v",
            "vv20.9.0",
            "node-vv20.9.0",
            "de-v",
            "#20",
            "node",
        ],
        "globals": ["version"],
    },
    "jenv": {
        "tool": "java",
        "file": [".java-version", ".jenv-version"],
        "installed": ["17", "17.0", "17.0.9", "openjdk64-17.0.9", "1.8", "21.0.1", "java-11", "temurin64-21.0.1"],
        "words": [
            "17",
            "17.0.9",
            "java-17",
            "openjdk64-17.0.9",
            "1.8",
            "11",
            "java-11",
            "system",
            "21",
            "..",
            "a/b",
            "17\r",
            "1\r7",
            "java-system",
            "\\17",
            "1\\7",
            "temurin-21.0.1",
            "java-java-17",
            "#17",
        ],
        "globals": ["version", "global", "default"],
    },
}


def family(manager: str, chance: random.Random) -> Case:
    """Files at two levels and globally, odd bytes around the word; sometimes a variable, a version without program."""
    kind = _FAMILY[manager]
    files: dict[str, Any] = {}
    for folder, likely in (("proj", 0.7), ("proj/deep", 0.3)):
        for name in kind["file"]:
            if chance.random() < likely:
                files[f"{folder}/{name}"] = _text(chance, kind["words"])
    for name in kind["globals"]:
        if chance.random() < 0.3:
            files[f"home/.{manager}/{name}"] = _text(chance, kind["words"])
    env = {}
    if chance.random() < 0.15:
        env[f"{manager.upper()}_VERSION"] = chance.choice(kind["words"])
    if chance.random() < 0.1:
        env[f"{manager.upper()}_DIR"] = chance.choice(["${ROOT}/proj", "${ROOT}/proj/deep", "deep", "${ROOT}/none"])
    if chance.random() < 0.15:
        files[f"home/.{manager}/versions/9.9/README"] = "no program here"
    return {
        "manager": manager,
        "cwd": chance.choice(["proj", "proj", "proj/deep"]),
        "env": env,
        "files": files,
        "installed": {"versions": chance.sample(kind["installed"], chance.randint(0, 6))},
        "system": {kind["tool"]: "1.0.0"} if chance.random() < 0.8 else {},
    }


_TERRAFORMS = [
    "1.5.7",
    "1.6.0",
    "1.6.0-rc1",
    "1.5.10",
    "0.12.31",
    "1.10.0",
    "1.9.9",
    "1.7.0-beta2",
    "v1.5.7",
    "1.11.0-alpha",
]
_TERRAFORM_WORDS = [
    "1.5.7",
    "v1.5.7",
    "1.6",
    "latest",
    "latest:^1.5",
    "latest:^1\\.6",
    "latest:rc",
    "latest:1.1[0-9]*",
    "latest:",
    "latest:^0",
    "latest-allowed",
    "latest-allowed",
    "min-required",
    "min-required",
    "1.99.0",
    "..",
    "a/b",
    "1.6.0-rc1",
    "latest:^1\\.[5-6]\\.[0-9]\\+$",
    "latestx",
    "vv1.5.7",
    "v",
    "system",
    "latest:[[:digit:]].*-a",
    "latest:^$",
]
_CODE = [
    'terraform {\n  required_version = "%s"\n}\n',
    '# required_version = "9.9.9"\nterraform {\n required_version="%s" }\n',
    '  required_version   =   "%s" # why\n',
    "nothing\n",
]
_CONSTRAINTS = [
    ">= 1.5.0",
    "~> 1.5.0",
    "~> 1.5",
    "1.5.7",
    "= 1.5.7",
    ">= 1.5, < 2.0.0",
    "!= 1.5.7",
    "<= 1.6.0",
    "> 1",
    ">= 12",
    "~>1.6",
    "1.6.0-rc1",
    "",
    ">=1.5.7,<1.6",
    "x",
]


def tfenv(chance: random.Random) -> Case:
    """`.terraform-version` at two levels, in HOME and globally, Terraform files; nothing is ever installed."""
    files: dict[str, Any] = {}
    places = (("proj/", 0.7), ("proj/deep/", 0.3), ("home/", 0.1))
    for folder, likely in places:
        if chance.random() < likely:
            files[f"{folder}.terraform-version"] = _text(chance, _TERRAFORM_WORDS)
        for name in ("main.tf", "a.tf", "z.tf.json"):
            if chance.random() < 0.4:
                code = chance.choice(_CODE)
                files[folder + name] = code % chance.choice(_CONSTRAINTS) if "%" in code else code
    if chance.random() < 0.3:
        files["home/.tfenv/version"] = _text(chance, _TERRAFORM_WORDS)
    env = {"TFENV_AUTO_INSTALL": "false"}
    if chance.random() < 0.1:
        env["TFENV_TERRAFORM_VERSION"] = chance.choice(_TERRAFORM_WORDS)
    if chance.random() < 0.1:
        env["TFENV_DIR"] = chance.choice(["${ROOT}/proj", "${ROOT}/home"])
    return {
        "manager": "tfenv",
        "cwd": chance.choice(["proj", "proj", "proj/deep"]),
        "env": env,
        "files": files,
        "installed": {"versions": chance.sample(_TERRAFORMS, chance.randint(0, 7))},
        "system": {"terraform": "1.0.0"} if chance.random() < 0.5 else {},
    }


def _text(chance: random.Random, words: list[str]) -> str:
    if chance.random() < 0.15:
        return chance.choice(["", "\n", " \n\t\r\n", "\0", " " * 1020 + words[0], "9.9\n"])
    return chance.choice(_STARTS) + chance.choice(words) + chance.choice(_ENDS) + chance.choice(["", "", "7.7.7\n"])
