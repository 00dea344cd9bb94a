"""Rules about .dockerignore: is there one, and does it keep what no image needs from the builder."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.project.rules.context import USELESS
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import View

NOTICED = 1 << 20
"""Bytes of useless files from which on they are a warning."""
_NAMED = 4


def _whole(view: View) -> int | None:
    """The line that takes the whole context, if one does."""
    for _, one in view.instructions("COPY", "ADD"):
        parts = view.sources(one)
        if parts and not one.flag("from") and any(path.rstrip("/") in (".", "") for path in parts.paths):
            return one.line
    for run in view.runs:
        if any(mount.get("type", "bind") == "bind" and not mount.get("from") and
               mount.get("source", mount.get("src", ".")) in (".", "/") for mount in run.mounts):
            return run.line
    return None


def _missing(view: View) -> Iterator[Hit]:
    line = _whole(view)
    if line is not None and view.context is not None and view.context.ignore_file is None:
        size = view.context.size()
        amount = f"{'' if size.complete else 'at least '}{megabytes(size.bytes)}"
        yield Hit(line, f"the whole context is copied ({amount}), and no .dockerignore leaves anything out",
                  hint="add a .dockerignore that names `.git` and what is installed or built", subject=".dockerignore",
                  actual=amount)


def _ineffective(view: View) -> Iterator[Hit]:
    line = _whole(view)
    if line is None or view.context is None:
        return
    size = view.context.size()
    found = [(path, amount) for path, amount in size.useless if amount or size.complete]
    if not found:
        return
    total = sum(amount for _, amount in found)
    named = ", ".join(
        f"{path} ({USELESS[path.rpartition('/')[2]]}, {megabytes(amount)})" for path, amount in found[:_NAMED]
    )
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    about = megabytes(size.bytes) if size.complete else f"at least {megabytes(size.bytes)}"
    names = dict.fromkeys(path.rpartition("/")[2] for path, _ in found)
    yield Hit(
        line, f"the build context sends what no image needs: {named}{more}; in all {about}",
        severity="warn" if total >= NOTICED else "info", subject=view.context.ignore_file or ".dockerignore",
        hint="add to .dockerignore: " + " ".join(f"`**/{name}`" for name in names), actual=megabytes(total),
    )


def megabytes(amount: int) -> str:
    """Bytes for people."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if amount >= size:
            return f"{amount / size:.1f} {unit}"
    return f"{amount} B"


RULES = (Rule("ignore.missing", "warn", _missing), Rule("ignore.ineffective", "warn", _ineffective))
