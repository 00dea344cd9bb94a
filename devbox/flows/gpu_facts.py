"""Everything that the GPU checks look at, asked at the same time: NVML, the system around it, the engine, the images.

A driver that hangs costs its deadline and one finding; the rest of the facts stand.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from devbox.core.cuda import dotted
from devbox.core.cuda_image import ImageCuda, cuda_of_environment, cuda_of_reference
from devbox.core.cuda_require import requirement_texts
from devbox.core.errors import ConfigError, DevboxError, EngineError
from devbox.core.facts import Origin
from devbox.core.labels import Identity
from devbox.core.masking import Masker
from devbox.core.project import BOX, Project, Service
from devbox.engine.port import Engine
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.probing import run_all
from devbox.host.gpu import gpu_facts
from devbox.host.gpu_runtime import CDI_FOLDERS, runtime_facts
from devbox.host.gpu_system import system_facts
from devbox.host.platform import platform_facts
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.image_refs import images, split_reference

Facts = dict[str, Any]

DEADLINE = 2.0
"""Seconds that driver and engine have; a healthy driver without persistence mode takes about one to wake a GPU."""
_HIDING = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
_LIST_LIMIT = 64


def all_gpu_facts(subject: Subject, view: ProjectView, nvml: Callable[[], Facts] = gpu_facts) -> Facts:
    """The facts of the GPU checks; `problem` is `hangs` where the driver does not answer in time. Never raises for what
    it finds."""
    probes: dict[Hashable, Callable[[], Facts]] = {
        "nvml": nvml,
        "system": lambda: {"system": system_facts(view.machine.env)},
        "runtime": lambda: {"runtime": runtime_facts(CDI_FOLDERS)},
        "around": lambda: {"around": _around(view)},
        "engine": lambda: _engine(subject, view),
    }
    found = {key: value for key, value, _ in run_all(probes, clock=subject.clock, deadline=DEADLINE)}
    late = f"no answer in {DEADLINE:g} s"
    facts = found.get("nvml") or _hangs(late)
    for name in ("system", "runtime", "around"):
        facts |= found.get(name, {})
    facts |= _box(view.project)
    if "engine" in found:
        return {**facts, **found["engine"]}
    return {**facts, "engine": {"reason": f"the engine: {late}"}, "images": _images(view, lambda ref: None)}


def _hangs(late: str) -> Facts:
    names = ("driver", "cuda_driver", "devices")
    return {"problem": "hangs", **dict.fromkeys(names), **{f"{name}_reason": late for name in names}}


def _around(view: ProjectView) -> Facts:
    """What decides how a driver is installed here; asked for again because `--only gpu` runs no platform check."""
    platform = platform_facts(str(view.root), view.machine.env)
    return {name: platform.get(name) for name in ("wsl", "container", "distribution")}


def _box(project: Project | None) -> Facts:
    """What the box says of GPUs: whether it takes one, how many, and the variables that would hide them."""
    box = project.box if project else None
    if project is None or box is None or not (box.image or box.build):
        return {"box_wants_gpu": False, "box_gpus": None, "box_env": {}}
    asked = box.gpu != "none" and (project.gpu is not None or box.gpu != "auto")
    return {
        "box_wants_gpu": asked, "box_gpus": int(box.gpu) if box.gpu.isdecimal() else None,
        "box_env": {name: value for name, value in box.env if name in _HIDING},
    }


def _engine(subject: Subject, view: ProjectView) -> Facts:
    """What the engine says of runtimes and CDI, and the images it has."""
    try:
        engine = subject.connect()
        info = engine.info()
    except EngineError as error:
        return {"engine": {"reason": error.summary}, "images": _images(view, lambda ref: None)}
    devices = info.raw.get("DiscoveredDevices")
    listed = [str(one.get("ID")) for one in devices if isinstance(one, Mapping)] if isinstance(devices, list) else []
    folders = info.raw.get("CDISpecDirs")
    facts: Facts = {
        "endpoint": Masker().mask_text(engine.endpoint.url), "local": engine.endpoint.local, "rootless": info.rootless,
        "runtimes": list(info.runtimes)[:_LIST_LIMIT],
        "cdi_folders": [str(one) for one in folders][:_LIST_LIMIT] if isinstance(folders, list) else [],
        "cdi_devices": [one for one in listed if one.startswith("nvidia.com/")][:_LIST_LIMIT],
    }
    uid = subject.uid

    def environment(ref: str | None) -> Mapping[str, str] | None:
        return _environment(engine, ref or _built(view.project, uid))

    return {"engine": facts, "images": _images(view, environment)}


def _environment(engine: Engine, ref: str | None) -> Mapping[str, str] | None:
    """The variables of an image that the engine has."""
    try:
        found = engine.image(ref) if ref else None
    except DevboxError:
        return None
    return dict(item.partition("=")[::2] for item in found.env) if found else None


def _built(project: Project | None, uid: int) -> str | None:
    """The box's own image, as devbox tags it."""
    if project is None or project.box.build is None:
        return None
    return Identity.of(project.name, project.root, uid).image_ref(BOX, project.mode)


def _images(view: ProjectView, environment: Callable[[str | None], Mapping[str, str] | None]) -> list[Facts]:
    """The image that the box starts from, if it carries CUDA: by its own environment where the engine has it, else by
    its name. `environment(None)` is that of the box's built image, which inherits it."""
    base = _base(view)
    parts = split_reference(base[0]) if base else None
    if base is None or parts is None:
        return []
    ref, origin = base
    named = cuda_of_reference(parts[0], parts[1])
    variables = environment(ref)
    if variables is None:
        built = environment(None)
        variables = built if built is not None and _same(named, cuda_of_environment(built)) else None
    told = cuda_of_environment(variables) if variables else None
    cuda = told or named
    if cuda is None:
        return []
    return [
        {
            "ref": ref, "path": origin.path if origin else None, "line": origin.line if origin else None,
            "cuda": dotted(cuda.version) if cuda.version else None, "source": cuda.source, "reason": cuda.reason,
            "requires": list(requirement_texts(variables)) if variables else [],
        }
    ]


def _same(named: ImageCuda | None, told: ImageCuda | None) -> bool:
    """Whether what was built is still of the CUDA that the Dockerfile names now."""
    if named is None or named.version is None or told is None or told.version is None:
        return named is not None
    size = min(len(named.version), len(told.version), 2)
    return named.version[:size] == told.version[:size]


def _base(view: ProjectView) -> tuple[str, Origin | None] | None:
    """The image that the box is, or that its build's target comes from in the end."""
    box = view.project.box if view.project else None
    if box is None:
        return None
    if box.image:
        return box.image, box.origin_of("image")
    return _from(view, box) if box.build else None


def _from(view: ProjectView, box: Service) -> tuple[str, Origin | None] | None:
    build = box.build
    data = view.machine.files.read(build.dockerfile) if build else None
    if build is None or data is None:
        return None
    try:
        dockerfile = parse_dockerfile(data, view.machine.files.shown(build.dockerfile))
        rows = images(dockerfile, dict(build.args))
    except ConfigError:
        return None  # A finding of its own already.
    stage = dockerfile.stage(build.target) if build.target else dockerfile.stages[-1]
    for _ in rows:
        row = rows[stage.index] if stage else None
        if row is None or row.ref is None:
            return None
        if not row.stage_ref:
            return row.ref, Origin(row.path, row.line)
        stage = dockerfile.stage(row.ref)
    return None
