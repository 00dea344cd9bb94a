"""Shell text split into simple commands, as far as rules look."""

from __future__ import annotations

import pytest

from devbox.project.rules.shell import commands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b && c|d ; e\nf & g || h", ["a b", "c", "d", "e", "f", "g", "h"]),
        ("'a b' \"c d\" e\\ f", ["a b c d e f"]),
        ("A=1 B='x y' cmd --x", ["cmd --x"]),
        ("sudo -u me apt-get update", ["apt-get update"]),
        ("if a; then b; else c; fi", ["a", "b", "c"]),
        ("(a; b) && { c; }", ["a", "b", "c"]),
        ("a 2>&1 >/dev/null &>x", ["a 2>&1 >/dev/null &>x"]),
        ("a $(b | c) d", ["a $(b | c) d"]),
        ("a # b && c\nd", ["a", "d"]),
        ("sh -c 'a && b'; bash -lc \"c\"", ["a", "b", "c"]),
        ("a \\\n  b", ["a b"]),
        ("", []),
        ("&&", []),
        ("'open", ["open"]),
        ("$(", ["$("]),
        ("/usr/bin/env FOO=1 python3 -m pip", ["/usr/bin/env FOO=1 python3 -m pip"]),
    ],
)
def test_words_of_commands(text: str, words: list[str]) -> None:
    assert [" ".join(command.words) for command in commands(text)] == words


def test_pipes_options_and_operands() -> None:
    first, second = commands("curl -fsSL --retry=3 https://x | sh -s -- -y")
    assert (first.piped, second.piped) == (True, False)
    assert (first.has("-s"), first.has("--retry"), first.has("-o")) == (True, True, False)
    assert first.operands() == ("https://x",)
    assert second.name == "sh"
    assert commands("sudo rm x")[0].sudo
