"""The words that random projects under mise are made of: versions, names of files, variables, other managers' files."""

from __future__ import annotations

from tests.peers.machines import MISE_INSTALLED, MISE_LINKED

HAVE = {**MISE_INSTALLED, **MISE_LINKED}
WORDS = {
    "node": (
        "18", "20", "20.1", "2", "22.3.0", "v20.1.0", "latest", "lts", "lts/iron", "lts-hydrogen", "prefix:20",
        "prefix:2",
        "sub-2:22", "sub-0.1:20.1", "sub-1:lts", "ref:abc", "system", "^20.0.0", ">=18", "20.x", "99", "lts/*",
        "20.10.0",
        "work", "v21", "21", "path:./nodes/20", "path:~/nodes/20", "node", "-1", "tag:x", "stable", "20.15", "V20",
        "lts/Iron",
        "20.1.0.0", "prefix:v20", "path:${ROOT}/proj/nodes/20", "branch:main", "rev:1", "latest:20", "20-rc", "24.1",
        "old",
    ),
    "python": (
        "3.11", "3.12", "3.13", "3", "3.10.13", "latest", "3.13.0", "3.14", "3.13.0rc2", "9.9", "system",
        "sub-0.1:3.12",
        "python-3.11", "3.13t", "3.1", "prefix:3.11", "3.13.0t", "3.11.*", "anaconda",
    ),
    "go": ("1.20", "1.21", "1", "latest", "prefix:1.20", "1.2", "sub-0.1:1.21", "v1.20", "go1.20"),
    "java": (
        "17", "temurin-17", "temurin", "21", "latest", "temurin-21", "zulu-21.0.1", "temurin-", "temurin-17.0.10",
        "openjdk-17",
        "zulu", "17.0",
    ),
    "ruby": ("3.3", "3.2.2", "3", "ruby-3.3", "latest", "3.3.1"),
}
OTHER_NAMES = {"node": ("nodejs", "core:node"), "go": ("golang", "core:go"), "python": ("core:python",)}
ALL = '["node", "python", "java", "go", "ruby"]'

FILES = (
    "mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml", ".config/mise.toml", ".config/mise/config.toml",
    ".config/mise/mise.toml", ".config/mise/conf.d/a.toml", ".config/mise/conf.d/b.toml", ".mise/config.toml",
    "mise/config.toml", "mise/conf.d/y.toml", "mise/conf.d/z.ci.toml", ".mise/config.local.toml", ".mise/conf.d/x.toml",
    ".mise/conf.d/w.toml", ".config/mise.local.toml", ".config/mise/config.local.toml", ".config/mise/mise.local.toml",
    "mise/config.local.toml", ".rtx.toml", ".rtx.local.toml", "mise/mise.toml", ".mise/mise.toml", ".config/.mise.toml",
    ".config/mise/conf.d/a.local.toml",
)
ENVIRONMENT_FILES = tuple(
    form.format(name)
    for name in ("ci", "dev", "ci.x")
    for form in (
        "mise.{}.toml", ".mise.{}.toml", "mise.{}.local.toml", ".mise.{}.local.toml", ".config/mise.{}.toml",
        ".config/mise/config.{}.toml", ".mise/config.{}.toml", "mise/config.{}.toml",
        ".config/mise/config.{}.local.toml",
        ".mise/config.{}.local.toml", "mise/config.{}.local.toml", ".config/mise.{}.local.toml",
        ".config/mise/mise.{}.toml",
    )
)
IDIOMATIC = {
    ".nvmrc": ("20\n", "v18\n", "lts/*\n", "lts/iron # c\n", "20\nnpm=9\n", "# x\n20#y\n", "node\n", "\n",
    "\ufeff20\n", "18 20\n",
               "lts/jod", "20\r\n18\r\n", "system\n"),
    ".node-version": ("18\n", "22.3.0\n", "v20.1\n", "  20 \n", "lts\n"),
    "package.json": (
        '{"devEngines":{"runtime":{"name":"node","version":"20"}}}', '{"engines":{"node":">=18"}}', "{x", "[]",
        '{"devEngines":{"runtime":[{"name":"node","version":"22.3.0"},{"name":"bun","version":"1"}]}}',
        '{"devEngines":{"runtime":{"name":"node","version":">=18 <22"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":"^20.2.0"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":"99.x || 18"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":"~20.10"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":"*"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":"20.x"}}}',
        '{"devEngines":{"runtime":{"name":"node","version":">=30"}}}',
        '{"devEngines":{"runtime":{"name":"node"}}}', '{"devEngines":{"runtime":{"name":"bun","version":"1"}}}',
        '{"volta":{"node":"20.1.0"}}',
    ),
    ".python-version": ("3.11\n", "3.11.7 3.12.1\n", "# c\n3.12\n", "3.11#x\n", "system\n", "3.13\n3.12\n",
    "python-3.11\n"),
    ".python-versions": ("3.12\n3.11\n", "3.10.13\n"),
    ".java-version": ("17\n", "temurin-17\n", "# c\n21\n", "17.0.2 # c\n"),
    ".sdkmanrc": ("java=17.0.9-tem\n", "# c\njava=21.0.1-zulu\n", "java=17.0.2\n", "gradle=8\n", "java = 17.0.9-tem\n"),
    ".go-version": ("1.20\n", "v1.21.5\n", "go1.20\n"),
    "go.mod": ("module x\n\ngo 1.20\n", "module x\ngo 1.20\ntoolchain go1.21.5\n", "module x\n", "go 1.21 // c\n"),
    ".ruby-version": ("3.3\n", "ruby-3.2.2\n", "v3.3.0\n", "3.2.2@app\n", "# c\n3.2.2\n", "3.3.0 # x\n"),
    "Gemfile": ('source "x"\nruby "3.3.0"\n', "ruby '~> 3.2'\n", "gem 'x'\n", 'ruby file: ".ruby-version"\n',
        "ruby '3.2.2' # c\n"),
}
VARIABLES: dict[str, tuple[float, list[str]]] = {
    "MISE_IDIOMATIC_VERSION_FILE_ENABLE_TOOLS": (0.25, ["node", "node,python", "python,java,go,ruby", "node, ruby",
            "nodejs", ""]),
    "MISE_IDIOMATIC_VERSION_FILE_DISABLE_FILES": (0.04, ["node:.nvmrc", "node:.nvmrc,node:package.json",
            "python:.python-versions"]),
    "MISE_ENV": (0.3, ["ci", "ci", "dev,ci", "ci,dev", "ci.x", "", "ci, dev", "none"]),
    "MISE_PROFILE": (0.02, ["ci"]),
    "MISE_ENVIRONMENT": (0.02, ["ci"]),
    "MISE_NODE_VERSION": (0.08, ["18", "20 22", "99", "", "path:${ROOT}/proj/nodes/20", "  18  20.1", "system",
            "lts"]),
    "MISE_PYTHON_VERSION": (0.03, ["3.11", "3.12.1 3.11"]),
    "MISE_NODEJS_VERSION": (0.02, ["18"]),
    "MISE_GO_VERSION": (0.02, ["1.20"]),
    "MISE_DISABLE_TOOLS": (0.05, ["node", "nodejs", "node,python", " python , go", ""]),
    "MISE_ENABLE_TOOLS": (0.03, ["node", "python,go", ""]),
    "MISE_CEILING_PATHS": (0.06, ["${ROOT}/proj", "${ROOT}", "${ROOT}/home", "~", "${ROOT}/proj/deep:${ROOT}",
            "${ROOT}/proj/"]),
    "MISE_OVERRIDE_CONFIG_FILENAMES": (0.05, ["other.toml:mise.toml", "mise.toml", "",
            ".config/mise.toml:other.toml"]),
    "MISE_OVERRIDE_TOOL_VERSIONS_FILENAMES": (0.05, ["none", "tv", ".tool-versions:tv", ""]),
    "MISE_DEFAULT_CONFIG_FILENAME": (0.04, ["foo.toml", ".config/foo.toml"]),
    "MISE_DEFAULT_TOOL_VERSIONS_FILENAME": (0.04, ["tv"]),
    "MISE_IGNORED_CONFIG_PATHS": (0.06, ["${ROOT}/proj/mise.toml", "${ROOT}/proj", "~/mise.toml", "mise.toml",
            "${ROOT}/proj/deep:${ROOT}/home"]),
    "MISE_GLOBAL_CONFIG_FILE": (0.03, ["${ROOT}/elsewhere/g.toml", "~/mise.toml", "${ROOT}/proj/mise.toml",
            "${ROOT}/none.toml"]),
    "MISE_CONFIG_DIR": (0.02, ["${ROOT}/xdg/mise", "${ROOT}/none"]),
    "XDG_CONFIG_HOME": (0.02, ["${ROOT}/xdg"]),
    "MISE_LOCKFILE": (0.03, ["0", "1", "false", "true"]),
    "MISE_LOCKED": (0.02, ["1"]),
    "MISE_SAFE": (0.03, ["1", "0"]),
    "MISE_PARANOID": (0.02, ["1"]),
    "MISE_YES": (0.02, ["1", "0"]),
    "CI": (0.02, ["true", "1", "false"]),
    "MISE_AUTO_ENV": (0.02, ["1", "0"]),
    "MISE_IDIOMATIC_VERSION_FILE": (0.02, ["0", "1"]),
    "MISE_EXPERIMENTAL": (0.03, ["1"]),
    "MISE_ENV_CONF_D": (0.02, ["1", "0"]),
    "MISE_ASDF_COMPAT": (0.01, ["1"]),
    "MISE_INSTALL_PATH": (0.01, ["/x"]),
    "MISE_DISABLE_BACKENDS": (0.01, ["core"]),
    "MISE_GLOBAL_CONFIG_ROOT": (0.01, ["${ROOT}/proj"]),
    "MISE_PREFER_OFFLINE": (0.02, ["1"]),
}
"""Variable → how often a world has it, and its values."""
