"""Records what the real Go and rustup select in made-up projects: `python -m tests.data.toolchains.record_real`.

Needs `GO` (a Go 1.27 binary in its GOROOT) and `CARGO_BIN` (a folder with rustup's proxies); the network is never
used. Each case holds files, variables and what ran; the tests lay the files out again and compare.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.flows.toolchain_world import World

HERE = Path(__file__).parent
TRIPLE = "x86_64-unknown-linux-gnu"
INSTALLED = ("stable", "1.75.0", "1.75", "1.4.0", "nightly-2024-01-15")
CUSTOM = ("mycustom", "v1.75.0")
NAMES = (
    "stable", "beta", "nightly", "1.75", "1.75.0", "1.4", "1.4.0", "v1.75.0", "nightly-2024-01-15", "mycustom", "none",
    "+x", "stable-x86_64", "stable-gnu", f"1.75.0-{TRIPLE}", f"beta-{TRIPLE}", "1.75.0-i686", "1.75-beta", "a/b", "..",
    "stable/", "", "  1.75.0  ", "1.075.0", "1.1000", "10.1.0",
)
GO_VERSIONS = (
    "1.20", "1.21", "1.21.0", "1.22.3", "1.27", "1.27.3", "1.27rc1", "1.28", "1.28.0", "1.28.2", "1.28rc1", "1.29",
    "1.28.0rc1", "x", "1", "1.27.4", "2.0", "1.028",
)
TOOLCHAINS = (
    "go1.28.0", "go1.28.2", "go1.27.4", "go1.29.0", "go1.28rc1", "go1.28.0-acme", "go1.27.3-acme", "go1.22.3", "go1.20",
)
SETTINGS = (
    "auto", "local", "path", "go1.28.0", "go1.28.0+auto", "go1.22.3+auto", "go1.27.4+path", "local+auto", "x",
    "go1.28.2+x", "+auto", "", "go1.28.0-acme", "1.28.0", "go1.20",
)


def rustup_case(world: World, dice: random.Random) -> dict[str, Any]:
    """Override files of all forms in a folder and its parent, overrides of folders, the variable."""
    files: dict[str, str] = {}

    def table(name: str) -> str:
        return dice.choice((
            f'[toolchain]\nchannel = "{name}"\n', f'[toolchain]\nchannel = "{name}"\ncomponents = ["rustfmt"]\n',
            "[toolchain]\n", "[toolchain]\ncomponents = []\n", '[toolchain]\nprofile = "minimal"\n', "", "x",
            '[toolchain]\npath = "/nonexistent"\n', '[toolchain]\npath = "rel"\n', "[toolchain]\nchannel = 3\n",
            f'[toolchain]\nchannel = "{name}"\npath = "/x"\n', "[other]\nx = 1\n", f'toolchain.channel = "{name}"\n',
            f'\ufeff[toolchain]\nchannel = "{name}"\n',
        ))

    for folder in ("proj", "proj/a"):
        if dice.random() < 0.5:
            name = dice.choice(NAMES)
            files[f"{folder}/rust-toolchain"] = dice.choice(
                (name, f"{name}\n", f"{name}\r\n", f"{name}\n\n", "\n", "", f"# c\n{name}\n", table(name))
            )
        if dice.random() < 0.5:
            files[f"{folder}/rust-toolchain.toml"] = table(dice.choice(NAMES))
    override = f'"${{ROOT}}/{dice.choice(("proj", "proj/a"))}" = "{dice.choice(NAMES[:10])}"\n'
    default = dice.choice((f'default_toolchain = "stable-{TRIPLE}"\n',) * 3 + ("",))
    files["home/.rustup/settings.toml"] = (
        f'version = "12"\n{default}profile = "default"\n\n[overrides]\n{override if dice.random() < 0.3 else ""}'
    )
    env = {"RUSTUP_TOOLCHAIN": dice.choice(NAMES)} if dice.random() < 0.15 else {}
    return {"files": files, "env": env, "cwd": dice.choice(("proj", "proj/a"))}


def go_case(world: World, dice: random.Random) -> dict[str, Any]:
    """go.mod and go.work lines, programs on PATH, settings from the variable and the user's file."""
    files: dict[str, str] = {}

    def module(head: str) -> str:
        text = head
        if dice.random() < 0.9:
            line = dice.choice(("go {}\n",) * 6 + ("go   {} // c\n", "\tgo {}\n", "go {}\ngo 1.22\n", "go {} x\n"))
            text += line.format(dice.choice(GO_VERSIONS))
        if dice.random() < 0.5:
            text += f"toolchain {dice.choice((*TOOLCHAINS, 'default', '1.28.0', 'local', 'gofoo'))}\n"
        return ("\ufeff" if dice.random() < 0.03 else "") + text.replace("\n", dice.choice(("\n",) * 9 + ("\r\n",)))

    files["proj/go.mod"] = module("module example.com/x\n\n")
    if dice.random() < 0.2:
        files["proj/a/go.mod"] = module("module example.com/y\n\n")
    if dice.random() < 0.2:
        files["proj/go.work"] = module("")
    env = {"GOTOOLCHAIN": dice.choice(SETTINGS)} if dice.random() < 0.4 else {}
    if dice.random() < 0.2:
        files["home/.config/go/env"] = f"# c\nGOTOOLCHAIN={dice.choice(SETTINGS)}\n"
    if dice.random() < 0.1:
        env["GOWORK"] = dice.choice(("off", "auto", "/nonexistent/go.work", "${ROOT}/proj/go.work", "rel"))
    programs = [name for name in TOOLCHAINS if dice.random() < 0.5]
    return {"files": files, "env": env, "cwd": dice.choice(("proj", "proj/a")), "programs": programs}


def lay_out(world: World, case: dict[str, Any], manager: str) -> None:
    """The case's files in the world, with the installations that all cases share."""
    (world.root / "proj/a").mkdir(parents=True, exist_ok=True)
    world.cwd = case["cwd"]
    world.env.update(case["env"])
    for path, text in case["files"].items():
        world.file(path, text)
    for name in case.get("programs", ()):
        world.program(f"system/{name}", f"echo 'go version {name} linux/amd64'")
    if manager == "rustup":
        for name in (*(f"{one}-{TRIPLE}" for one in INSTALLED), *CUSTOM):
            folder, short = f"home/.rustup/toolchains/{name}", name.removesuffix(f"-{TRIPLE}")
            world.program(f"{folder}/bin/rustc", f"echo 'rustc {short}'")
            (world.root / folder / "lib").mkdir(exist_ok=True)


def ask(world: World, manager: str) -> str | None:
    """What the real one runs."""
    env = {**world.environment(), "GOPROXY": "off", "GOTELEMETRY": "off", "RUSTUP_AUTO_INSTALL": "0"}
    if manager == "rustup":
        env["RUSTUP_HOME"] = str(world.home / ".rustup")
        argv, pattern = [os.path.join(os.environ["CARGO_BIN"], "rustc"), "--version"], r"rustc (\S+)"
    else:
        (world.root / "system/go").symlink_to(os.environ["GO"])
        argv, pattern = [str(world.root / "system/go"), "version"], r"go version go(\S+)"
    done = subprocess.run(argv, cwd=world.directory, env=env, capture_output=True, text=True, timeout=60)
    match = re.match(pattern, done.stdout) if done.returncode == 0 else None
    return match[1] if match else None


def main() -> None:
    """Write `rustup.json` and `go.json`."""
    for manager, make in (("rustup", rustup_case), ("go", go_case)):
        dice = random.Random(20261125)
        cases = []
        for _ in range(90):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                world = World(Path(folder))
                case = make(world, dice)
                lay_out(world, case, manager)
                cases.append({**case, "runs": ask(world, manager)})
        (HERE / f"{manager}.json").write_text(json.dumps(cases, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
