"""Random edits of the files of made-up projects, the ignore file among them."""

from __future__ import annotations

from dataclasses import replace

from tests.flows.forecast.dockerfiles import ENDS, FOLDERS, IGNORE
from tests.flows.forecast.editing import Edit, Editor
from tests.flows.forecast.projects import Entry, Project


def _changed(project: Project, path: str, text: str) -> Project:
    return project.with_file(path, replace(project.files[path], text=text))


def edit_file(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    return Edit("edit", _changed(project, path, f"edited {by.random.randrange(10**9)}\n"), path)


def same_size(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    return Edit("same-size", _changed(project, path, _turned(project.files[path].text)), path)


def same_size_and_time(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    text = _turned(project.files[path].text)
    return Edit("unseen", _changed(project, path, text), path, keep_times=frozenset((path,)))


def _turned(text: str) -> str:
    return text[::-1].strip("\n") + "\n" if text[::-1].strip("\n") + "\n" != text else "x" * (len(text) - 1) + "\n"


def mode(by: Editor, project: Project) -> Edit:
    path = by.random.choice([*by.files(project), *by.files(project, "folder")])
    entry = project.files[path]
    modes = [each for each in ((0o755, 0o700, 0o775) if entry.kind == "folder" else (0o644, 0o755, 0o600, 0o4755))
             if each != entry.mode]
    return Edit("mode", project.with_file(path, replace(entry, mode=by.random.choice(modes))), path)


def rename(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    other = f"{path.rpartition('.')[0]}-{by.random.randrange(99)}.{by.random.choice(ENDS)}"
    return Edit("rename", project.with_file(path, None).with_file(other, project.files[path]), f"{path} {other}")


def add(by: Editor, project: Project) -> Edit:
    folder = by.random.choice((*FOLDERS, "new", "tmp", "src/deep/er"))
    path = f"{folder}/n{by.random.randrange(10**6)}.{by.random.choice((*ENDS, 'log', 'pyc'))}"
    return Edit("add", project.with_file(path, Entry("file", f"{project.id} new {path}\n")), path)


def delete(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    return Edit("delete", project.with_file(path, None), path)


def link(by: Editor, project: Project) -> Edit:
    path = by.random.choice((*by.files(project, "link"), "src/l2", "conf/l3"))
    target = by.random.choice(("f0.py", "f1.txt", "../docs", "/src/core", "missing", "keep.md"))
    return Edit("link", project.with_file(path, Entry("link", target, 0o777)), path)


def kind(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    new = by.random.choice((Entry("folder", mode=0o755), Entry("link", "f0.py", 0o777)))
    return Edit("kind", project.with_file(path, new), path)


def odd(by: Editor, project: Project) -> Edit:
    folder, number = by.random.choice(FOLDERS), by.random.randrange(99)
    path, entry = by.random.choice((
        (f"{folder}/empty{number}", Entry("folder", mode=0o755)), (f"{folder}/pipe{number}", Entry("fifo")),
        (f"{folder}/new\nline{number}", Entry("file", "odd\n")),
        (f"{folder}/sp ace[{number}]*", Entry("file", "odd\n")),
        (f"{folder}/dü{number}", Entry("file", "odd\n")),
    ))
    return Edit("odd", project.with_file(path, entry), repr(path))


def touch(by: Editor, project: Project) -> Edit:
    path = by.random.choice(by.files(project))
    return Edit("touch", project, path, touch=(path,))


def nothing(by: Editor, project: Project) -> Edit:
    return Edit("nothing", project)


def ignore(by: Editor, project: Project) -> Edit:
    rules = list(project.ignore)
    if rules and by.random.random() < 0.4:
        rules.pop(by.random.randrange(len(rules)))
    else:
        rules.insert(by.random.randint(0, len(rules)), by.random.choice((*IGNORE, "src/f*", "**/*.css", "# note")))
    return Edit("ignore", replace(project, ignore=tuple(rules)), " ".join(rules))
