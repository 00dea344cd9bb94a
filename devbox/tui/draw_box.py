"""The Box screen as lines: pure functions from snapshot and width to what is painted (tui.md, 2 Box)."""

from __future__ import annotations

from datetime import datetime

from devbox.core.present import Tone, service_tone, service_word
from devbox.core.status import ServiceStatus
from devbox.core.text import duration, shown_name
from devbox.tui.box_state import BoxView, OperationView, RunView
from devbox.tui.draw_doctor import hint_lines
from devbox.tui.draw_forecast import plan_build_lines
from devbox.tui.lines import Line, Pen, Row, Span, wrapped
from devbox.tui.session import Place, Problem, UpPlan

_OWN = "/etc/devbox/"
"""Where devbox mounts what it gives to a box itself, such as the host's CA bundle; not the project's live mounts."""
_OPERATION_TONES = {None: Tone.TO_GO, "started": Tone.RUNNING, "done": Tone.OK, "failed": Tone.ERROR}


def service_rows(view: BoxView, root: str, now: float, pen: Pen, width: int) -> tuple[Row, ...]:
    """Box, sidecars and live mounts as one list with headings."""
    rows: list[Row] = []
    sidecars = False
    for service in view.services:
        if service.role != "box" and not sidecars:
            sidecars = True
            rows.append(_heading("sidecars (private)", pen))
        rows.append(Row(service.name, (_service_line(service, now, pen, width),)))
    mounts = [
        mount for service in view.services for mount in service.mounts
        if mount.kind == "bind" and not mount.target.startswith(_OWN)
    ]
    if mounts:
        rows.append(_heading("live mounts", pen))
    for mount in mounts:
        source = "." + mount.source.removeprefix(root) if mount.source.startswith(root) else mount.source
        text = f"{source} {pen.glyphs.arrow} {mount.target}"
        rows.append(Row(None, ((Span("    "), Span(pen.clip(text, width - 5, middle=True))),)))
    if view.status and view.status.network:
        rows.append(_heading("network", pen))
        rows.append(Row(None, ((Span("    "), Span(pen.clip(view.status.network, width - 5, middle=True), "muted")),)))
    return tuple(rows)


def _heading(text: str, pen: Pen) -> Row:
    return Row(None, ((Span("  "), pen.span(text, "muted")),))


def _service_line(service: ServiceStatus, now: float, pen: Pen, width: int) -> Line:
    tone = service_tone(service.state, service.health, service.exit_code)
    word = service_word(service.state, service.health, service.exit_code)
    since = service.started_at if service.state == "running" else service.finished_at
    age = age_words(since, now)
    name = max(width - 25, 8)
    stale = "!" if service.stale else " "
    return (
        Span("  "), pen.tone(tone), Span(" "), pen.cell(shown_name(service.name), name), Span(stale, "warn"),
        pen.cell(word, 12, tone.value if tone is not Tone.UP else ""), pen.cell(age, 6, "muted", right=True), Span(" "),
    )


def age_words(moment: str | None, now: float) -> str:
    """How long ago, in one unit: `41s`, `3m`, `2h`, `5d`; empty where unknown."""
    if not moment or moment.startswith("0001"):
        return ""
    try:
        then = datetime.fromisoformat(_microseconds(moment)).timestamp()
    except (ValueError, OverflowError):
        return ""
    seconds = max(int(now - then), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _microseconds(moment: str) -> str:
    """The engine writes nanoseconds, which `fromisoformat` refuses before Python 3.12 in some lengths."""
    head, dot, tail = moment.partition(".")
    if not dot:
        return moment
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)].ljust(6, '0')}{tail[digits:]}"


def mount_lines(service: ServiceStatus | None, pen: Pen, width: int) -> tuple[Line, ...]:
    """Every mount of a service as the engine reports it."""
    if service is None or not service.mounts:
        return ((pen.span("no mounts", "muted"),),)
    room = max(width - 26, 10)
    lines: list[Line] = [(pen.cell("kind", 8, "muted"), pen.cell("target", 18, "muted"), pen.span("source", "muted"))]
    for mount in service.mounts:
        flags = " read-only" if mount.read_only else ""
        lines.append((
            pen.cell(mount.kind, 8), pen.cell(mount.target, 17, middle=True), Span(" "),
            Span(pen.clip(mount.source, room - len(flags), middle=True), "muted"), Span(flags, "warn"),
        ))
    return tuple(lines)


def config_lines(service: ServiceStatus | None, view: BoxView, pen: Pen, width: int) -> tuple[Line, ...]:
    """What the service is made of, and what no longer fits the project."""
    if service is None:
        return ((pen.span("nothing selected", "muted"),),)
    arrow = pen.glyphs.arrow
    ports = [f"{port.place} {arrow} {port.container_port}/{port.protocol}" for port in service.ports]
    facts = [
        ("state", service_word(service.state, service.health, service.exit_code)),
        ("image", service.image or "-"),
        ("container", (service.container or "-")[:12]),
        ("ports", ", ".join(ports) or "none published"),
        ("egress", "yes" if service.egress else "no"),
        ("volumes", ", ".join(view.status.volumes) if view.status and view.status.volumes else "none"),
        ("mode", view.status.mode if view.status else "-"),
        ("engine", view.status.engine if view.status else "-"),
    ]
    lines: list[Line] = [
        (pen.cell(name, 11, "muted"), Span(pen.clip(value, max(width - 11, 4), middle=name == "image")))
        for name, value in facts
    ]
    if service.stale:
        lines += [(), (pen.span("stale", "warn"),)]
        for stale in service.stale:
            change = (pen.span(stale.was, "muted"), pen.span(f" {arrow} "), pen.span(stale.now))
            words = (pen.span(f"{stale.field}: "), *change, pen.span(f"  {stale.action}", "accent"))
            lines += wrapped(words, width, indent=2)
    return tuple(lines)


def run_lines(run: RunView | None, pen: Pen, width: int) -> tuple[Line, ...]:
    """What an operation is doing, or how it ended: one line, and the error with its hint where it failed."""
    if run is None:
        return ()
    if run.problem is not None:
        return problem_lines(run.problem, pen, width, before=f"{run.kind} failed: ")
    if run.outcome == "cancelled":
        return ((pen.tone(Tone.CANCELLED), Span(" "), pen.span(f"{run.kind} cancelled", "muted")),)
    if run.running:
        return (_progress(run, pen),)
    warnings = tuple(
        (pen.tone(Tone.WARN), Span(" "), pen.span(note.text)) for note in run.notes if note.severity == "warn"
    )
    total = f" in {duration(run.spent.total)}" if run.spent else ""
    done = len([item for item in run.operations if item.state == "done"])
    words = f"{run.kind} done{total}" if done else f"{run.kind}: nothing to do"
    return ((pen.tone(Tone.OK), Span(" "), pen.span(words)), *warnings)


def _progress(run: RunView, pen: Pen) -> Line:
    started = [item for item in run.operations if item.state == "started"]
    done = sum(item.state == "done" for item in run.operations)
    head: Line = (pen.tone(Tone.RUNNING), Span(" "), pen.span(run.kind, "strong"))
    if run.operations:
        head = (*head, pen.span(f"  {done}/{len(run.operations)}", "muted"))
    if run.waiting is not None:
        seconds = pen.span(f"  {duration(run.waiting.seconds)}", "muted")
        return (*head, pen.span(f"  waiting for {run.waiting.what}"), seconds)
    return (*head, pen.span(f"  {operation_words(started[-1])}")) if started else head


def operation_words(view: OperationView) -> str:
    """`create container box`."""
    return f"{view.operation.kind.replace('-', ' ')} {view.operation.resource}"


def operation_lines(run: RunView, pen: Pen) -> tuple[Line, ...]:
    """Every operation of a run with its state."""
    lines: list[Line] = []
    for item in run.operations:
        seconds = "" if item.seconds is None else duration(item.seconds)
        lines.append((
            pen.tone(_OPERATION_TONES[item.state]), Span(" "), pen.span(operation_words(item)),
            pen.span(f"  {item.detail or item.operation.cause}", "muted"), pen.span(f"  {seconds}", "muted"),
        ))
    return tuple(lines)


def problem_lines(problem: Problem, pen: Pen, width: int, *, before: str = "") -> tuple[Line, ...]:
    """What failed, why, and what to do."""
    where = f" ({problem.where})" if problem.where else ""
    head = (pen.tone(Tone.ERROR), Span(" "), pen.span(before, "error"), pen.span(problem.summary + where, "strong"))
    lines = list(wrapped(head, width, indent=2))
    for part in (problem.detail or "").splitlines()[:12]:
        lines += wrapped((Span("  "), pen.span(part, "muted")), width, indent=2)
    if problem.hint:
        lines += hint_lines(problem.hint, pen, width, indent=2)
    return tuple(lines)


def nothing_lines(place: Place, pen: Pen, width: int) -> tuple[Line, ...]:
    """A directory with nothing to launch, and what could be done about it."""
    lines: list[Line] = list(wrapped((pen.span("Nothing to launch here", "strong"),), width))
    lines += [(Span(pen.clip(place.root, width, middle=True), "muted"),), ()]
    for command, words in (
        ("devbox.toml", "describes a box: `[box]` and below it `dockerfile = \"Dockerfile\"`"),
        ("devbox demo", "shows everything on a small project of its own"),
    ):
        lines += wrapped((pen.cell(command, 14, "accent"), pen.span(words, "muted")), width, indent=14)
    return tuple(lines)


def plan_lines(plan: UpPlan, pen: Pen, width: int) -> tuple[Line, ...]:
    """Findings of severity error first, then what `up` will do, each operation with its cause."""
    lines: list[Line] = []
    for finding in plan.findings:
        lines += wrapped((pen.tone(Tone.ERROR), Span(" "), pen.span(finding.message)), width, indent=2)
        if finding.hint:
            lines += hint_lines(finding.hint, pen, width, indent=2)
    if lines:
        lines.append(())
    if not plan.operations:
        lines.append((pen.tone(Tone.OK), Span(" "), pen.span("nothing to do: everything is as the project asks")))
    for operation in plan.operations:
        words = f"{operation.kind.replace('-', ' ')} {operation.resource}"
        cause = (pen.span(f"  {pen.glyphs.separator} {operation.cause}", "muted"),)
        lines += wrapped((pen.tone(Tone.TO_GO), Span(" "), pen.span(words), *cause), width, indent=4)
    builds = [line for build in plan.builds if plan.operations for line in plan_build_lines(build, pen, width)]
    lines += [(), *builds] if builds else []
    return tuple(lines)


def box_count(view: BoxView, pen: Pen) -> Line:
    """For the header: `▸2/3`, or `✗` where no engine answers."""
    if view.problem is not None:
        return (pen.tone(Tone.ERROR),)
    if not view.services:
        return ()
    role = "up" if view.up else "muted"
    return (Span(pen.glyphs.of(Tone.UP), role), pen.span(f"{view.up}/{len(view.services)}", role))
