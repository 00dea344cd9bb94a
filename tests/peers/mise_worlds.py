"""Random projects under mise: its files at every place that counts, its variables, its own commands."""

from __future__ import annotations

import random
from typing import Any

from tests.peers.mise_words import ALL, ENVIRONMENT_FILES, FILES, HAVE, IDIOMATIC, OTHER_NAMES, VARIABLES, WORDS

Case = dict[str, Any]
_NOT_THESE = 'idiomatic_version_file_disable_files = ["node:.nvmrc", "python:.python-version"]'


def generate(chance: random.Random) -> Case:
    """One machine, one project, one place to stand."""
    trusted = chance.random() < 0.75
    cwd = chance.choice(["proj", "proj", "proj", "proj/deep", "proj/deep/er", "home/proj", "home"])
    folders = [f"{'/'.join(cwd.split('/')[:depth])}/" for depth in range(1, cwd.count("/") + 2)]
    files: dict[str, Any] = {}
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3])):
        folder = chance.choice([*folders, folders[-1], folders[-1], ""])
        files[folder + chance.choice(FILES)] = toml(chance, free=trusted or chance.random() < 0.15)
    if chance.random() < 0.35:
        for _ in range(chance.choice([1, 2, 3])):
            files[chance.choice(folders) + chance.choice(ENVIRONMENT_FILES)] = toml(chance, free=trusted)
    if chance.random() < 0.3:
        files[chance.choice([*folders, "", "home/"]) + ".tool-versions"] = tool_versions(chance)
    _globals(chance, files)
    for name in chance.sample(list(IDIOMATIC), chance.choice([0, 0, 1, 2, 3])):
        files[chance.choice(folders) + name] = chance.choice(IDIOMATIC[name])
    _miserc(chance, files, folders)
    _links(chance, files, folders)
    env = _env(chance, trusted, files)
    installed = {tool: chance.sample(names, chance.randint(0, len(names))) for tool, names in HAVE.items()}
    commands = _commands(chance, files, cwd)
    if chance.random() < 0.3:
        commands.append(["reshim"])
    if chance.random() < 0.2:
        _locks(chance, files)
    _disk(chance, files, installed)
    return {
        "manager": "mise", "cwd": cwd, "env": env, "files": files, "installed": installed, "commands": commands,
        "system": {"node": "14.0.0", "python": "3.8.10"} if chance.random() < 0.9 else {},
    }


def toml(chance: random.Random, *, free: bool) -> str:
    """One configuration; `free` may have what needs trust."""
    lines = []
    if chance.random() < (0.12 if free else 0.03):
        lines.append(
            chance.choice(
                [
                    'min_version = "2024.1.1"', 'min_version = "2099.1.1"', "unknown_key = 1", '[env]\nA = "b"',
                    'min_version = { hard = "2024.1.1", soft = "2099.1.1" }', 'min_version = { hard = "2099.1.1" }',
                    'min_version = "2026.1.0"', "min_version = 1", "min_version = {}", 'min_version = ""',
                    '[env]\nMISE_NODE_VERSION = "18"', '[tasks.x]\nrun = "echo"', '[vars]\na = "b"',
                    '[hooks]\nenter = "x"',
                    "env_file = '.env'", "_.x = 1", "[plugins]", 'min_version = "v2024.1"', 'redactions = ["A"]',
                ]
            )
        )
    lines.append("[tools]")
    for tool in chance.sample(list(WORDS), chance.choice([1, 1, 2, 3])):
        name = chance.choice([tool, tool, tool, *OTHER_NAMES.get(tool, ())])
        lines.append(f"{name if ':' not in name else chr(34) + name + chr(34)} = {_value(chance, tool, free)}")
    if free:
        lines += _tables(chance)
    if chance.random() < 0.015:
        lines.append("[broken")
    return chance.choice(["\n", "\n", "\n", "\r\n"]).join([*lines, ""])


def _value(chance: random.Random, tool: str, free: bool) -> str:
    word, kind = chance.choice(WORDS[tool]), chance.random()
    if kind < 0.6 or (not free and kind < 0.9):
        return f'"{word}"'
    if kind < 0.68:
        return f'["{word}", "{chance.choice(HAVE[tool])}"]'
    if kind < 0.7:
        return "[]"
    if kind < 0.72:
        return chance.choice(["18", "1.5", "true", "{}", '{ os = ["linux"] }', '[["20"]]', '[18, "20"]'])
    system = chance.choice(
        ['["linux"]', '["macos"]', '["linux/x64"]', '["linux/arm64"]', '"linux"', '"macos"', "[]", '["macos", "linux"]',
         '["darwin"]', '["windows"]', '["Linux"]', '["linux-x64"]', '["linux/amd64"]']
    )
    first = chance.choice(
        [f'version = "{word}"'] * 5 + [f'path = "{chance.choice(["./nodes/20", "nodes/20", "~/nodes/20"])}"',
            'ref = "abc"',
                                        f'prefix = "{word}"', f'version = "{word}", path = "./x"']
    )
    also = chance.choice(["", "", f", os = {system}", f", os = {system}", ', postinstall = "x"', ', arch = "x64"',
        ", foo = 1"])
    table = f"{{ {first}{also} }}"
    return table if chance.random() < 0.75 else f'[{table}, "{chance.choice(HAVE[tool])}"]'


def _tables(chance: random.Random) -> list[str]:
    found = []
    settings = chance.choice(
        [
            f"idiomatic_version_file_enable_tools = {ALL}", f"idiomatic_version_file_enable_tools = {ALL}",
            f"idiomatic_version_file_enable_tools = {ALL}",
            'idiomatic_version_file_enable_tools = ["node"]', "idiomatic_version_file_enable_tools = []",
            f"idiomatic_version_file_enable_tools = {ALL}\n{_NOT_THESE}",
            'disable_tools = ["node"]', 'enable_tools = ["python"]', "lockfile = false",
            "idiomatic_version_file = false",
            "legacy_version_file = false", 'disable_tools = ["nodejs"]', "experimental = true", "locked = true",
            'trusted_config_paths = ["/"]', "unknown_setting = 3", "paranoid = true", "quiet = true",
            "enable_tools = []",
            'disable_backends = ["core"]', 'idiomatic_version_file_enable_tools = "node,python"',
            'disable_tools = "node,go"',
            'env = ["ci"]', 'ceiling_paths = ["/"]', 'default_tool_versions_filename = "tv"', "asdf_compat = true",
            "legacy_version_file_disable_tools = ['node']", "node.compile = false", "disable_default_registry = true",
            'ignored_config_paths = ["/"]', 'default_config_filename = "foo.toml"', "prefer_offline = true",
        ]
    )
    if chance.random() < 0.2:
        found.append(f"[settings]\n{settings}")
    if chance.random() < 0.12:
        found.append(
            chance.choice(
                [
                    '[tool_alias.node.versions]\nwork = "20.1"\nlts = "18"', '[alias.node]\nwork = "18"',
                    '[tool_alias.node.versions]\n20 = "18"',
                    '[tool_alias.nodejs.versions]\nwork = "22"', '[alias]\nnode = { versions = { work = "20" } }',
                    '[tool_alias.node.versions]\nwork = "old"\nold = "18"',
                    '[tool_alias.node.versions]\nwork = "prefix:20"',
                    '[tool_alias.node.versions]\nwork = "path:./nodes/20"',
                    '[tool_alias.python.versions]\nanaconda = "3.11"',
                    '[tool_alias]\nnode = "core:node"', '[tool_alias.node]\nbackend = "core:node"',
                    '[tool_alias.node.versions]\nlatest = "18"',
                    '[tool_alias.node.versions]\nwork = "sub-2:22"', '[tool_alias.go.versions]\n"1" = "1.20"',
                ]
            )
        )
    return found


def tool_versions(chance: random.Random) -> str:
    """`.tool-versions` in all its spellings."""
    lines = []
    for tool in chance.choices(list(WORDS), k=chance.choice([1, 2, 3, 4])):
        name = chance.choice([tool, tool, f"{tool}:", *OTHER_NAMES.get(tool, ())])
        words = " ".join(chance.sample(WORDS[tool], chance.choice([0, 1, 1, 1, 2])))
        indent, gap = chance.choice(["", "", " "]), chance.choice([" ", "  ", "\t"])
        end = chance.choice(["", " # c", "#c"])
        lines.append(f"{indent}{name}{gap}{words}{end}")
    return chance.choice(["", "\ufeff", "# head\n", "\n"]) + chance.choice(["\n", "\r\n"]).join([*lines, ""])


def _globals(chance: random.Random, files: dict[str, Any]) -> None:
    for path, likely in (
        ("home/.config/mise/config.toml", 0.25), ("home/.config/mise/conf.d/z.toml", 0.08),
        ("home/.config/mise/conf.d/a.toml", 0.05),
        ("home/.config/mise/config.local.toml", 0.08), ("home/.config/mise/mise.toml", 0.05),
        ("home/.config/mise.toml", 0.05),
        ("home/.config/mise/config.ci.toml", 0.05), ("home/.config/mise/config.ci.local.toml", 0.03),
        ("home/mise.toml", 0.04),
        ("home/.mise.toml", 0.04), ("etc/mise/config.toml", 0.08), ("etc/mise/conf.d/s.toml", 0.05),
        ("etc/mise/mise.toml", 0.02),
        ("home/.config/mise/mise.local.toml", 0.04), ("elsewhere/g.toml", 0.03), ("xdg/mise/config.toml", 0.03),
        ("etc/mise/config.ci.toml", 0.02),
        ("etc/mise/config.local.toml", 0.03), ("home/.config/mise/conf.d/b.ci.toml", 0.02),
        ("home/.tool-versions", 0.03),
    ):
        if chance.random() < likely:
            files[path] = tool_versions(chance) if path.endswith("versions") else toml(chance, free=True)


def _miserc(chance: random.Random, files: dict[str, Any], folders: list[str]) -> None:
    if chance.random() > 0.14:
        return
    place = chance.choice(
        [*(f"{folder}.miserc.toml" for folder in folders), *(f"{folder}.config/miserc.toml" for folder in folders),
         "home/.config/mise/miserc.toml", "etc/mise/miserc.toml", ".miserc.toml"]
    )
    files[place] = chance.choice(
        [
            'env = ["ci"]\n', 'env = ["dev", "ci"]\n', 'ceiling_paths = ["${ROOT}"]\n',
            'ceiling_paths = ["${ROOT}/proj"]\n',
            'ignored_config_paths = ["${ROOT}/proj/mise.toml"]\n',
            'override_config_filenames = ["other.toml", "mise.toml"]\n',
            'override_tool_versions_filenames = ["none"]\n', 'override_tool_versions_filenames = ["tv"]\n',
            "env = 'ci'\n", "env = [\n",
            'env = []\n', 'foo = 1\n', '[env]\nA="b"\n', 'ignored_config_paths = ["mise.toml", "~/x"]\n',
            'default_config_filename = "foo.toml"\n',
            'env = ["{{ env.X }}"]\n', 'ignored_config_paths = ["~/mise.toml"]\n', 'ceiling_paths = ["~"]\n',
            'auto_env = true\n', "env = [1]\n",
        ]
    )


def _links(chance: random.Random, files: dict[str, Any], folders: list[str]) -> None:
    """A configuration that is a link, and a folder where a file should be."""
    if chance.random() < 0.05:
        files[f"{folders[-1]}real.toml"] = toml(chance, free=False)
        files[f"{folders[-1]}mise.toml"] = {"link": "real.toml"}
    if chance.random() < 0.03:
        files[f"{folders[-1]}.mise.toml/x"] = ""
    if chance.random() < 0.1:
        files[chance.choice(["proj/nodes/20/bin/node", "home/nodes/20/bin/node",
                    "proj/nodes/20/node"])] = {"program": "echo v20.0.1"}


def _env(chance: random.Random, trusted: bool, files: dict[str, Any]) -> dict[str, str]:
    env = {name: chance.choice(words) for name, (likely, words) in VARIABLES.items() if chance.random() < likely}
    if trusted:
        env["MISE_TRUSTED_CONFIG_PATHS"] = chance.choice(["${ROOT}", "${ROOT}", "${ROOT}", "/",
                "${ROOT}/proj:${ROOT}/home", "~:${ROOT}/proj"])
    if "other.toml" in env.get("MISE_OVERRIDE_CONFIG_FILENAMES", ""):
        files["proj/other.toml"] = toml(chance, free=trusted)
    if "MISE_DEFAULT_CONFIG_FILENAME" in env:
        files["proj/" + env["MISE_DEFAULT_CONFIG_FILENAME"]] = toml(chance, free=trusted)
    if "tv" in "".join(value for name, value in env.items() if "TOOL_VERSIONS" in name) or chance.random() < 0.02:
        files["proj/tv"] = tool_versions(chance)
    return {"MISE_OFFLINE": "1", "MISE_SYSTEM_CONFIG_DIR": "${ROOT}/etc/mise", **env}


def _commands(chance: random.Random, files: dict[str, Any], cwd: str) -> list[list[str]]:
    """What the user typed before: mise writes its own files and records."""
    found: list[list[str]] = []
    configs = [path for path in files if path.endswith(".toml")]
    if configs and chance.random() < 0.2:
        found.append(["trust", *chance.choice([[], ["--ignore"]]), "${ROOT}/" + chance.choice(configs)])
    if chance.random() < 0.03:
        found.append(["trust", "--all"])
    if chance.random() < 0.12:
        tool = chance.choice(["node", "node", "python", "go"])
        where = chance.choice([[], [], ["--global"], ["--env", "local"], ["--env", "ci"], ["--pin"],
                ["--path", ".tool-versions"]])
        found.append(["use", "--quiet", *where, f"{tool}@{chance.choice(HAVE[tool]).rpartition('.')[0]}"])
    if chance.random() < 0.05:
        found.append(["settings", "idiomatic_version_file_enable_tools=node,python"])
    if chance.random() < 0.04:
        found.append(["tool-alias", "set", "node", "work", "18"])
    return found


def _locks(chance: random.Random, files: dict[str, Any]) -> None:
    """Lock files as older mises wrote them."""
    name = chance.choice(["mise.lock", "mise.lock", "mise.local.lock", "mise.ci.lock", "mise.ci.local.lock"])
    place = chance.choice(["proj/", "proj/", "proj/.config/mise/", "proj/.mise/", "proj/deep/", "home/.config/mise/",
            "proj/.config/"])
    entries = []
    for tool in chance.sample(["node", "node", "python", "go"], chance.choice([1, 1, 2])):
        version = chance.choice([*HAVE[tool], "22.3.1"])
        specifiers = chance.choice(["", "", f'specifiers = ["{chance.choice(WORDS[tool])}"]\n'])
        options = chance.choice(["", "", "", f'[tools.{tool}.options]\nmirror_url = "x"\n'])
        entries.append(f'[[tools.{tool}]]\nversion = "{version}"\nbackend = "core:{tool}"\n{specifiers}{options}')
    head = "lockfile_version = 2\n" if "specifiers" in "".join(entries) and chance.random() < 0.8 else ""
    files[place + name] = chance.choice([head + "".join(entries)] * 9 + ["[broken"])


def _disk(chance: random.Random, files: dict[str, Any], installed: dict[str, Any]) -> None:
    """What an installation that was cut off leaves, and links of earlier days."""
    nodes = installed["node"]
    if chance.random() < 0.05 and "22.3.0" in nodes:
        files["home/.cache/mise/node/22.3.0/incomplete"] = ""
    if chance.random() < 0.05:
        files["home/.local/share/mise/installs/node/23.0.0-rc.1/bin/node"] = {"program": "echo v23.0.0-rc.1"}
    if chance.random() < 0.04:
        files["home/.local/share/mise/installs/node/ref-abc/bin/node"] = {"program": "echo v23.9.9"}
    if chance.random() < 0.03:
        files["home/.local/share/mise/installs/node/19.0.0/README"] = "no program here"
    if chance.random() < 0.02:
        files["home/.local/share/mise/installs/node/20.99.0"] = "a plain file"
