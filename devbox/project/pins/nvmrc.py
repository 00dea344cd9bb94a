"""`.nvmrc` as nvm reads it (spec/toolchains.md 4.1, "Grammar").

Source of the rules: `nvm_process_nvmrc_content` of nvm.sh 0.40.6.
"""

from __future__ import annotations

from devbox.core.frozen import dataclass

NAME = ".nvmrc"
_BLANKS = " \t\r\v\f"


@dataclass(frozen=True, slots=True)
class Nvmrc:
    """The version and its line, or what makes the file invalid."""

    version: str | None
    line: int | None = None
    problem: str | None = None


def parse(data: bytes) -> Nvmrc:
    """Exactly one bare line, besides `key=value` lines of different keys."""
    text = data.replace(b"\0", b"").decode("utf-8", "replace")
    bare: tuple[str, int] | None = None
    keys: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.partition("#")[0].strip(_BLANKS)
        if not content:
            continue
        key, equals, _ = content.partition("=")
        if equals and key:
            name = key.strip(_BLANKS)
            if name == "node":
                return Nvmrc(None, number, "the key `node` is not allowed")
            if name in keys:
                return Nvmrc(None, number, f"the key `{name}` is there twice")
            keys.update(name.split(" "), (name,))
        elif bare is not None:
            return Nvmrc(None, number, "a second version; nvm takes exactly one")
        else:
            bare = (content, number)
    if bare is None:
        return Nvmrc(None, None, "no version in it")
    return Nvmrc(bare[0], bare[1])


def parse_alias(data: bytes) -> str | None:
    """The first meaningful line of an alias file (`nvm_alias`): `#` cuts, only the end is trimmed."""
    for line in data.replace(b"\0", b"").decode("utf-8", "replace").split("\n"):
        content = line.partition("#")[0]
        if content.strip(_BLANKS):
            return content.rstrip(_BLANKS)
    return None
