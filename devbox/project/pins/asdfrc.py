"""`.asdfrc`: the one setting that decides which files count. Its hooks are shell text and never looked at.

Source: `get_asdf_config_value_from_file` of asdf 0.14.1; asdf 0.20 reads it as INI (spec/toolchains.md 6 and 19).
"""

from __future__ import annotations

import re

_KEY = "legacy_version_file"
_BASH_LINE = re.compile(rf"\s*{_KEY}\s*=\s*(.*)", re.DOTALL)
_GREP_LIMIT = 10
"""Lines that `head` lets through."""


def legacy_for_bash(data: bytes) -> bool | None:
    """Whether other managers' files count; None where this file does not say. Only a plain `yes` is a yes."""
    matches = map(_BASH_LINE.fullmatch, data.replace(b"\0", b"").decode("utf-8", "replace").split("\n"))
    values = [match[1].strip() for match in matches if match][:_GREP_LIMIT]
    said = "\n".join(values).strip("\n")
    return said == "yes" if said else None


def legacy_for_go(data: bytes) -> bool:
    """Whether other managers' files count: the last line outside every section, in any case of letters."""
    said = False
    for line in data.decode("utf-8-sig", "replace").split("\n"):
        content = line.strip()
        if content.startswith("["):
            break
        match = re.match(rf"{_KEY}\s*[=:]\s*([^#;]*)", content)
        if match and match[1].strip().strip("\"'`").lower() in ("yes", "no"):
            said = match[1].strip().strip("\"'`").lower() == "yes"
    return said
