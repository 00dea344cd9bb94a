"""The next step after a pin that is not met: a command for a version, never a word that makes no sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.toolchain.selection import Selection, finish
from devbox.core.toolchain_hints import next_step
from devbox.core.version import Range, exact_range, prefix_range


def hint(
    tool: str, manager: str, *raws: str, wanted: Range | None = None, error: str | None = None, file: str = "pins",
    elsewhere: bool = False, present: bool = False,
) -> str | None:
    declared = tuple(Declared(file, number, raw) for number, raw in enumerate(raws, 1))
    selection = Selection(
        tool, manager, declared, tuple(Pin(tool, one, wanted) for one in declared), error=error, source=file,
        elsewhere=elsewhere, present=present,
    )
    return next_step(selection, finish(selection, lambda program: pytest.fail("nothing to ask")))


@pytest.mark.parametrize(
    ("manager", "tool", "raw", "command"),
    [
        ("pyenv", "python", "3.11", "pyenv install 3.11"), ("nvm", "node", "v20.9.0", "nvm install 20.9.0"),
        ("nodenv", "node", "20.9.0", "nodenv install 20.9.0"), ("rbenv", "ruby", "3.2.2", "rbenv install 3.2.2"),
        ("fnm", "node", "20", "fnm install 20"), ("volta", "node", "20.9.0", "volta install node@20.9.0"),
        ("asdf", "node", "20.9.0", "asdf install nodejs 20.9.0"), ("mise", "go", "1.22", "mise install go@1.22"),
        ("rustup", "rust", "1.75.0", "rustup toolchain install 1.75.0"),
        ("tfenv", "terraform", "1.5.7", "tfenv install 1.5.7"), ("uv", "python", "3.12", "uv python install 3.12"),
        ("sdkman", "java", "17.0.9-tem", "sdk install java 17.0.9-tem"),
    ],
)  # fmt: skip
def test_a_version_names_the_managers_own_command(manager: str, tool: str, raw: str, command: str) -> None:
    version = raw.removeprefix("v")
    expected = f"install {tool} {version} (with {manager}: `{command}`), or change `pins:1`"
    assert hint(tool, manager, raw, wanted=exact_range(version)) == expected
    assert hint(tool, manager, raw, wanted=exact_range(version), present=True) == f"`{command}`, or change `pins:1`"


def test_go_names_its_download_and_the_line_that_decides() -> None:
    both = ("go 1.22.0", "toolchain go1.22.5")
    assert hint("go", "go", *both, wanted=prefix_range("1.22")) == "install go 1.22.5, or change `pins:2`"
    expected = "`go install golang.org/dl/go1.22.5@latest`, or change `pins:2`"
    assert hint("go", "go", *both, wanted=prefix_range("1.22"), present=True) == expected


@pytest.mark.parametrize("raw", ["banana", "latest", "lts/*", "not a range ||| >"])
def test_a_word_that_is_no_version_asks_for_one(raw: str) -> None:
    assert hint("go", "asdf", raw) == "write a version such as `1.22.5` in `pins:1`"


def test_system_asks_for_a_program_or_a_version() -> None:
    text = hint("ruby", "rbenv", "system")
    assert text == (
        "put ruby on `PATH` outside every version manager, or write a version such as `3.3.6` in `pins:1`"
    )


def test_what_is_malformed_asks_for_a_version_and_a_broken_file_for_a_correction() -> None:
    assert hint("node", "nvm", error="malformed", file=".nvmrc") == "write a version such as `22` in `.nvmrc`"
    assert hint("node", "package.json", error="malformed", file="package.json") == "correct `package.json`"


def test_a_range_is_met_by_any_version_in_it() -> None:
    text = hint("npm", "package.json", ">=40", wanted=prefix_range("40"))
    assert text == "install npm in a version that meets `>=40`, or change `pins:1`"


def test_of_an_image_the_tag_changes() -> None:
    text = hint("python", "dockerfile", "mcr.example/python:3.12", elsewhere=True, file="Dockerfile")
    assert text == "change the tag in `Dockerfile:1`"


@given(st.text(max_size=12), st.sampled_from(["nvm", "asdf", "pyenv", "go", "devbox", "package.json", "corepack"]))
def test_no_hint_ever_has_an_empty_word(raw: str, manager: str) -> None:
    text = hint("node", manager, raw) or ""
    assert not any(gap in text for gap in ("``", "  ", " ,"))
