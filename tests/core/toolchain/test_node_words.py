"""The words of fnm, Volta and asdf."""

from __future__ import annotations

import pytest

from devbox.core.toolchain import asdf, fnm, semver


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("20", "20.10.0"),
        ("v20", "20.10.0"),
        ("20.1", "20.1.0"),
        ("20.1.0", "20.1.0"),
        ("V20.1.0", "20.1.0"),
        ("20.x", "20.10.0"),
        ("20.1.x", "20.1.0"),
        ("21", "21.0.0-rc.1"),
        ("18", None),
        ("20.2.0", None),
    ],
)
def test_fnm_takes_the_newest_that_begins_so(text: str, chosen: str | None) -> None:
    installed = [one for name in ("v20.1.0", "v20.10.0", "v20.9.0", "v21.0.0-rc.1") if (one := semver.parse(name))]
    request = fnm.parse_request(text)
    assert request is not None
    found = fnm.choose(request, installed)
    assert (str(found) if found else None) == chosen


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("lts/*", "lts-latest"),
        ("lts-latest", "lts-latest"),
        ("LTS/Iron", "lts-iron"),
        ("work", "work"),
        (">=18", ">=18"),
    ],
)
def test_fnm_looks_words_up_as_aliases(text: str, alias: str) -> None:
    request = fnm.parse_request(text)
    assert request is not None
    assert (request.kind, request.alias) == ("alias", alias)


@pytest.mark.parametrize("text", ["", "vv20", "20\n18", "20 # c"])
def test_fnm_ignores_what_it_cannot_parse(text: str) -> None:
    assert fnm.parse_request(text) is None


@pytest.mark.parametrize("text", ["20.1.0", "v20.1.0", "20.1.0-rc.1", "20.1.0+build.5", "020.1.0", "v 1.2.3"])
def test_an_exact_version_is_one(text: str) -> None:
    assert semver.parse(text) is not None


@pytest.mark.parametrize(
    "text", ["20", "20.1", ">=18.0.0", "^20.1.0", "20.1.x", "", "latest", "٢.0.0", "1.2.3 ", "9" * 300]
)
def test_everything_else_is_none(text: str) -> None:
    assert semver.parse(text) is None


def test_a_pre_release_stands_before_its_release() -> None:
    words = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1"]
    parsed = [one for word in words if (one := semver.parse(word))]
    assert sorted(parsed, key=lambda one: one.order) == parsed


def test_the_bash_line_of_asdf_runs_the_first_installed_word() -> None:
    assert asdf.bash_choice(["14.0.0", "system"], ["20.9.0"]) == "system"
    assert asdf.bash_choice(["14.0.0"], ["20.9.0"]) is None
    assert asdf.bash_choice(["20.9.0\r"], ["20.9.0"]) == "20.9.0\r"
    assert asdf.bash_choice(["20.9.0"], []) is None


def test_the_go_line_of_asdf_tries_installed_versions_before_system() -> None:
    assert asdf.go_order(["system", "9", "20", "path:/x"], ["20"]) == ("20", "system", "path:/x")


def test_a_version_word_names_one_folder() -> None:
    assert asdf.parse_version("ref:abc:d", bash=True).place == "ref-abc"
    assert asdf.parse_version("ref:abc:d", bash=False).place == "ref-abc:d"
    assert asdf.parse_version("1.2:3", bash=True).place == "1.2"
    assert asdf.parse_version("1.2:3", bash=False).place == "1.2:3"
    assert asdf.variable("my-plugin") == "ASDF_MY_PLUGIN_VERSION"
