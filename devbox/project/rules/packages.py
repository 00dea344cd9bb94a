"""Rules about package managers in RUN: what is pinned, what stays behind, what asks questions, what runs twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.shell import Command
from devbox.project.rules.view import Run, View

_APT = ("apt-get", "apt", "aptitude")
_RPM = ("yum", "dnf", "microdnf", "zypper")
_APT_VALUES = ("-t", "--target-release", "-o", "--option", "-c", "--config-file")
_APK_VALUES = ("-t", "--virtual", "-X", "--repository", "-p", "--root")
_PIP = ("pip", "pip3")
_PIP_VALUES = (
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f",
    "--find-links", "-t", "--target", "--prefix", "--root", "--src", "--trusted-host", "--platform", "--python-version",
    "--only-binary", "--no-binary", "--cache-dir", "--timeout", "--retries", "--log", "--proxy", "--cert",
    "--upgrade-strategy", "--progress-bar", "--report", "--root-user-action", "--implementation", "--abi", "-C",
    "--config-settings",
)
_INSTALLERS = ("pip", "setuptools", "wheel", "build")
"""What a step upgrades in order to install."""
_NPM_VALUES = ("--prefix", "--registry", "--cache", "-C", "--dir", "--loglevel", "--userconfig")


def _verb(command: Command) -> str:
    """The first word that is no option: `install` of `apt-get -y install`."""
    return next(iter(command.operands(*_APT_VALUES)), "")


def _packages(command: Command, verb: str, *with_value: str) -> tuple[str, ...]:
    words = command.operands(*with_value)
    return words[1:] if words[:1] == (verb,) else ()


def pip_of(command: Command) -> Command | None:
    """The command as pip's own: `python -m pip install`, `uv pip install`, `pip3.12 install` too."""
    words = command.words
    if re.fullmatch(r"python[\d.]*", command.name) and words[1:3] == ("-m", "pip"):
        return Command(("pip", *words[3:]))
    if command.name == "uv" and words[1:2] == ("pip",):
        return Command(("pip", *words[2:]))
    return Command(("pip", *words[1:])) if re.fullmatch(r"pip[\d.]*", command.name) else None


def _pip_installs(run: Run) -> Iterator[Command]:
    for command in run.commands:
        pip = pip_of(command)
        if pip is not None and pip.operands(*_PIP_VALUES)[:1] == ("install",):
            yield pip


def _apt_update(view: View) -> Iterator[Hit]:
    for run in view.runs:
        verbs = [_verb(command) for command in run.calls(*_APT)]
        if "update" in verbs and not {"install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep"} & set(verbs):
            yield Hit(run.line, "a cached apt-get update lets a later install ask for packages that are gone",
                      hint="write `apt-get update && apt-get install …` in one RUN")


def _upgrade(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.commands:
            verb = _verb(command)
            apt = command.name in _APT and verb in ("upgrade", "dist-upgrade", "full-upgrade")
            apk = command.name == "apk" and verb == "upgrade"
            rpm = command.name in _RPM and verb in ("upgrade", "update", "dist-upgrade", "dup") and \
                not command.operands()[1:]
            if apt or apk or rpm:
                yield Hit(run.line, f"`{command.name} {verb}` makes each build another image",
                          hint="take a newer base image instead")


def _apt_lists(view: View) -> Iterator[Hit]:
    for run in view.runs_of(*view.shipped):
        verbs = [_verb(command) for command in run.calls(*_APT)]
        text = " ".join(word for command in run.commands for word in command.words)
        if "update" in verbs and not run.caches("/var/lib/apt/lists") and "/var/lib/apt" not in text:
            yield Hit(run.line, "the package lists of apt-get update stay in the image",
                      hint="add `&& rm -rf /var/lib/apt/lists/*` to this RUN")


def _yes(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.commands:
            asks = command.name in (*_APT, *_RPM) and _verb(command) in ("install", "upgrade", "dist-upgrade")
            if asks and not command.has("-y", "--yes", "--assume-yes", "--assumeyes", "--non-interactive", "-n", "-qq"):
                yield Hit(run.line, f"`{command.name} {_verb(command)}` asks, and nobody answers in a build",
                          hint="add `-y`")


def _recommends(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.calls(*_APT):
            text = " ".join(command.words)
            if _verb(command) == "install" and "--no-install-recommends" not in text and \
                    "Install-Recommends" not in text:
                yield Hit(run.line, "apt-get install brings recommended packages along",
                          hint="add `--no-install-recommends`")


def _apt_command(view: View) -> Iterator[Hit]:
    for run in view.runs:
        if any(True for _ in run.calls("apt")):
            yield Hit(run.line, "apt is for people, and its output and options may change", hint="write `apt-get`")


def _system_pin(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.commands:
            if command.name in _APT:
                found, sign = _packages(command, "install", *_APT_VALUES), "="
            elif command.name == "apk":
                found, sign = _packages(command, "add", *_APK_VALUES), "=<>~"
            elif command.name in _RPM:
                found, sign = _packages(command, "install"), "-="
            else:
                continue
            loose = [word for word in found if not any(one in word for one in sign) and _is_name(word)]
            if loose:
                yield Hit(run.line, f"{command.name} installs whatever version is current: {_some(loose)}",
                          hint="write `package=version`, or keep the base image's digest", actual=_some(loose))
                break


def _is_name(word: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+_:-]*", word)) and not word.endswith((".deb", ".rpm", ".apk"))


def _some(words: list[str]) -> str:
    return ", ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else "")


def _apk_cache(view: View) -> Iterator[Hit]:
    for run in view.runs_of(*view.shipped):
        text = " ".join(word for command in run.commands for word in command.words)
        for command in run.calls("apk"):
            if _verb(command) == "add" and not command.has("--no-cache") and not run.caches("/var/cache/apk") \
                    and "/var/cache/apk" not in text:
                yield Hit(run.line, "apk leaves its index in the image", hint="write `apk add --no-cache`")
                break


def _yum_clean(view: View) -> Iterator[Hit]:
    for run in view.runs_of(*view.shipped):
        found = [command for command in run.calls(*_RPM) if _verb(command) == "install"]
        cleaned = any(_verb(command) == "clean" for command in run.calls(*_RPM)) or \
            any("/var/cache" in word for command in run.calls("rm") for word in command.words)
        if found and not cleaned and not any(run.caches(f"/var/cache/{found[0].name}") for _ in "1"):
            yield Hit(run.line, f"{found[0].name} leaves its cache in the image",
                      hint=f"add `&& {found[0].name} clean all` to this RUN")


def _pip_pin(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in _pip_installs(run):
            if command.has("-c", "--constraint", "-U", "--upgrade"):
                continue
            loose = [word for word in command.operands(*_PIP_VALUES)[1:] if _is_loose(word)]
            if loose:
                yield Hit(run.line, f"pip installs whatever version is current: {_some(loose)}",
                          hint="write `package==version`, or install from a locked requirements file",
                          actual=_some(loose))


def _is_loose(word: str) -> bool:
    """A package by name, without a version: not a path, URL, archive, variable or installer."""
    name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?$", word)
    archive = word.endswith((".whl", ".tar.gz", ".zip", ".txt", ".toml"))
    return bool(name) and not archive and word.partition("[")[0].lower() not in _INSTALLERS


def _pip_upgrade(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in _pip_installs(run):
            if not command.has("-U", "--upgrade"):
                continue
            loose = [word for word in command.operands(*_PIP_VALUES)[1:] if not re.search(r"[=<>~@]", word)]
            own = [word for word in loose if word in _INSTALLERS]
            if loose:
                yield Hit(run.line, f"pip upgrades to whatever is newest: {_some(loose)}",
                          severity="info" if own == loose else None, hint=f"write a version: `{loose[0]}==…`",
                          actual=_some(loose))


def _pip_cache(view: View) -> Iterator[Hit]:
    for run in view.runs_of(*view.shipped):
        if "PIP_NO_CACHE_DIR" in view.places[run.line].variables or "PIP_NO_CACHE_DIR" in run.instruction.text:
            continue
        for command in run.commands:
            pip = pip_of(command)
            if pip is None or command.name == "uv" or pip.operands(*_PIP_VALUES)[:1] != ("install",):
                continue
            if not pip.has("--no-cache-dir") and not any(mount.get("type") == "cache" for mount in run.mounts):
                yield Hit(run.line, "pip leaves its cache in the image", hint="add `--no-cache-dir`")
                break


def _npm_pin(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.calls("npm", "pnpm", "yarn"):
            words = command.operands(*_NPM_VALUES)
            if words[:2] == ("global", "add"):
                words = words[1:]
            if words[:1] and words[0] in ("install", "i", "add"):
                loose = [word for word in words[1:] if _is_loose_npm(word)]
                if loose:
                    yield Hit(run.line, f"{command.name} installs whatever version is current: {_some(loose)}",
                              hint="write `package@version`", actual=_some(loose))


def _is_loose_npm(word: str) -> bool:
    name, at, version = word[1:].partition("@") if word.startswith("@") else word.partition("@")
    if not re.fullmatch(r"[a-z0-9._-]+(/[a-z0-9._-]+)?", name) or word.endswith((".tgz", ".tar.gz")) or \
            (name.count("/") and not word.startswith("@")) or name.startswith("."):
        return False
    return not at or version in ("latest", "next", "*")


def _npm_ci(view: View) -> Iterator[Hit]:
    lock = view.context.look("package-lock.json") if view.context else "missing"
    for run in view.runs:
        for command in run.calls("npm"):
            words = command.operands(*_NPM_VALUES)
            if words in (("install",), ("i",)) and not command.has("-g", "--global") and lock == "there":
                yield Hit(run.line, "npm install may change what package-lock.json says", hint="write `npm ci`",
                          expected="npm ci", actual="npm install")


def _gem_pin(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.calls("gem"):
            words = command.operands("-v", "--version", "-n", "--bindir")
            loose = [word for word in words[1:] if ":" not in word and _is_name(word)]
            if words[:1] == ("install",) and loose and not command.has("-v", "--version"):
                yield Hit(run.line, f"gem installs whatever version is current: {_some(loose)}",
                          hint=f"write `gem install {loose[0]}:VERSION`", actual=_some(loose))


def _go_pin(view: View) -> Iterator[Hit]:
    for run in view.runs:
        for command in run.calls("go"):
            words = command.operands("-ldflags", "-tags", "-o", "-mod")
            loose = [word for word in words[1:] if word.endswith("@latest") or
                     ("." in word.partition("/")[0] and "/" in word and "@" not in word and not word.startswith("."))]
            if words[:1] == ("install",) and loose:
                yield Hit(run.line, f"go install takes whatever version is current: {_some(loose)}",
                          hint="write `@v1.2.3`", actual=_some(loose))


RULES = (
    Rule("dockerfile.apt.update", "warn", _apt_update),
    Rule("dockerfile.apt.upgrade", "warn", _upgrade),
    Rule("dockerfile.apt.lists", "info", _apt_lists),
    Rule("dockerfile.apt.yes", "warn", _yes),
    Rule("dockerfile.apt.recommends", "info", _recommends),
    Rule("dockerfile.apt.command", "info", _apt_command),
    Rule("dockerfile.apt.pin", "info", _system_pin),
    Rule("dockerfile.apk.cache", "info", _apk_cache),
    Rule("dockerfile.yum.clean", "info", _yum_clean),
    Rule("dockerfile.pip.pin", "warn", _pip_pin),
    Rule("dockerfile.pip.upgrade", "warn", _pip_upgrade),
    Rule("dockerfile.pip.cache", "info", _pip_cache),
    Rule("dockerfile.npm.pin", "warn", _npm_pin),
    Rule("dockerfile.npm.ci", "info", _npm_ci),
    Rule("dockerfile.gem.pin", "warn", _gem_pin),
    Rule("dockerfile.go.pin", "warn", _go_pin),
)
