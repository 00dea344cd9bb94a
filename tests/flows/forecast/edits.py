"""Random edits of made-up projects: what people do to files, Dockerfiles, options and engines between two builds."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.flows.forecast import file_edits as files
from tests.flows.forecast.dockerfiles import NAMES
from tests.flows.forecast.editing import Edit, Editor, Make
from tests.flows.forecast.projects import Project, Stage


def run_text(by: Editor, project: Project) -> Edit | None:
    place = by.a_line(project, "RUN (?!<<)")
    if place is None:
        return None
    stage, number, line = place
    return Edit("run", project.with_line(stage, number, f"{line} # {by.random.randrange(99)}"
                                         if not line.endswith(("EOF", "]", "B")) else line), line)


def space(by: Editor, project: Project) -> Edit | None:
    place = by.a_line(project, "(RUN|COPY|ENV|WORKDIR)")
    if place is None:
        return None
    stage, number, line = place
    word, rest = line.split(" ", 1)
    new = by.random.choice((f"{word}   {rest}", f"{word.lower()} {rest}", f"{word} \\\n  {rest}", f"  {line}",
                            line.replace("\n    ", "\n  ") if "\\\n" in line else f"{line}   "))
    if "<<" in line:
        new = f"{word}   {rest}"
    return Edit("space", project.with_line(stage, number, new), new)


def comment(by: Editor, project: Project) -> Edit:
    stage = by.random.randrange(len(project.stages))
    number = by.random.randint(0, len(project.stages[stage].lines))
    text = f"# note {by.random.randrange(999)}"
    return Edit("comment", _inserted(project, stage, number, text), text)


def inside(by: Editor, project: Project) -> Edit | None:
    """A comment inside a continuation vanishes."""
    place = by.a_line(project, r"(?s)RUN .*\\\n")
    if place is None:
        return None
    stage, number, line = place
    return Edit("comment-inside", project.with_line(stage, number, line.replace("\\\n", "\\\n# why\n", 1)), line)


def insert(by: Editor, project: Project) -> Edit:
    stage = by.random.randrange(len(project.stages))
    line = by.maker(project, stage).line()
    number = by.random.randint(0, len(project.stages[stage].lines))
    return Edit("insert", _inserted(project, stage, number, line), line)


def _inserted(project: Project, stage: int, number: int, line: str) -> Project:
    old = project.stages[stage]
    new = replace(old, lines=(*old.lines[:number], line, *old.lines[number:]))
    return replace(project, stages=(*project.stages[:stage], new, *project.stages[stage + 1 :]))


def remove(by: Editor, project: Project) -> Edit | None:
    place = by.a_line(project, "")
    return None if place is None else Edit("remove", project.with_line(place[0], place[1]), place[2])


def swap(by: Editor, project: Project) -> Edit | None:
    stage = by.random.randrange(len(project.stages))
    lines = list(project.stages[stage].lines)
    if len(lines) < 2:
        return None
    at = by.random.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    new = replace(project.stages[stage], lines=tuple(lines))
    stages = (*project.stages[:stage], new, *project.stages[stage + 1 :])
    return Edit("swap", replace(project, stages=stages), f"{lines[at]} | {lines[at + 1]}")


def value(by: Editor, project: Project) -> Edit | None:
    """Another value, flag, destination or document in a line."""
    place = by.a_line(project, "(ENV|ARG .*=|COPY|ADD|WORKDIR /w|RUN --mount|RUN <<|LABEL)")
    if place is None:
        return None
    stage, number, line = place
    changes = (
        (r"=([abcd1]\d*)( |$)", lambda m: f"={by.random.choice('abc')}9{m[2]}"), (r"--chmod=755", "--chmod=0755"),
        (r"--chmod=755", "--chmod=700"), (r"--chown=1000:1000", "--chown=1000"), (r"--chown=root", "--chown=0:0"),
        (r"/(app|opt)/", "/srv/"), (r"id=own\d", f"id=own{by.random.randrange(5)}"), (r"target=/c\d", "target=/c9"),
        (r",id=token", ",id=token,required=false"), (r"target=/t", "target=/tt"), (r"^COPY --link ", "COPY "),
        (r"^COPY ", "ADD "), (r"deep", "shallow"), (r"plain", "another"), (r"one", "eins"), (r"/w(\w+)", r"/w\1/x"),
        (r"COPY ([^-<\[]\S*) (\S+)$", r'COPY ["\1", "\2"]'), (r"/$", ""), (r"EOF", "END"),
    )
    possible = [change for change in changes if re.search(change[0], line, re.MULTILINE)]
    if not possible:
        return None
    pattern, new = by.random.choice(possible)
    changed = re.sub(pattern, new, line, flags=re.MULTILINE)
    return Edit("value", project.with_line(stage, number, changed), changed)


def stage_name(by: Editor, project: Project) -> Edit:
    """Another name of a stage, everywhere."""
    number = by.random.randrange(len(project.stages))
    old, new = project.stages[number].name, f"n{by.random.randrange(10**6)}"

    def renamed(stage: Stage) -> Stage:
        lines = tuple(re.sub(rf"from={old}\b", f"from={new}", line) for line in stage.lines) if old else stage.lines
        return replace(stage, base=new if stage.base == old else stage.base, lines=lines)

    stages = [renamed(stage) for stage in project.stages]
    stages[number] = replace(stages[number], name=new)
    target = new if project.target == old and old else project.target
    return Edit("stage-name", replace(project, stages=tuple(stages), target=target), f"{old} {new}")


def split(by: Editor, project: Project) -> Edit | None:
    """A stage becomes two, one on the other."""
    number = by.random.randrange(len(project.stages))
    old, name = project.stages[number], f"half{by.random.randrange(10**6)}"
    # Numbers of stages move: then nothing may be named by number.
    if any(stage.name is None for stage in project.stages) or len(old.lines) < 2:
        return None
    at = by.random.randint(1, len(old.lines) - 1)
    # Variables do go on, as a stage takes over the environment of the one it is built on; ARGs do too.
    first, second = Stage(old.base, name, old.lines[:at]), Stage(name, old.name, old.lines[at:])
    stages = (*project.stages[:number], first, second, *project.stages[number + 1 :])
    return Edit("split", replace(project, stages=stages), f"{old.name} {at}")


def argument(by: Editor, project: Project) -> Edit:
    name = by.random.choice((*NAMES, "NOBODY_DECLARED"))
    args = dict(project.args)
    if name in args and by.random.random() < 0.4:
        del args[name]
    else:
        args[name] = f"v{by.random.randrange(4)}"
    return Edit("argument", replace(project, args=args), str(args))


def target(by: Editor, project: Project) -> Edit:
    names = [stage.name or str(number) for number, stage in enumerate(project.stages)]
    return Edit("target", replace(project, target=by.random.choice((*names, None))))


def no_cache(by: Editor, project: Project) -> Edit:
    if by.random.random() < 0.5:
        return Edit("no-cache", replace(project, no_cache=True))
    names = [stage.name for stage in project.stages if stage.name] or ["none"]
    return Edit("no-cache-filter", replace(project, no_cache_filter=(by.random.choice(names),)))


def image(by: Editor, project: Project) -> Edit:
    new = by.random.choice([each for each in "ABCO" if each != project.image])
    return Edit("image", replace(project, image=new), new)


def prune(by: Editor, project: Project) -> Edit | None:
    return Edit("prune", project, prune=True) if by.prunes else None


def revert(by: Editor, project: Project) -> Edit:
    back = by.random.choice(by.past)
    return Edit("revert", replace(back, no_cache=False, no_cache_filter=()))


EDITS: tuple[tuple[int, Make], ...] = (
    (6, files.edit_file), (2, files.same_size), (3, files.same_size_and_time), (3, files.mode), (2, files.rename),
    (3, files.add), (2, files.delete), (2, files.link), (1, files.kind), (2, files.odd), (1, files.touch),
    (2, files.nothing), (3, files.ignore), (3, run_text), (2, space), (2, comment), (1, inside),
    (4, insert), (3, remove), (2, swap), (6, value), (1, stage_name), (1, split), (3, argument), (2, target),
    (1, no_cache), (2, image), (2, prune), (4, revert),
)
