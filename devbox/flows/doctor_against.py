"""`devbox doctor --against FILE`: another machine's report, read with suspicion, compared with this machine's.

The file is data from elsewhere: bounded before it is parsed, believed in nothing (security.md 3).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from devbox.core.doctor_diff import Difference, differences, seen_here, seen_there
from devbox.core.errors import ConfigError
from devbox.core.findings import DoctorReport
from devbox.core.redaction import Redaction
from devbox.project.json_positions import NESTING_LIMIT, line_of, nesting
from devbox.project.reading import ABSENT, Absent, Refused, read_outside_file

LIMIT = 16 << 20
"""Bytes; the report of a repository of thousands of sub-projects has one or two million."""
SCHEMA = 1
"""The number in `devbox.doctor/1`."""
PARTS = ("layers", "toolchains", "facts", "findings")
"""What is compared; a report has them all, empty or not."""
STDIN = "-"
_SCHEMA = re.compile(r"devbox\.doctor/([0-9]{1,9})")
_EXPECTED = "expected what `devbox doctor --json` printed on the other machine"

Fields = Mapping[str, Any]


def read_other(name: str, directory: Path, stdin: Callable[[int], bytes]) -> Fields:
    """The other machine's report: the JSON object of the file `name`, seen from `directory`, or of stdin for `-`.

    `stdin(limit)` reads at most so many bytes. Raises ConfigError (exit 3) with the file and, where there is one, the
    line: nothing there, not a regular file, too large, not UTF-8, no JSON, no report, or one of a newer devbox.
    """
    shown = "stdin" if name == STDIN else name
    return _document(_text(_content(name, directory, stdin), shown), shown)


def compare(report: DoctorReport, other: Fields, redaction: Redaction) -> tuple[Difference, ...]:
    """What differs between this machine and the other."""
    return differences(seen_here(report), seen_there(other), redaction)


def _content(name: str, directory: Path, stdin: Callable[[int], bytes]) -> bytes | Absent | Refused:
    if name == STDIN:
        data = stdin(LIMIT + 1)
        return data if len(data) <= LIMIT else Refused("too-large", f"more than {LIMIT >> 20} MiB")
    return read_outside_file(os.path.join(directory, name), limit=LIMIT) if name else ABSENT


def _text(content: bytes | Absent | Refused, shown: str) -> str:
    if isinstance(content, Absent):
        hint = "`devbox doctor --json > FILE` on the other machine"
        raise ConfigError("there is no such file", path=shown, hint=hint)
    if isinstance(content, Refused):
        raise ConfigError(f"the file {content.sentence}", path=shown)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"not UTF-8; {_EXPECTED}", path=shown, line=line) from None


def _document(text: str, shown: str) -> Fields:
    if nesting(text) > NESTING_LIMIT:
        raise ConfigError(f"nested deeper than {NESTING_LIMIT}; {_EXPECTED}", path=shown, line=1)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        raise ConfigError(f"not JSON; {_EXPECTED}", path=shown, line=line, column=column) from None
    except (ValueError, RecursionError):
        # A number of more digits than Python turns into one.
        raise ConfigError(f"not JSON that can be read; {_EXPECTED}", path=shown, line=1) from None
    if not isinstance(document, dict):
        raise ConfigError(f"not a JSON object; {_EXPECTED}", path=shown, line=1)
    line_number = line_of(text, "schema") or 1
    schema = document.get("schema")
    found = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if found is None:
        words = f"not a doctor report (`schema` is not devbox.doctor/{SCHEMA}); {_EXPECTED}"
        raise ConfigError(words, path=shown, line=line_number)
    if int(found[1]) > SCHEMA:
        raise ConfigError(
            f"a report of schema {int(found[1])}, from a newer devbox; this one reads up to {SCHEMA}",
            path=shown, line=line_number, hint="use the same version of devbox on both machines",
        )
    if document.get("outcome") == "error":
        raise ConfigError(f"the report of a run that failed; {_EXPECTED}", path=shown, line=line_of(text, "outcome"))
    missing = [part for part in PARTS if part not in document]
    if missing:
        raise ConfigError(f"the report has no {', no '.join(missing)}; {_EXPECTED}", path=shown, line=line_number)
    return document
