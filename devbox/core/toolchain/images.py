"""Which tool and version the name and tag of a container image stand for (spec/toolchains.md 13 and 14).

Pure. A convention of image makers, not a rule: the leading dotted number of the tag, compared as a prefix.
"""

from __future__ import annotations

import re

from devbox.core.version import Range, prefix_range

_TOOLS = {
    "python": "python", "node": "node", "golang": "go", "go": "go", "ruby": "ruby", "rust": "rust",
    "eclipse-temurin": "java", "openjdk": "java", "amazoncorretto": "java", "java": "java",
    "ibm-semeru-runtimes": "java",
    "javascript-node": "node", "typescript-node": "node", "dotnet": "dotnet", "sdk": "dotnet", "terraform": "terraform",
}
"""Last part of an image's name → tool."""
_OWN_VERSION = re.compile(r"(?:dev-)?(?:[0-9]+(?:\.[0-9]+){0,2}-(?=[0-9]))?")
"""Images made for dev containers carry their own version before the tool's: `1-3.11-bookworm`."""

FEATURES = {
    "node": "node", "python": "python", "go": "go", "golang": "go", "rust": "rust", "java": "java", "ruby": "ruby",
    "dotnet": "dotnet", "terraform": "terraform",
}
"""Last part of a feature's name → tool."""


def tool_of(name: str) -> str | None:
    """The tool of an image's name, or None."""
    last = name.rpartition("/")[2]
    return None if last == "sdk" and "dotnet" not in name else _TOOLS.get(last)


def tag_range(name: str, tag: str | None) -> Range | None:
    """The versions that the tag promises; None for a tag that moves (`latest`, `slim`)."""
    text = tag or ""
    if "devcontainers/" in name:
        text = _OWN_VERSION.sub("", text, count=1)
    return prefix_range(text)


def feature_range(version: str) -> Range | None:
    """The versions that a feature's option asks for; None for words (`latest`, `lts`, `none`)."""
    return prefix_range(version)
