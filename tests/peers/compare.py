"""What devbox says of a world against what its manager said: the sentences that disagree, none where all agrees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World

Answer = Mapping[str, Any]


def mise(world: World, case: Mapping[str, Any], answer: Answer) -> list[str]:
    """Selection, declarations, what is missing and what runs, of every tool; or the reason of every failure."""
    rows = world.rows("mise")
    if answer["error"] is not None:
        errors = {row.error for row in rows.values()}
        selected = [row.resolved_all for row in rows.values() if row.resolved_all or row.satisfied is not False]
        wrong = [f"error {errors}, mise: {answer['error']}"] if errors - {answer["error"]} else []
        return wrong + ([f"selected {selected} although mise fails"] if selected else [])
    wrong = []
    # Where a prefix has no match, mise stops resolving the tool's list, and would ask the network if it might.
    unresolved = set(re.findall(r"Failed to resolve tool version list for (\S+):", answer["said"]))
    for tool, said in answer["tools"].items():
        if tool in unresolved:
            continue
        # A version that is empty selects the folder of all versions: mise lists it, and nothing runs.
        if any(raw for _, raw in said["declared"]):
            row = rows.get(tool)
            found = _mise_tool(world, case, row, said) if row else iter(("no row",))
            wrong += [f"{tool}: {sentence}" for sentence in found]
    left_out = {tool: row for tool, row in rows.items() if tool not in answer["tools"] and tool not in unresolved}
    return wrong + [f"{tool}: mise leaves it out" for tool, row in left_out.items() if row.error != "missing"]


def _mise_tool(world: World, case: Mapping[str, Any], row: ToolchainRow, said: Answer) -> Iterator[str]:
    declared = {(_full(world, pin.path), pin.raw) for pin in row.declared}
    # `mise ls` lists a version once, however often it is asked for.
    if not {(path, raw) for path, raw in said["declared"]} <= declared:
        yield f"declared {declared}, mise: {said['declared']}"
    selected = {case["system"].get(tool) if tool == "system" else tool for tool in said["selected"] if tool != "system"}
    if "system" in said["selected"]:
        selected |= {case["system"].get(row.tool)} - {None}
    if set(row.resolved_all) != selected:
        yield f"selected {row.resolved_all}, mise: {said['selected']}"
    if (row.error == "missing") != bool(said["missing"]):
        yield f"error {row.error}, mise lacks {said['missing']}"
    if said["missing"] and row.satisfied is not False:
        yield f"satisfied {row.satisfied}, mise lacks {said['missing']}"
    if row.host_runs != said["runs"]:
        yield f"runs {row.host_runs}, mise: {said['runs']}"


def nvm(world: World, case: Mapping[str, Any], answer: Answer) -> list[str]:
    """What `nvm use` selects and what then runs; the same once more with the PATH that it leaves."""
    row = world.rows("nvm")["node"]
    wrong = [] if row.host_runs == answer["runs"] else [f"runs {row.host_runs}, nvm: {answer['runs']}"]
    if answer["file"] is None:
        return wrong
    if row.error != answer["error"]:
        wrong.append(f"error {row.error}, nvm: {answer['error']} {answer['said']}")
    if (row.satisfied is False) != (answer["error"] is not None):
        wrong.append(f"satisfied {row.satisfied}, nvm: {answer['error']}")
    if answer["used"] is not None:
        used = case["system"].get("node") if answer["used"] == "system" else answer["used"].removeprefix("v")
        if row.resolved != used:
            wrong.append(f"resolved {row.resolved}, nvm: {used}")
        if [_full(world, pin.path) for pin in row.declared] != [answer["file"]]:
            wrong.append(f"declared {row.declared}, nvm: {answer['file']}")
        world.env["PATH"] = answer["path"]
        active = world.rows("nvm")["node"]
        if (active.host_runs, active.satisfied, active.shadowed_by) != (answer["runs"], True, None):
            wrong.append(f"active: {active.host_runs} {active.satisfied} {active.shadowed_by}, nvm: {answer['runs']}")
    return wrong


def pyenv(world: World, case: Mapping[str, Any], answer: Answer) -> list[str]:
    """What `pyenv version-name` selects and what `python` is; the same with its shims on PATH."""
    row, system = world.rows("pyenv")["python"], case["system"].get("python")
    selected = [system if name == "system" else name for name in answer["selected"]]
    wrong = []
    if list(row.resolved_all) != [name for name in selected if name]:
        wrong.append(f"selected {row.resolved_all}, pyenv: {selected}")
    if row.host_runs != answer["runs"]:
        wrong.append(f"runs {row.host_runs}, pyenv: {answer['runs']}")
    stuck = "cannot change working directory" in answer["said"]
    expected = "malformed" if stuck else "missing" if answer["missing"] else None
    if system and (row.error if row.error != "refused" else None) != expected:
        wrong.append(f"error {row.error}, pyenv: {expected}")
    if answer["missing"] and row.satisfied is not False:
        wrong.append(f"satisfied {row.satisfied}, pyenv lacks something")
    if "shim" in answer:
        shims = world.root / case["root"] / "shims"
        world.env["PATH"] = f"{shims}:{world.root}/system:{world.root}/ordinary"
        active = world.rows("pyenv")["python"]
        if (active.host_runs, active.shadowed_by) != (answer["shim"], None):
            wrong.append(f"shim: {active.host_runs} {active.shadowed_by}, pyenv: {answer['shim']}")
    return wrong


def _full(world: World, path: str) -> str:
    return path if path.startswith(("/", "env:")) else str(world.directory / path)
