"""Does the project compile sources, and with what: told by its manifests, none of which is evaluated."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from devbox.project.reading import read_project_file

_C = {"": "gcc", "debian": "build-essential", "ubuntu": "build-essential", "alpine": "build-base", "arch": "base-devel"}
_MAKE = {"": "make"}
_CMAKE = {"": "cmake"}
_MESON = {"": "meson"}
_AUTOCONF = {"": "autoconf"}

_BY_NAME: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "Cargo.toml": (("c", _C),),  # rustc links with the C compiler
    "CMakeLists.txt": (("c", _C), ("cmake", _CMAKE)),
    "meson.build": (("c", _C), ("meson", _MESON)),
    "configure.ac": (("c", _C), ("autoconf", _AUTOCONF), ("make", _MAKE)),
    "configure": (("c", _C), ("make", _MAKE)),
    "binding.gyp": (("c", _C), ("make", _MAKE)),
    "Makefile": (("make", _MAKE),),
    "GNUmakefile": (("make", _MAKE),),
}
_BACKENDS = (
    b"scikit_build_core", b"mesonpy", b"maturin", b"setuptools_rust", b"setuptools-rust", b"pybind11", b"cython",
)
"""Words of pyproject.toml's build backend and its requirements that mean compiled extensions."""

PROGRAMS = {
    "c": ("cc", "gcc", "clang"), "make": ("make", "gmake"), "cmake": ("cmake",), "meson": ("meson",),
    "autoconf": ("autoconf",),
}
"""Tool → the programs that serve for it, in this order."""


def needed_tools(root: str, names: Collection[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Tool, the file that asks for it, and the packages that bring it; each tool once. `names` are those at the top."""
    seen: set[str] = set()
    for manifest, tool, packages in _asked(root, names):
        if tool not in seen:
            seen.add(tool)
            yield tool, manifest, packages


def _asked(root: str, names: Collection[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    for manifest, tools in _BY_NAME.items():
        if manifest in names:
            yield from ((manifest, tool, packages) for tool, packages in tools)
    if "pyproject.toml" in names and _mentions(root, "pyproject.toml", b"[build-system]", _BACKENDS):
        yield "pyproject.toml", "c", _C
    if "setup.py" in names and _mentions(root, "setup.py", b"ext_modules", (b"ext_modules",)):
        yield "setup.py", "c", _C


def _mentions(root: str, name: str, section: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether one of the words stands in a file from a section's line to the next section."""
    content = read_project_file(root, name)
    if not isinstance(content, bytes) or section not in content:
        return False
    part = content[content.index(section) :].partition(b"\n[")[0].lower()
    return any(word in part for word in words)
