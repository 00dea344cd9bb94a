"""Libraries by their names, compilers by what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.host import system_packages
from devbox.host.system_packages import compiler_version, openssl_versions


def test_versions_of_openssl_are_in_the_names_of_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libssl.so.3", "libssl.so.1.1", "libssl.so", "libssl3.so", "libsslx.so.9"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(system_packages, "_folders", lambda: iter([str(tmp_path), str(tmp_path / "gone")]))
    assert openssl_versions() == ("3", "1.1")
    monkeypatch.setattr(system_packages, "_folders", lambda: iter([str(tmp_path / "gone")]))
    assert openssl_versions() == (), "where there is no folder there is no library"
    monkeypatch.setattr(system_packages, "_listed", lambda folder: None)
    assert openssl_versions() is None


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0"),
        ("Apple clang version 15.0.0 (clang-1500.3.9.4)", "15.0.0"),
        ("Debian clang version 14.0.6", "14.0.6"),
        ("GNU Make 4.3", "4.3"),
        ("cmake version 3.25.1", "3.25.1"),
        ("1.6.1", "1.6.1"),
        ("gcc (GCC 13.2.1)", "13.2.1"),
        ("hello", None),
    ],
)
def test_a_compiler_says_its_version(says: str, version: str | None, tmp_path: Path) -> None:
    program = tmp_path / "cc"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    found, reason = compiler_version(str(program))
    assert found == version
    assert (reason is None) is (version is not None)
