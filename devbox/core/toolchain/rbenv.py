"""rbenv, nodenv and jenv: which names a version word may stand for (spec/toolchains.md 4.2, 7, 8).

Pure. Source: `version-name` and `version-file-read` of rbenv 23c3041, nodenv 0e551cc and jenv a771525.
"""

from __future__ import annotations

from devbox.core.version import Range, exact_range, prefix_range


def ruby_names(word: str) -> tuple[str, ...]:
    """The folders that rbenv tries for a word, in its order."""
    return (word, word.removeprefix("ruby-"))


def node_names(word: str) -> tuple[str, ...]:
    """The folders that nodenv tries; the first `v` that it removes may stand anywhere."""
    return (word, word.replace("v", "", 1), word.removeprefix("node-"), word.removeprefix("node-v"))


def java_names(word: str) -> tuple[str, ...]:
    """The folders that jenv tries."""
    return (word, word.removeprefix("java-"))


def ruby_refused(word: str) -> bool:
    """Whether rbenv takes nothing from a file that says this (CVE-2022-35861)."""
    return word == ".." or "/" in word


def node_refused(word: str) -> bool:
    """Whether nodenv takes nothing from a file that says this."""
    return ".." in word


def exact_pin(names: tuple[str, ...]) -> Range | None:
    """The version that a word means: exactly one, even where it looks partial."""
    return next((found for name in names if (found := exact_range(name))), None)


def named_pin(names: tuple[str, ...]) -> Range | None:
    """The versions that a name of jenv's can stand for: it links `17`, `17.0` and `17.0.9` to one JDK."""
    return next((found for name in names if (found := prefix_range(name))), None)
