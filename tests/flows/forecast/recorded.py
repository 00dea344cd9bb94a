"""Recorded projects replayed through devbox's own build flow: only the engine and the builder are stand-ins.

The engine answers with the images and cache records that were recorded, the builder with the recorded stream.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import devbox.flows.build_book as book
from devbox.core.build_forecast import BuildForecast
from devbox.core.buildfold import BuildFacts, BuildFold
from devbox.core.events import BuildForeseen
from devbox.core.project import Build
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.port import CacheRecord, Endpoint, EngineInfo, ImageInfo
from devbox.engine.rawjson import RawJsonDecoder
from devbox.engine.replies import cache_record
from devbox.flows.build import BuildOptions
from tests.engine.fake import image_info
from tests.flows.build_bench import BuildBench, Built

DATA = Path(__file__).parents[2] / "data" / "forecast"
SAMPLES = sorted(path.name for path in DATA.iterdir() if path.is_dir())


@dataclass
class RecordedEngine:
    """What dockerd 26.1.5 said then."""

    images: dict[str, Any] = field(default_factory=dict)
    records: list[CacheRecord] = field(default_factory=list)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("unix:///nowhere", "recorded"))

    def image(self, ref: str) -> ImageInfo:
        """One that FROM names, or the one that was built."""
        said = self.images.get(ref)
        if said is None:
            return image_info(ref, id="sha256:built")
        config = {"Shell": said["shell"], "OnBuild": said["onbuild"]}
        return replace(
            image_info(ref, id=said["id"]), layers=tuple(said["layers"]), env=tuple(said["env"]),
            workdir=said["workdir"], user=said["user"], raw={"Config": config},
        )

    def info(self) -> EngineInfo:
        """Its version decides some rules."""
        return EngineInfo("26.1.5", "1.45", "linux", "x86_64", storage_driver="overlay2")

    def cache_records(self) -> tuple[CacheRecord, ...]:
        """All that were made and not pruned."""
        return tuple(self.records)


@dataclass
class RecordedBuilder:
    """Says what buildx said in that build."""

    engine: RecordedEngine
    stream: bytes = b""
    gained: list[CacheRecord] = field(default_factory=list)
    ok: bool = True
    name: str = "recorded"
    limits: tuple[str, ...] = ()
    mounts: bool = True
    session: bool = True
    request: BuildRequest | None = None

    def quick(self, info: EngineInfo) -> None:
        """There is nothing quicker."""

    def build(self, request: BuildRequest) -> RecordedBuilder:
        """Start."""
        self.request = request
        return self

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        assert self.request is not None
        fold, decoder = BuildFold(BuildFacts(stages=self.request.outline.stages)), RawJsonDecoder()
        for message in (*decoder.feed(self.stream), *decoder.finish()):
            fold.apply(message)
        fold.end("ok" if self.ok else "failed", "sha256:built")
        self.engine.records += self.gained
        yield Progress(fold.snapshot())

    def close(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class Replayed:
    """One build of a sample."""

    sample: str
    step: dict[str, Any]
    foreseen: BuildForecast
    built: Built
    seconds: float
    """How long the forecast took."""


def replay(sample: str, folder: Path) -> Iterator[Replayed]:
    """Every build of a sample, the first included."""
    root = folder / sample
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    with tarfile.open(DATA / sample / "project.tar.gz") as archive:
        archive.extractall(root, filter="fully_trusted")
    engine = RecordedEngine()
    builder = RecordedBuilder(engine)
    any_engine: Any = engine
    buildx = folder / f"{sample}-home" / ".docker" / "buildx"
    buildx.mkdir(parents=True)
    (buildx / ".buildNodeID").write_text("recorded")
    bench = BuildBench(root, folder / f"{sample}-home", lambda: any_engine, {}, choose=lambda _: builder)
    for step in json.loads((DATA / sample / "steps.json").read_text("utf-8")):
        for operation in step["operations"]:
            apply(operation, root)
        if step["prune_before_build"]:
            engine.records.clear()
        engine.images = step["images"]
        stream = DATA / sample / "streams" / f"{step['step']}.rawjson.gz"
        builder.stream, builder.ok = gzip.decompress(stream.read_bytes()), step["exit_code"] == 0
        builder.gained = [cache_record(raw) for raw in step["cache_records_new"]]
        said = step["build"]
        bench.service = replace(bench.service, build=Build(
            str(root), str(root / "Dockerfile"), target=said["target"], args=tuple(said["build_args"].items())
        ))
        seconds, built = timed(bench, BuildOptions(no_cache=said["no_cache"], always=True))
        foreseen = next(event.forecast for event in built.events if isinstance(event, BuildForeseen))
        yield Replayed(sample, step, foreseen, built, seconds)


def timed(bench: BuildBench, options: BuildOptions) -> tuple[float, Built]:
    """Run a build and tell how long its forecast took."""
    times: list[float] = []
    look = book.look_ahead

    def measured(*words: Any) -> Any:
        started = time.perf_counter()
        try:
            return (yield from look(*words))
        finally:
            times.append(time.perf_counter() - started)

    book.look_ahead = measured
    try:
        return (built := bench.run(options)) and (sum(times), built)
    finally:
        book.look_ahead = look


def apply(operation: dict[str, Any], root: Path) -> None:
    """One operation on a file, times kept or not as it was recorded."""
    path, kind = root / operation.get("path", ""), operation["op"]
    if kind == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        times = path.stat() if operation.get("keep_mtime") else None
        if path.is_symlink():
            path.unlink()
        path.write_text(operation["text"], newline="")
        path.chmod(int(operation["mode"], 8))
        if times is not None:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif kind == "delete":
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    elif kind == "rename":
        (root / operation["to"]).parent.mkdir(parents=True, exist_ok=True)
        (root / operation["from"]).rename(root / operation["to"])
    elif kind in ("mkdir", "chmod"):
        if kind == "mkdir":
            path.mkdir(parents=True, exist_ok=True)
        path.chmod(int(operation["mode"], 8))
    elif kind == "touch":
        os.utime(path)
    elif kind == "symlink":
        path.unlink(missing_ok=True)
        path.symlink_to(operation["to"])
    else:
        raise ValueError(kind)
