"""What happens behind the keys that work on every screen, and the command palette made of them.

Nothing here runs before the folder is trusted, and nothing that removes runs without a question (security.md 2; tui.md,
Keys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from devbox.core.errors import DevboxError, ExitCode
from devbox.core.present import Tone
from devbox.core.project import BOX
from devbox.tui.app import DevboxApp, show_problem
from devbox.tui.dialogs import PlanSheet, Question, Sheet
from devbox.tui.draw_box import plan_lines, problem_lines
from devbox.tui.keys import KEYS
from devbox.tui.lines import Line, Pen, Span
from devbox.tui.session import Problem, UpPlan, problem_of

_WITHOUT_NAME = {"move", "pane", "back", "close", "confirm", "open"}
"""Keys that only make sense under the fingers; the palette leaves them out."""


def when_trusted(app: DevboxApp, then: Callable[[], None]) -> None:
    """Do it if the folder is trusted, else ask first; the default is no."""
    def answered(yes: bool | None) -> None:
        if not yes:
            return
        try:
            app.session.grant_trust()
        except DevboxError as error:
            show_problem(app, "Trust", problem_of(error))
            return
        then()

    try:
        if app.session.trusted():
            then()
            return
        words = app.session.trust_words()
    except DevboxError as error:
        show_problem(app, "Trust", problem_of(error))
        return
    app.push_screen(
        Question(
            "Do you trust this folder?", words,
            no="no, leave it alone", yes="yes, it may build and run in containers",
        ),
        answered,
    )


def plan_up(app: DevboxApp) -> None:
    """The plan in a dialog; enter runs it."""
    if busy(app):
        return
    sheet = PlanSheet(lambda pen, width: ((pen.tone(Tone.RUNNING), Span(" "), pen.span("working it out", "muted")),))

    def told(plan: UpPlan | None, problem: Problem | None) -> None:
        if not sheet.is_attached:
            return
        if plan is None:
            failed = problem or Problem("the plan could not be made")
            sheet.show_plan(lambda pen, width: problem_lines(failed, pen, width), runnable=False)
        else:
            sheet.show_plan(lambda pen, width: plan_lines(plan, pen, width), runnable=bool(plan.operations))

    def chosen(yes: bool | None) -> None:
        bridge.close()
        if yes:
            when_trusted(app, lambda: app.runs.operate("up", app.session.up))

    app.push_screen(sheet, chosen)
    bridge = app.runs.plan(told)


def rebuild(app: DevboxApp, *, no_cache: bool = False) -> None:
    """Build now and show it on the Build screen."""
    def start() -> None:
        app.runs.operate("rebuild", lambda ask: app.session.rebuild(ask, no_cache=no_cache))
        app.switch_mode("build")

    if not busy(app):
        when_trusted(app, start)


def down(app: DevboxApp, *, volumes: bool = False) -> None:
    """Remove what `up` made; named volumes only after a question that names them."""
    if busy(app):
        return
    if not volumes:
        app.runs.operate("down", lambda ask: app.session.down(ask))
        return
    names = app.box.status.volumes if app.box.status else ()

    def answered(yes: bool | None) -> None:
        if yes:
            app.runs.operate("down", lambda ask: app.session.down(ask, volumes=True))

    app.push_screen(
        Question("Remove the box and its data?", "These volumes go for good: " + (", ".join(names) or "none"),
                 no="no, keep them", yes="yes, remove them"),
        answered,
    )


def restart(app: DevboxApp, service: str) -> None:
    """Restart one service."""
    if not busy(app):
        when_trusted(app, lambda: app.runs.operate("restart", lambda ask: app.session.restart(ask, service)))


def busy(app: DevboxApp) -> bool:
    """Whether an operation runs already; says so."""
    if app.runs.operating and app.run_view is not None:
        app.say(f"{app.run_view.kind} is running; x stops it")
        return True
    return False


def stop_run(app: DevboxApp) -> None:
    """Cancel the running operation after a question."""
    if not app.runs.operating or app.run_view is None:
        app.say("nothing is running")
        return
    kind = app.run_view.kind

    def answered(yes: bool | None) -> None:
        if yes:
            app.runs.stop()

    app.push_screen(
        Question(f"Stop {kind}?", "What is done stays; the next run goes on from there.",
                 no="no, let it run", yes=f"yes, stop {kind}"),
        answered,
    )


def ask_to_leave(app: DevboxApp) -> None:
    """While something runs, quitting means cancelling it."""
    kind = app.run_view.kind if app.run_view else "an operation"

    def answered(yes: bool | None) -> None:
        if yes:
            app.run_worker(app.leave(ExitCode.OK), name="leave", exit_on_error=False)

    app.push_screen(
        Question(f"Quit while {kind} is running?", no="stay", yes=f"cancel {kind} and quit"), answered
    )


def show_keys(app: DevboxApp) -> None:
    """Every key of this screen, from its bindings."""
    order = list(KEYS)
    entries: dict[str, tuple[list[str], str]] = {}
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if binding.tooltip and binding.id in KEYS:
            keys, _ = entries.setdefault(binding.id, ([], binding.tooltip))
            keys.append(app.get_key_display(binding) if binding.key_display else binding.key)

    def lines(pen: Pen, width: int) -> tuple[Line, ...]:
        rows: list[Line] = []
        for id in sorted(entries, key=order.index):
            keys, words = entries[id]
            rows.append((pen.cell(" ".join(dict.fromkeys(keys)), 16, "accent"), pen.span(words)))
        rows.append((pen.cell("^p", 16, "accent"), pen.span("Command palette: every action by name")))
        return tuple(rows)

    app.push_screen(Sheet("Keys", lines))


def palette(app: DevboxApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """Every action by name: the keys of this screen, what has no key, and Textual's themes."""
    yield SystemCommand("Theme", "Change the colours", app.action_change_theme)
    yield SystemCommand("Up", "Box up: shows the plan first", app.action_plan_up)
    yield SystemCommand("Rebuild", "Build now, then recreate what is stale", app.action_rebuild)
    yield SystemCommand("Rebuild without cache", "Run every step again", lambda: app.action_rebuild(no_cache=True))
    yield SystemCommand("Down", "Remove the box; named volumes stay", app.action_down)
    yield SystemCommand("Down with volumes", "Remove the box and its data; asks", lambda: app.action_down(volumes=True))
    yield SystemCommand("Restart the box", "Restart its container", lambda: restart(app, BOX))
    taken = {"app.plan_up", "app.rebuild", "app.down", "app.quit"}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id in KEYS and binding.id.split(".")[0] not in _WITHOUT_NAME and binding.action not in taken:
            taken.add(binding.action)
            node = active.node
            yield SystemCommand(
                binding.tooltip, f"Key {KEYS[binding.id].display or binding.key}",
                lambda action=binding.action, node=node: app.call_later(app.run_action, action, node),
            )
    yield SystemCommand("Quit", "Leave devbox; asks while a build runs", app.action_quit)
