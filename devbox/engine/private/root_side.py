"""The part of the private engine that runs as root, in a process of its own: under sudo, or started by root.

Reads one request from stdin and tells the news on stdout. stdin stays open as a lifeline: when it ends, the caller has
cancelled or is gone, and the job is undone in order. Asks nothing: the caller has asked.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator

from devbox.core.errors import Cancelled, DevboxError, EngineError, ExhaustedError
from devbox.core.events import Event, Note, OperationChanged
from devbox.core.plan import Operation
from devbox.engine.private import apt, base_image, buildx, daemon
from devbox.engine.private.guard import locked, make_folders, wait_for_lock
from devbox.engine.private.machine import Machine, observe_machine
from devbox.engine.private.request import Done, News, Request, decode_request, encode_news
from devbox.engine.stream import Cancellation


def main() -> None:
    """Do the one job of stdin."""
    # Ctrl-C reaches every process of the terminal, under sudo this one too; the caller decides and closes the lifeline.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        request = decode_request(sys.stdin.readline())
    except (ValueError, KeyError, TypeError):
        _tell(EngineError("the private engine's root side got an unreadable request"))
        return
    cancel = Cancellation()
    threading.Thread(target=_watch_lifeline, args=(cancel,), daemon=True).start()
    try:
        for event in perform(request, cancel):
            _tell(event)
        _tell(Done())
    except Cancelled:
        sys.exit(130)
    except DevboxError as error:
        _tell(error)
    except OSError as error:
        _tell(_os_error(error))
    except Exception as error:  # the last boundary of this process: a bug is told like any other error
        _tell(DevboxError(f"the private engine failed: {error!r}", detail=traceback.format_exc()))


def perform(request: Request, cancel: Cancellation) -> Iterator[Event]:
    """The job, under the engine's lock; needs root."""
    make_folders(request.layout)
    with locked(request.layout) as lock:
        yield from wait_for_lock(lock, cancel, request.timeout)
        machine = observe_machine(dict(request.proxies))
        yield from _ACTIONS[request.action](request, machine, cancel)


def _start(request: Request, machine: Machine, cancel: Cancellation) -> Iterator[Event]:
    layout = request.layout
    yield from _install(request, cancel)
    if request.plugins and buildx.find_buildx(layout) is None:
        yield from _fetch(request, machine, cancel)
    if daemon.is_running(layout):
        yield Note("the private engine runs already")
    else:
        operation = Operation("start-engine", layout.url, "it does not run")
        yield from _timed(operation, daemon.start_daemons(layout, dict(request.proxies), cancel))
    daemon.give_to(layout, request.uid, request.gid)


def _stop(request: Request, machine: Machine, cancel: Cancellation) -> Iterator[Event]:
    operation = Operation("stop-engine", request.layout.url, "asked for")
    yield OperationChanged(operation, "started")
    began = time.monotonic()
    daemon.clear(request.layout)
    yield OperationChanged(operation, "done", time.monotonic() - began)


def _make_base_archive(request: Request, machine: Machine, cancel: Cancellation) -> Iterator[Event]:
    yield from _install(request, cancel)
    if base_image.archive_path(request.layout, request.suite).exists():
        return
    name = base_image.image_name(request.suite)
    operation = Operation("build-base-image", name, "no image registry answers")
    yield from _timed(operation, base_image.make_archive(request.layout, machine, request.suite, cancel))


_ACTIONS = {"start": _start, "stop": _stop, "base-archive": _make_base_archive}


def _install(request: Request, cancel: Cancellation) -> Iterator[Event]:
    if request.install:
        operation = Operation("install-packages", " ".join(request.install), "not installed yet")
        work = apt.install(request.install, request.optional, dict(request.proxies), cancel)
        yield from _timed(operation, work)


def _fetch(request: Request, machine: Machine, cancel: Cancellation) -> Iterator[Event]:
    """A missing buildx is no reason to have no engine: builds then go through the classic builder, which is said."""
    operation = Operation("fetch-tools", " ".join(request.plugins), "the system has no docker buildx 0.13 or newer")
    try:
        yield from _timed(operation, buildx.fetch_plugins(request.layout, machine, request.plugins, cancel))
    except DevboxError as error:
        yield Note(f"no buildx: {error.summary}; builds fall back to the classic builder", "warn")


def _timed(operation: Operation, work: Iterable[Event]) -> Iterator[Event]:
    """An operation's news around those of its work."""
    began = time.monotonic()
    yield OperationChanged(operation, "started")
    try:
        yield from work
    except DevboxError as error:
        yield OperationChanged(operation, "failed", time.monotonic() - began, error.summary)
        raise
    yield OperationChanged(operation, "done", time.monotonic() - began)


def _watch_lifeline(cancel: Cancellation) -> None:
    sys.stdin.read()
    cancel.cancel()


def _tell(news: News) -> None:
    try:
        sys.stdout.write(encode_news(news) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The caller is gone; the lifeline ends the job. Without this, the interpreter would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _os_error(error: OSError) -> DevboxError:
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return ExhaustedError(f"the private engine needs more of this machine: {error.strerror}{where}")
    return DevboxError(f"the private engine failed: {error.strerror}{where}", detail=traceback.format_exc())
