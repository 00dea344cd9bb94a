"""Keep this engine's packet filter rules apart from every other engine's, and remove them without touching those.

Every dockerd uses chains of the same names and flushes them when it starts, so a second engine on a machine breaks the
published ports and the isolation of the first. Ours finds a small script first on its PATH: it gives the chains a name
of this engine and marks each rule with a comment, by which all of them are found again, after a crash too.
The chain DOCKER-USER stays what it is: there administrators filter what any engine forwards.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.programs import find_program, output

_SCRIPT = """\
#!/bin/sh
# Written by devbox (devbox/engine/private/firewall.py): dockerd's chains under a name of this engine, its rules marked.
rule=
for word do
    shift
    case $word in
        DOCKER-USER) ;;
        DOCKER | DOCKER-*) word={mark}${{word#DOCKER}} ;;
        -A | -I | -D | -C | --append | --insert | --delete | --check) rule=yes ;;
    esac
    set -- "$@" "$word"
done
if [ "$rule" ]; then
    set -- "$@" -m comment --comment {mark}
fi
exec {program} "$@"
"""
_FAMILIES = ("iptables", "ip6tables")


def write_scripts(layout: PrivateLayout) -> None:
    """Put the scripts into the folder that comes first on dockerd's PATH."""
    layout.programs.mkdir(mode=0o755, exist_ok=True)
    for family in _FAMILIES:
        program = find_program(family)
        script = layout.programs / family
        if program is None:
            script.unlink(missing_ok=True)
            continue
        script.write_text(_SCRIPT.format(mark=layout.mark, program=shlex.quote(str(program))), encoding="ascii")
        script.chmod(0o755)


def own_bridges(layout: PrivateLayout) -> tuple[str, ...]:
    """The bridges that this engine's rules name: its networks'. To be asked before `remove_rules`."""
    found = (name for family in _FAMILIES for name in bridges_in(_saved(family), layout.mark))
    return tuple(dict.fromkeys((layout.mark, *found)))


def remove_rules(layout: PrivateLayout) -> bool:
    """Remove every rule and chain of this engine; False when some are left."""
    for family in _FAMILIES:
        for table, commands in removals(_saved(family), layout.mark):
            _change(family, table, commands)
    for family in _FAMILIES:
        _drop_unused_user_chain(family)
    return not any(removals(_saved(family), layout.mark) for family in _FAMILIES)


def forward_policy() -> str:
    """The policy of the FORWARD chain, `ACCEPT` where nothing ever set one."""
    match = re.search(r"(?ms)^\*filter$.*?^:FORWARD (\w+)", _saved("iptables"))
    return match[1] if match else "ACCEPT"


def somebody_forwards() -> bool:
    """Whether anybody has rules for forwarding: another engine, virtual machines, a VPN."""
    return "\n-A FORWARD " in _saved("iptables")


def restore_forward_policy(policy: str) -> None:
    """Put the policy back that dockerd changed."""
    if policy in ("ACCEPT", "DROP") and policy != forward_policy():
        _run("iptables", "-P", "FORWARD", policy)


def bridges_in(saved: str, mark: str) -> tuple[str, ...]:
    """Interfaces that marked rules name and that Docker makes: `br-` and 12 hex digits, or the engine's own."""
    marked = (line for line in saved.splitlines() if _is_marked(line, mark))
    names = (name for line in marked for name in re.findall(r" -[io] (br-[0-9a-f]{12}|" + mark + r")(?= )", line))
    return tuple(dict.fromkeys(names))


def removals(saved: str, mark: str) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """By table: the arguments that remove marked rules and then the chains named after the mark, from what
    `iptables-save` printed."""
    plan = []
    for table, body in _tables(saved):
        rules = [shlex.split(line) for line in body if line.startswith("-A ") and _is_marked(line, mark)]
        chains = [line[1:].split(" ")[0] for line in body if re.match(f":{mark}(-| )", line)]
        commands = (
            *(("-D", *rule[1:]) for rule in rules),
            *(("-F", chain) for chain in chains),
            *(("-X", chain) for chain in chains),
        )
        if commands:
            plan.append((table, commands))
    return tuple(plan)


def _tables(saved: str) -> Iterator[tuple[str, list[str]]]:
    table, body = "", list[str]()
    for line in saved.splitlines():
        if line.startswith("*"):
            table, body = line[1:], []
        elif line == "COMMIT":
            yield table, body
        else:
            body.append(line)


def _is_marked(line: str, mark: str) -> bool:
    return f"--comment {mark} " in line + " " or f'--comment "{mark}" ' in line + " "


def _saved(family: str) -> str:
    program = find_program(f"{family}-save")
    return "" if program is None else output([str(program)])


def _change(family: str, table: str, commands: tuple[tuple[str, ...], ...]) -> None:
    for command in commands:
        _run(family, "-t", table, *command)


def _drop_unused_user_chain(family: str) -> None:
    """DOCKER-USER, once no engine jumps to it and nobody put a rule in; iptables itself refuses otherwise."""
    if re.search(r"(?m)^:DOCKER-USER ", _saved(family)) and "DOCKER-USER" not in _used_chains(_saved(family)):
        _run(family, "-X", "DOCKER-USER")


def _used_chains(saved: str) -> set[str]:
    return set(re.findall(r"(?m)^-A (\S+)", saved)) | set(re.findall(r" -[jg] (\S+)", saved))


def _run(family: str, *arguments: str) -> None:
    program = find_program(family)
    if program is not None:
        output([str(program), "--wait", "10", *arguments])
