"""Random small worlds for the recordings: names, words and files chosen to meet the managers' odd corners."""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]

_PYTHONS = [
    "3.9.18",
    "3.9.9",
    "3.10.2",
    "3.10.13",
    "3.11.4",
    "3.11.7",
    "3.12.1",
    "3.13.0rc2",
    "3.13.0",
    "3.13-dev",
    "3.13.2t",
    "3.13.0t",
    "3.14-dev",
    "pypy3.9-7.3.9",
    "pypy3.9-8.0.0",
    "pypy3.10-7.3.12",
    "myenv",
    "3.11",
    "miniconda3-4.7.12",
    "miniconda3-latest",
    "3.12-src",
    "2.7.18",
]
_PYENV_WORDS = [
    "3.11",
    "3.9",
    "3.1",
    "3",
    "3.13",
    "3.13t",
    "3.11.7",
    "python-3.11",
    "python-3.11.4",
    "v3.11.7",
    "3.11.*",
    ">=3.11",
    "3.11.",
    "system",
    "myenv",
    "pypy3.9",
    "pypy3",
    "miniconda3",
    "#3.11",
    "3.10#x",
    "3.6.15",
    "../../x",
    "..",
    "a/b",
    "3.11:3.12",
    "2",
    "3.12.1",
    "latest",
    "python",
    "3.13.0rc2",
    "3.14",
]
_PYENV_ENDS = ("\n", "\r\n", " \n", "\t# c\n", " # 3.9\n", "\n\n", "\n# x\n", "\0\n", "\xe9\n", "\xc3\xa9\n")

_NODES = [
    "v16.20.2",
    "v18.17.1",
    "v18.20.4",
    "v20.9.0",
    "v20.15.1",
    "v22.3.0",
    "v0.10.48",
    "v0.11.3",
    "v0.12.18",
    "v21.0.0-nightly20230801d396a041f7",
    "v21.0.0",
    "v2.0.0",
    "v20.15.10",
    "v1.8.4",
]
_IOJS = ["iojs-v3.3.1", "iojs-v2.0.0", "iojs-v1.8.4"]
_NVM_WORDS = [
    "18",
    "20",
    "18.2",
    "18.20",
    "v18",
    "v18.17.1",
    "18.17.1",
    "20.15.2",
    "node",
    "stable",
    "unstable",
    "iojs",
    "iojs-v3",
    "iojs-3.3.1",
    "system",
    "lts/*",
    "lts/iron",
    "lts/Iron",
    "lts/-1",
    "lts/-2",
    "lts/-9",
    "lts",
    "latest",
    "default",
    "work",
    "loop",
    "a",
    "lts/unknown",
    "18.x",
    "^18.0.0",
    ">=18",
    "~20",
    "*",
    "v",
    "2",
    "3",
    "0.10",
    "0.11",
    "0",
    "21",
    "v20.",
    "20.15.1.2",
    "N/A",
    "node-",
    "io.js",
    "3.3.1",
    "1.8.4",
    "foo",
    "=18",
]

_MISE: dict[str, tuple[list[str], list[str]]] = {
    "node": (
        [
            "16.20.2",
            "18.19.0",
            "20.1.0",
            "20.10.0",
            "22.3.0",
            "20",
            "23.0.0-rc.1",
            "v21.1.0",
            "24.1.0",
            "24.2.0-nightly",
        ],
        [
            "18",
            "20",
            "20.1",
            "2",
            "22.3.0",
            "v20.1.0",
            "latest",
            "lts",
            "lts/iron",
            "lts-hydrogen",
            "prefix:20",
            "sub-2:22",
            "sub-0.1:20.1",
            "ref:abc",
            "system",
            "^20.0.0",
            ">=18",
            "20.x",
            "99",
            "lts/*",
            "20.10.0",
            "work",
            "v21",
            "23",
            "path:./nodes/20",
            "24.2",
            "node",
            "-1",
            "sub-2:lts",
            "tag:x",
        ],
    ),
    "python": (
        ["3.10.13", "3.11.4", "3.11.7", "3.12.1", "3.13.0t", "3.13.0rc2", "3.14.0a1", "3.13.1", "miniconda3-4.7"],
        [
            "3.11",
            "3.12",
            "3.13",
            "3",
            "3.10.13",
            "latest",
            "3.13.0",
            "3.14",
            "3.13.0rc2",
            "9.9",
            "system",
            "sub-0.1:3.12",
            "python-3.11",
            "miniconda3",
        ],
    ),
    "go": (["1.20", "1.20.14", "1.21.5", "1.22.1"], ["1.20", "1.21", "1", "latest"]),
    "java": (
        ["temurin-17.0.9", "temurin-17.0.10", "zulu-21.0.1", "17.0.2", "temurin-21.0.1+12"],
        ["17", "temurin-17", "temurin", "21", "latest", "temurin-21", "zulu-21.0.1", "temurin-"],
    ),
}
_MISE_FILES = [
    "mise.toml",
    ".mise.toml",
    "mise.local.toml",
    ".mise.local.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
    ".config/mise/mise.toml",
    ".config/mise/conf.d/a.toml",
    ".config/mise/conf.d/b.toml",
    ".mise/config.toml",
    "mise/config.toml",
    "mise/conf.d/y.toml",
    ".mise/config.local.toml",
    "mise.ci.toml",
    ".mise.ci.local.toml",
    "mise.ci.local.toml",
    ".config/mise/config.ci.toml",
    ".mise/conf.d/x.toml",
    ".config/mise.local.toml",
]
_IDIOMATIC = {
    ".nvmrc": ["20\n", "v18\n", "lts/*\n", "lts/iron # c\n", "20\nnpm=9\n", "# x\n20#y\n", "node\n"],
    ".node-version": ["18\n", "22.3.0\n"],
    "package.json": [
        '{"devEngines":{"runtime":{"name":"node","version":"20"}}}',
        '{"engines":{"node":">=18"}}',
        "{x",
    ],
    ".python-version": ["3.11\n", "3.11.7 3.12.1\n", "# c\n3.12\n", "3.11#x\n"],
    ".python-versions": ["3.12\n3.11\n"],
    ".java-version": ["17\n", "temurin-17\n"],
    ".sdkmanrc": ["java=17.0.9-tem\n", "# c\njava=21.0.1-zulu\n"],
    ".go-version": ["1.20\n", "v1.21.5\n"],
    "go.mod": ["module x\n\ngo 1.20\n", "module x\ngo 1.20\ntoolchain go1.21.5\n"],
}
_ALL = '["node", "python", "java", "go"]'


def pyenv(chance: random.Random) -> Case:
    """`.python-version` at two levels and globally; text as Latin-1, so that any byte can stand in it."""
    files: dict[str, Any] = {}
    for path, likely in (
        ("proj/.python-version", 0.8),
        ("proj/deep/.python-version", 0.2),
        ("home/.pyenv/version", 0.3),
    ):
        if chance.random() < likely:
            words = [
                chance.choice(_PYENV_WORDS) + chance.choice(_PYENV_ENDS)
                for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))
            ]
            files[path] = chance.choice(["", "", "# c\n", "\n", "\xef\xbb\xbf"]) + "".join(words)
            if chance.random() < 0.05:
                files[path] = "#" + " x" * 511 + " 3.12 rest\n" + files[path]
            if chance.random() < 0.3:
                files[path] = files[path].rstrip("\n")
    env = (
        {"PYENV_VERSION": chance.choice(["3.11", "3.9:3.6.15", "system", "3.11:system"])}
        if chance.random() < 0.1
        else {}
    )
    return {
        "manager": "pyenv",
        "cwd": chance.choice(["proj", "proj", "proj/deep"]),
        "env": env,
        "files": files,
        "installed": {"versions": chance.sample(_PYTHONS, chance.randint(0, 9))},
        "system": {"python": "3.8.10"} if chance.random() < 0.9 else {},
    }


def nvm(chance: random.Random) -> Case:
    """`.nvmrc` and alias files."""
    lts = {"*": "lts/iron", "argon": "v4.9.1", "gallium": "v16.20.2", "hydrogen": "v18.20.4", "iron": "v20.15.1"}
    files: dict[str, Any] = {f"home/.nvm/alias/lts/{name}": f"{text}\n" for name, text in lts.items()}
    if chance.random() < 0.15:
        files = {}
    aliases = {
        "default": _NVM_WORDS,
        "work": ["18", "lts/hydrogen", "# c\n\n20 # x", "a", " 18"],
        "a": ["work", "a", "22"],
    }
    aliases |= {"loop": ["loop"], "stable": ["18"], "18": ["20"]}
    for (name, words), likely in zip(aliases.items(), (0.5, 0.3, 0.2, 0.2, 0.1, 0.1), strict=True):
        if chance.random() < likely:
            files[f"home/.nvm/alias/{name}"] = chance.choice(words) + chance.choice(["\n", " # c\n", ""])
    for path, likely in (("proj/.nvmrc", 0.85), ("proj/deep/.nvmrc", 0.1)):
        if chance.random() < likely:
            lines = [chance.choice(_NVM_WORDS) + chance.choice(["", " # c", "#c", " ", "\t"])]
            if chance.random() < 0.25:
                lines.insert(
                    chance.randint(0, 1), chance.choice(["npm=9", "a = b", "node=18", "=x", "20", "# z", ""])
                )
            files[path] = chance.choice(["", "# c\n", "\n"]) + chance.choice(["\n", "\r\n"]).join([*lines, ""])
    return {
        "manager": "nvm",
        "cwd": chance.choice(["proj", "proj/deep"]),
        "env": {},
        "files": files,
        "installed": {
            "versions": chance.sample(_NODES, chance.randint(0, 8)) + chance.sample(_IOJS, chance.choice([0, 0, 1]))
        },
        "system": {"node": "19.0.0"} if chance.random() < 0.8 else {},
    }


def mise(chance: random.Random) -> Case:
    """Several configuration files, environments, locks, links and trust."""
    trusted = chance.random() < 0.8
    files: dict[str, Any] = {}
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3])):
        folder = chance.choice(["proj/", "proj/", "proj/", "proj/deep/", ""])
        files[folder + chance.choice(_MISE_FILES)] = _toml(chance, free=trusted or chance.random() < 0.15)
    if chance.random() < 0.3:
        files[chance.choice(["proj/", "proj/deep/"]) + ".tool-versions"] = _tool_versions(chance)
    for path, likely in (("config.toml", 0.2), ("conf.d/z.toml", 0.1), ("config.local.toml", 0.1)):
        if chance.random() < likely:
            files[f"home/.config/mise/{path}"] = _toml(chance, free=True)
    for name in chance.sample(list(_IDIOMATIC), chance.choice([0, 0, 1, 2, 3])):
        files[chance.choice(["proj/", "proj/deep/"]) + name] = chance.choice(_IDIOMATIC[name])
    if chance.random() < 0.06:
        files["proj/.miserc.toml"] = 'env = ["ci"]\n'
    if chance.random() < 0.15:
        node = chance.choice(["20.1.0", "18.19.0", "22.3.1"])
        files["proj/mise.lock"] = f'[[tools.node]]\nversion = "{node}"\nbackend = "core:node"\n'
    installed = {tool: chance.sample(names, chance.randint(0, len(names))) for tool, (names, _) in _MISE.items()}
    nodes = installed["node"]
    if chance.random() < 0.15 and "20.1.0" in nodes and "20" not in nodes:
        files["home/.local/share/mise/installs/node/20"] = {"link": "./20.1.0"}
    if chance.random() < 0.1 and nodes:
        files["home/.local/share/mise/installs/node/latest"] = {"link": f"./{nodes[0]}"}
    if chance.random() < 0.05 and "22.3.0" in nodes:
        files["home/.cache/mise/node/22.3.0/incomplete"] = ""
    return {
        "manager": "mise",
        "cwd": chance.choice(["proj", "proj/deep"]),
        "env": _mise_env(chance, trusted),
        "files": files,
        "installed": installed,
        "system": {"node": "14.0.0", "python": "3.8.10"},
    }


def _mise_env(chance: random.Random, trusted: bool) -> dict[str, str]:
    choices = {
        "MISE_IDIOMATIC_VERSION_FILE_ENABLE_TOOLS": (0.25, ["node", "node,python", "python,java,go"]),
        "MISE_ENV": (0.25, ["ci", "ci", "dev,ci"]),
        "MISE_NODE_VERSION": (0.1, ["18", "20 22", "99"]),
        "MISE_DISABLE_TOOLS": (0.05, ["node"]),
        "MISE_CEILING_PATHS": (0.05, ["${ROOT}/proj"]),
        "MISE_OVERRIDE_CONFIG_FILENAMES": (0.05, ["other.toml:mise.toml"]),
        "MISE_DEFAULT_CONFIG_FILENAME": (0.05, ["foo.toml"]),
        "MISE_IGNORED_CONFIG_PATHS": (0.05, ["${ROOT}/proj/mise.toml"]),
    }
    env = {name: chance.choice(words) for name, (likely, words) in choices.items() if chance.random() < likely}
    return {"MISE_OFFLINE": "1", **({"MISE_TRUSTED_CONFIG_PATHS": "${ROOT}"} if trusted else {}), **env}


def _toml(chance: random.Random, *, free: bool) -> str:
    """One configuration; `free` may have what needs trust."""
    head = [
        chance.choice(['min_version = "2024.1.1"', 'min_version = "2099.1.1"', "unknown_key = 1", '[env]\nA = "b"'])
    ]
    lines = [*(head if free and chance.random() < 0.1 else []), "[tools]"]
    for tool in chance.sample(list(_MISE), chance.choice([1, 1, 2, 3])):
        word, kind = chance.choice(_MISE[tool][1]), chance.random()
        name = chance.choice([tool, tool, {"node": "nodejs", "go": "golang"}.get(tool, tool)])
        system = chance.choice(["linux", "macos", "linux/x64", "linux/arm64"])
        values = [
            (0.7, f'"{word}"'),
            (0.74, "[]"),
            (0.77, chance.choice(["18", "1.5", "true"])),
            (0.86, f'{{ version = "{word}", os = ["{system}"] }}'),
            (0.93, f'{{ version = "{word}" }}'),
            (1.0, f'["{word}", "{chance.choice(_MISE[tool][0])}"]'),
        ]
        value = next(text for limit, text in values if kind < limit)
        lines.append(f"{name} = {value if free or value[0] != '{' else values[0][1]}")
    if free and chance.random() < 0.12:
        lines.append(f"[settings]\nidiomatic_version_file_enable_tools = {_ALL}")
    if free and chance.random() < 0.08:
        lines.append('[tool_alias.node.versions]\nwork = "20.1"\nlts = "18"')
    if chance.random() < 0.02:
        lines.append("[broken")
    return "\n".join([*lines, ""])


def _tool_versions(chance: random.Random) -> str:
    lines = []
    for tool in chance.choices(list(_MISE), k=3):
        name = chance.choice([tool, f"{tool}:", {"node": "nodejs", "go": "golang"}.get(tool, tool)])
        words = " ".join(chance.sample(_MISE[tool][1], chance.choice([0, 1, 1, 2])))
        lines.append(f"{name}{chance.choice([' ', '  ', chr(9)])}{words}{chance.choice(['', ' # c', '#c'])}\n")
    return "".join(lines)
