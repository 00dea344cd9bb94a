"""Terraform as tfenv selects it (spec/toolchains.md 12)."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import tfenv as rules
from devbox.core.toolchain.selection import Program, Selection
from devbox.core.version import exact_range, is_full_version
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import tfenv as layout
from devbox.host.program import commands
from devbox.project.pins import terraform_version

_TOOL = "terraform"
_VARIABLE = "TFENV_TERRAFORM_VERSION"
_CODE = (".tf", ".tf.json")


@dataclass(frozen=True, slots=True)
class _Source:
    """What decides."""

    path: str | None = None
    """As shown; None where nothing is written anywhere."""
    word: Declared | None = None
    unread: bool = False
    """There is a file, and devbox does not use its content."""


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `terraform` is under tfenv; nothing where there is neither tfenv nor a file for it."""
    tfenv = layout.find(machine.env, machine.home)
    source = _source(machine, tfenv)
    declared = (source.word,) if source.word else ()
    selection = Selection(
        tool=_TOOL, manager="tfenv", declared=declared, source=source.path,
        pins=tuple(Pin(_TOOL, word, exact_range(word.raw)) for word in declared),
    )
    if not tfenv.present:
        return (replace(selection, present=False, runs=machine.on_path(_TOOL)),) if declared else ()
    if source.unread:
        reason = f"devbox does not use the content of `{source.path}`"
        return (replace(selection, undecided=reason, notes=(reason,)),)
    if source.word is None:
        return (replace(selection, error="no-version", detail="tfenv then runs nothing"),)
    auto_install = (machine.env.get("TFENV_AUTO_INSTALL") or "true") == "true"
    choice = rules.choose(
        source.word.raw, tfenv.own_folders(), auto_install=auto_install, code=_code(machine, source.word.raw)
    )
    return (_decided(machine, tfenv, selection, choice),)


def _source(machine: Machine, tfenv: layout.Tfenv) -> _Source:
    value = machine.env.get(_VARIABLE) if tfenv.present else None
    if value:
        return _Source(f"env:{_VARIABLE}", Declared(f"env:{_VARIABLE}", None, value))
    path = machine.files.nearest_of_any_kind(terraform_version.NAME, _start(machine))
    if path is None and tfenv.present:
        path = machine.files.nearest_of_any_kind(terraform_version.NAME, machine.home)
        path = path or os.path.join(tfenv.config, "version")
    if path is None or machine.files.size(path) is None:
        return _Source()
    shown = machine.files.shown(path)
    if not machine.files.is_file(path):
        return _Source(shown)
    data = machine.files.read(path)
    if data is None:
        return _Source(shown, unread=True)
    word = terraform_version.parse(data, utf8=machine.utf8)
    return _Source(shown, Declared(shown, word.line, word.text) if word else None)


def _start(machine: Machine) -> str:
    return os.path.join(machine.cwd, machine.env.get("TFENV_DIR") or "")


def _code(machine: Machine, word: str) -> tuple[str, ...]:
    """The texts of the Terraform files; read only for the two words that look at them."""
    if word not in ("min-required", "latest-allowed"):
        return ()
    folder = os.path.normpath(_start(machine))
    names = [name for name in machine.files.names(folder) if not name.startswith(".")]
    paths = [os.path.join(folder, name) for end in _CODE for name in names if name.endswith(end)]
    texts = (machine.files.read(path) for path in paths if machine.files.is_file(path))
    return tuple(text.decode("utf-8", "replace") for text in texts if text is not None)


def _decided(machine: Machine, tfenv: layout.Tfenv, selection: Selection, choice: rules.Choice) -> Selection:
    if choice.undecided:
        return replace(selection, undecided=choice.undecided, notes=(f"`{selection.source}`: {choice.undecided}",))
    if choice.version is None:
        return replace(selection, error=choice.error, detail=choice.detail)
    if tfenv.versions.folder(choice.version) is None:
        plain = re.fullmatch(r"[0-9][0-9A-Za-z.-]*", choice.version)
        return replace(
            selection, error="missing", detail=f"tfenv has no version `{choice.version}`",
            hint=f"`tfenv install {choice.version}`" if plain else None,
        )
    selected = replace(selection, resolved_all=(choice.version,), via="managed")
    path = tfenv.versions.program(choice.version, commands(_TOOL), below=("",))
    if path is None:
        return replace(selected, expected_program=False)
    runs = Program(_TOOL, path, named=choice.version if is_full_version(choice.version) else None)
    return replace(selected, runs=runs, shadow=answering_instead(machine, runs, "tfenv", tfenv.root))
