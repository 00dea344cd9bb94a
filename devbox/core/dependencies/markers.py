"""Environment markers, evaluated for the interpreter whose packages are looked at, not for devbox's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Markers:
    """The variables of one interpreter on one machine (PEP 508); remembers what it has evaluated."""

    environment: Mapping[str, str]
    groups: tuple[str, ...] = ()
    """Dependency groups that are installed when nothing is said (PEP 751)."""
    _known: dict[tuple[str, str], bool | None] = field(default_factory=dict)

    def __call__(self, marker: str, extra: str = "") -> bool | None:
        """Whether the marker holds; None where it is malformed or asks for what is not known."""
        if not marker:
            return True
        key = (marker, extra)
        if key not in self._known:
            self._known[key] = self._evaluate(marker, extra)
        return self._known[key]

    def _evaluate(self, marker: str, extra: str) -> bool | None:
        # Deferred: packaging costs 15 ms, and most lock files of other ecosystems need none of it.
        from packaging.markers import Marker

        context: dict[str, object] = {**self.environment, "extra": extra}
        try:
            parsed = Marker(marker)
            if "extras" not in marker and "dependency_groups" not in marker:
                return bool(parsed.evaluate(dict(self.environment) | {"extra": extra}))
            context |= {"extras": frozenset((extra,) if extra else ()), "dependency_groups": frozenset(self.groups)}
            return bool(parsed.evaluate(context, context="lock_file"))  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError, RecursionError):  # InvalidMarker and its kin are ValueErrors
            return None


def marker_environment(
    version: str, *, system: str, machine: str, release: str = "", kernel: str = "", implementation: str = "CPython"
) -> dict[str, str]:
    """The marker variables of an interpreter, as PEP 508 computes them.

    `system` is `Linux` or `Darwin`, `release` and `kernel` are what `uname -r` and `uname -v` say.
    """
    name = {"pypy": "PyPy", "cpython": "CPython", "graalvm": "GraalVM", "graalpy": "GraalVM"}.get(
        implementation.lower(), implementation
    )
    return {
        "implementation_name": name.lower(), "implementation_version": version, "os_name": "posix",
        "platform_machine": machine, "platform_python_implementation": name, "platform_release": release,
        "platform_system": system, "platform_version": kernel, "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": {"Linux": "linux", "Darwin": "darwin"}.get(system, system.lower()),
    }
