"""What the box is asked, how its answer is read, and when it is not asked at all; then a real box."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.checks import Wanted
from devbox.core.container_checks import Told
from devbox.core.errors import EngineError
from devbox.core.project import Hooks, Mount
from devbox.engine.port import ContainerInfo, ExecSpec, MountInfo
from devbox.flows import doctor
from devbox.flows.box import api as box
from devbox.flows.box.tools import ask_box, read_answer
from devbox.flows.checks import container
from devbox.flows.doctor_project import view_project
from devbox.flows.workspace import Workspace
from tests.engine.fake import FakeEngine, Program
from tests.flows.box.conftest import Bench

MARK = "devbox-0123"


def test_each_tool_speaks_for_itself_only() -> None:
    output = (
        f"\n{MARK} told python /usr/bin/python3\nPython 3.12.4\ndevbox-9999 told node /x\nv99.0.0\n"
        f"\n{MARK} mounted node /app/bin/node\n\n{MARK} told go /usr/bin/go\nno version\n"
        f"\n{MARK} told nonsense /x\nv1\n"
    )
    told = read_answer(output, MARK)
    assert {tool: (one.path, one.version) for tool, one in told.items()} == {
        "python": ("/usr/bin/python3", "3.12.4"), "node": ("/app/bin/node", None), "go": ("/usr/bin/go", None),
    }  # fmt: skip


def info(**fields: Any) -> ContainerInfo:
    plain: dict[str, Any] = {"exit_code": None, "error": "", "created": "", "started_at": None, "finished_at": None}
    return ContainerInfo(
        **{"id": "c1", "name": "box", "image": "i", "image_ref": "i", "state": "running", "health": None, "labels": {},
           **plain, **fields}
    )  # fmt: skip


def mount(target: str) -> MountInfo:
    return MountInfo("bind", "/src", target, False)


class Recording:
    """An engine that remembers the exec and runs its shell here, in a world of the test's own."""

    def __init__(self) -> None:
        self.specs: list[ExecSpec] = []

    def exec(self, id: str, spec: ExecSpec) -> Any:
        self.specs.append(spec)
        raise EngineError("recorded")


@pytest.mark.parametrize("target", ["/", "/bin", "/usr", "/usr/bin", "/bin/sh", "/usr/bin/env", "/a:b", "/a\nb"])
def test_a_mount_over_the_shell_or_with_an_odd_name_means_that_nobody_is_asked(target: str) -> None:
    engine: Any = Recording()
    assert ask_box(engine, info(mounts=(mount(target),))).reason
    assert engine.specs == []


def test_the_exec_starts_from_an_empty_environment_in_the_root_folder() -> None:
    engine: Any = Recording()
    assert ask_box(engine, info(env=("PATH=/app/bin:bin:/usr/bin", "LD_PRELOAD=/app/x.so"))).reason == "recorded"
    (spec,) = engine.specs
    assert (spec.argv[:2], spec.workdir, spec.tty) == (("/usr/bin/env", "-i"), "/", False)
    assert ("LD_PRELOAD", "") in spec.env
    assert spec.argv[-1] == "/app/bin:/usr/bin", "relative entries are left out"
    assert "python:python3 -I --version" in spec.argv[spec.argv.index("-c") + 1]


def run_script(tmp_path: Path, *mounts: str, path: list[Path]) -> dict[str, Told]:
    """The very argv that a box would get, run by this machine's shell."""
    engine: Any = Recording()
    ask_box(engine, info(mounts=tuple(map(mount, mounts)), env=(f"PATH={':'.join(map(str, path))}",)))
    argv = engine.specs[0].argv
    done = subprocess.run(argv, cwd="/", env={}, capture_output=True, text=True, timeout=20, check=False)
    return read_answer(done.stdout, argv[-3])


def tool(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def test_the_script_asks_what_comes_first_and_never_what_a_mount_brings(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    app = tool(tmp_path / "app/bin", "node", f"touch {canary}; echo v6.6.6")
    system = tool(tmp_path / "system", "node", "echo v20.1.0")
    tool(system, "python3", '[ "$1" = -I ] && echo Python 3.12.4')
    (system / "ruby").symlink_to(app / "node")
    told = run_script(tmp_path, str(tmp_path / "app"), path=[app, system])
    assert {name: one.version for name, one in told.items()} == {"python": "3.12.4", "node": None, "ruby": None}
    assert not canary.exists()
    assert run_script(tmp_path, path=[system])["node"].version == "20.1.0"


def test_the_callers_environment_does_not_reach_the_tools(tmp_path: Path) -> None:
    system = tool(tmp_path / "s p", "node", 'echo "v${SECRET:-1.0.0}"')
    assert run_script(tmp_path, path=[system])["node"].version == "1.0.0"


def inside(workspace: Workspace) -> Any:
    view = view_project(workspace, Wanted())
    return container.GROUP.probe(workspace, replace(view, project=workspace.project))


def test_only_the_running_box_of_a_trusted_folder_is_asked(make_bench: Callable[..., Bench]) -> None:
    engine = FakeEngine()
    engine.add_image("devbox-base:bookworm")
    bench = make_bench(engine, "devbox-base:bookworm")
    asked: list[ExecSpec] = []

    def answer(container: ContainerInfo, spec: ExecSpec) -> Program | None:
        asked.append(spec)
        mark = spec.argv[-3]
        return Program(f"\n{mark} told python /usr/bin/python3\nPython 3.12.4\n".encode())

    assert inside(bench.workspace).reason == "the box is not running"
    bench.run(box.up(bench.workspace))
    engine.on_exec = answer
    untrusted = replace(bench.workspace, trust_granted=None)
    assert inside(untrusted) == container.NOT_TRUSTED
    assert inside(replace(bench.workspace, trust_granted="sha256:00")) == container.NOT_TRUSTED
    assert asked == []
    assert inside(bench.workspace).tools["python"].version == "3.12.4"
    assert len(asked) == 1, "one exec for all tools"


@pytest.mark.engine
def test_a_real_box_is_the_third_column_and_its_mounts_are_not_run(
    real_bench: Callable[..., Bench], base_image: str, tmp_path: Path
) -> None:
    canary = tool(tmp_path / "src/bin", "python3", "touch /app/ran; echo Python 6.6.6") / "../ran"
    (tmp_path / "src").chmod(0o777)
    install = "printf '#!/bin/sh\\necho v20.1.0\\n' > /usr/local/bin/node && chmod +x /usr/local/bin/node"
    bench = real_bench(
        mounts=(Mount(str(tmp_path / "src"), "/app"),), env=(("PATH", "/app/bin:/usr/local/bin:/usr/bin:/bin"),),
        hooks=Hooks(create=(install,)), user="root",
    )  # fmt: skip
    root = Path(bench.workspace.root)
    pins = 'node = "22"\npython = "3"\n'
    (root / "devbox.toml").write_text(f'name = "bench"\n[toolchains]\n{pins}[box]\nimage = "{base_image}"\n')
    bench.run(box.up(bench.workspace))
    report = doctor.run(bench.workspace)
    runs = {row.tool: (row.container_runs, row.container_reason) for row in report.toolchains}
    assert runs["node"] == ("20.1.0", None)
    assert runs["python"] == (None, "/app/bin/python3 lies inside a mount of the box, so it is not run")
    (finding,) = [one for one in report.findings if one.check == "container"]
    assert (finding.id, finding.expected, finding.actual) == ("container.node", "22", "20.1.0")
    assert str(finding.origin) == "devbox.toml:3"
    assert not canary.exists()
    bench.run(box.stop(bench.workspace))
    assert inside(bench.workspace) == container.NOT_RUNNING
