"""The names of a dotenv file, line by line, so that one bad line hides none of the others.

Values stay here: what leaves is whether there is one, and whether it looks like a secret.
"""

from __future__ import annotations

import re

from devbox.core.errors import ConfigError
from devbox.core.masking import secret_name
from devbox.core.settings_checks import DotenvFile, DotenvName
from devbox.project.env_file import parse_env_file

LINE_LIMIT = 5000
_LOGIN = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def read_names(data: bytes, path: str) -> DotenvFile:
    """The names in a dotenv file, under the grammar of `env_file`. Never raises for what it holds."""
    found: dict[str, DotenvName] = {}
    bad: list[int] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:LINE_LIMIT], 1):
        try:
            pairs = parse_env_file(line.rstrip(b"\r"), path)
        except ConfigError:
            bad.append(number)
            continue
        for name, value in pairs:
            found.pop(name, None)
            secret = secret_name(name) or bool(_LOGIN.search(value))
            found[name] = DotenvName(name, number, empty=not value, secret=secret)
    return DotenvFile(path, tuple(found.values()), tuple(bad))
