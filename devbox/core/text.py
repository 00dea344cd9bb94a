"""Making outside text safe to show, and splitting it into lines.

`clean()` is the only function that may stand between an outside byte and a terminal, a widget, a log file or an error
message (security.md 4). Pure; knows no terminal and no widget.
"""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 16_384
"""Characters of one shown line; the rest is counted, not shown."""
LINE_BUDGET = 65_536
"""Bytes after which a stream without newline is split all the same."""
_COMBINING_LIMIT = 4
_SGR_PARAMETERS = 16
_PLAIN_SGR = {0, 1, 3, 4, 22, 23, 24, 39, 49, *range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
"""Reset, bold, italic, underline and their ends, the sixteen colours and the defaults."""
_TAB = 8

_SEQUENCE = re.compile(
    r"""
      (?:\x1b\[|\x9b) (?P<csi>[0-?]*) (?P<middle>[ -/]*) (?P<final>[@-~]?)   # CSI, complete or cut off
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]) [^\x07\x1b\x9c]* (?:\x07|\x1b\\|\x9c)  # OSC, DCS, SOS, PM, APC
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])        # their introducer alone: what follows is content
    | \x1b [ -/]+ [0-~]                              # character sets and the like
    | \x1b [0-~]                                     # two-character escapes, ESC c among them
    """,
    re.VERBOSE,
)

_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    "]"
)
_MARKS = re.compile(r"[^\x00-\u02ff]+")


def clean(data: bytes | str, *, colour: bool = False, limit: int = LINE_LIMIT) -> str:
    """One line of outside text as something that can only be seen, never act.

    Escape and control sequences vanish, except (with `colour`) SGR colours, bold, italic and underline, which are reset
    at the end; every other control, bidi, zero-width or tag character becomes a visible glyph; tabs become blanks;
    combining marks are capped; a line longer than `limit` characters ends in a count of the rest (security.md 4.1).
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if len(text) > limit * 4:
        # A 10 MB line must not cost 10 MB of regular expressions; four times leaves room for escape sequences.
        text, dropped = text[: limit * 4], len(text) - limit * 4
    else:
        dropped = 0
    if not (text.isascii() and text.isprintable()):
        text = _defuse(text, colour)
    return _cap(text, limit, dropped)


def clean_block(data: bytes | str, *, colour: bool = False) -> str:
    """Several lines of outside text, each cleaned; lines end at `\\n` only."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    return "\n".join(clean(line, colour=colour) for line in split_lines(raw))


def visible(text: str) -> str:
    """A value that is quoted, with nothing of it left out: an escape sequence shows as characters, as all else."""
    return text if text.isascii() and text.isprintable() else _visible(text)


def _defuse(text: str, colour: bool) -> str:
    # One pass: what a removed sequence leaves side by side must not be read as a sequence again.
    parts: list[str] = []
    position = 0
    kept_colour = False
    for match in _SEQUENCE.finditer(text):
        parts.append(_visible(text[position : match.start()]))
        if colour and (sgr := _keep_sgr(match)):
            parts.append(sgr)
            kept_colour = True
        position = match.end()
    parts.append(_visible(text[position:]))
    return "".join(parts) + ("\x1b[0m" if kept_colour else "")


def _visible(text: str) -> str:
    if "\t" in text:
        text = text.expandtabs(_TAB)
    text = _INVISIBLE.sub(_glyph, text)
    return text if text.isascii() else _MARKS.sub(_cap_marks, text)


def _keep_sgr(match: re.Match[str]) -> str:
    if match["final"] != "m" or match["middle"] or match["csi"] is None:
        return ""
    allowed = _allowed_sgr(match["csi"])
    return f"\x1b[{allowed}m" if allowed else ""


def _allowed_sgr(parameters: str) -> str:
    """The parameters from the allow-list, or nothing: colours, bold, italic, underline and their resets."""
    if not re.fullmatch(r"[0-9;]*", parameters):
        return ""
    codes = [int(code[:4] or 0) for code in parameters.split(";")]
    if len(codes) > _SGR_PARAMETERS:
        return ""
    kept: list[int] = []
    position = 0
    while position < len(codes):
        code = codes[position]
        if code in (38, 48):
            length = {5: 3, 2: 5}.get(codes[position + 1] if position + 1 < len(codes) else -1, 0)
            group = codes[position : position + length]
            if not length or len(group) < length or any(value > 255 for value in group):
                break
            kept += group
            position += length
            continue
        if code in _PLAIN_SGR:
            kept.append(code)
        position += 1
    return ";".join(map(str, kept))


def _glyph(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if 0xFE00 <= code <= 0xFE0F:
        # Emoji presentation selectors carry no text and would litter every npm log.
        return ""
    return f"<U+{code:04X}>"


def _cap_marks(match: re.Match[str]) -> str:
    kept: list[str] = []
    run = 0
    for character in match[0]:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run <= _COMBINING_LIMIT:
            kept.append(character)
    return "".join(kept)


def _cap(text: str, limit: int, dropped: int) -> str:
    if len(text) <= limit and not dropped:
        return text
    if "\x1b" in text:
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        if len(text) <= limit and not dropped:
            return text
    rest = len(text) - limit + dropped if len(text) > limit else dropped
    return f"{text[:limit]} …(+{rest} characters)"


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a whole text: split at `\\n` only, one `\\r` before it removed, no empty last line."""
    lines = [line[:-1] if line.endswith(b"\r") else line for line in data.split(b"\n")]
    if lines and not lines[-1]:
        lines.pop()
    return lines


class LineSplitter:
    """Turns chunks of a stream into lines; a line beyond the byte budget is cut there, so memory stays bounded."""

    def __init__(self, budget: int = LINE_BUDGET) -> None:
        self._budget = budget
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that this chunk completes."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = []
        for line in whole:
            lines += self._cut(line[:-1] if line.endswith(b"\r") else line)
        while len(self._rest) > self._budget:
            lines.append(self._rest[: self._budget])
            self._rest = self._rest[self._budget :]
        return lines

    def flush(self) -> list[bytes]:
        """What is left at the end of the stream."""
        rest, self._rest = self._rest, b""
        return self._cut(rest[:-1] if rest.endswith(b"\r") else rest) if rest else []

    def _cut(self, line: bytes) -> list[bytes]:
        if len(line) <= self._budget:
            return [line]
        return [line[start : start + self._budget] for start in range(0, len(line), self._budget)]


def defuse_ci(line: str) -> str:
    """A line that a CI runner must not take for a workflow command (`::…`, `##[…`); security.md 4.3."""
    stripped = line.lstrip()
    if stripped.startswith("::"):
        return line.replace("::", ": :", 1)
    if stripped.startswith("##["):
        return line.replace("##[", "## [", 1)
    return line


def clip_end(text: str, width: int, ellipsis: str = "…") -> str:
    """At most `width` terminal columns, cut at the end: for commands."""
    if cell_width(text) <= width:
        return text
    return _take(text, max(width - cell_width(ellipsis), 0)) + (ellipsis if width > 0 else "")


def clip_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """At most `width` terminal columns, cut in the middle: for paths, whose ends say most."""
    if cell_width(text) <= width:
        return text
    room = width - cell_width(ellipsis)
    if room < 2:
        return clip_end(text, width, ellipsis)
    head = _take(text, room // 3)
    tail = _take(text[::-1], room - cell_width(head))[::-1]
    return head + ellipsis + tail


def cell_width(text: str) -> int:
    """Terminal columns of cleaned text without SGR."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _take(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += _character_width(character)
        if used > width:
            return text[:index]
    return text


def shown_name(name: str) -> str:
    """A project or service name; with non-ASCII letters its escaped form stands beside it (security.md 4.6)."""
    if name.isascii():
        return clean(name)
    escaped = name.encode("ascii", "backslashreplace").decode("ascii")
    return f"{clean(name)} ({escaped})"


def duration(seconds: float | None) -> str:
    """Seconds for people: `0.1s`, `48.0s`, `1m 58s`, `2h 03m`; `-` where unknown."""
    if seconds is None:
        return "-"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def byte_size(count: int) -> str:
    """Bytes for people, binary units: `512 B`, `1.4 MiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
