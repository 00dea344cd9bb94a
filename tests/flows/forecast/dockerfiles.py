"""Random projects: stages, instructions of every kind, files they take (spec/buildkit.md 4.2)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from devbox.project.ignore import IgnoreRules, Verdict, parse_ignore
from tests.flows.forecast.projects import Entry, Project, Stage

FOLDERS = ("src", "conf", "docs", "src/core", "assets")
ENDS = ("py", "txt", "md", "ini", "css")
NAMES = ("MODE", "VERSION", "FLAVOUR", "API_TOKEN")
IGNORE = ("*.log", "**/*.pyc", "tmp", "docs/*", "!docs/keep.md", "/assets/x*", "# a comment")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the engine's own Dockerfile frontend understands."""

    heredocs: bool
    """Documents and `COPY --link`: engines from 23 on."""


@dataclass
class Maker:
    """Makes lines of one project."""

    random: random.Random
    dialect: Dialect
    files: dict[str, Entry]
    ignore: tuple[str, ...]
    id: str
    earlier: list[str]
    """Names of stages that may be copied from."""
    count: int = 0

    def line(self) -> str:
        """Any instruction that can stand in a stage."""
        makers: list[tuple[int, Callable[[], str]]] = [
            (6, self.run), (8, self.copy), (2, self.add), (1, self.env), (2, self.arg), (1, self.workdir),
            (1, self.label), (1, self.user), (1, self.shell), (2, self.mounted), (3 if self.earlier else 0, self.take),
            (2 if self.dialect.heredocs else 0, self.document),
        ]
        weights = [weight for weight, _ in makers]
        return self.random.choices([maker for _, maker in makers], weights)[0]()

    def number(self) -> str:
        """One that no other line of any project has."""
        self.count += 1
        return f"{self.count}{self.id}"

    def path(self) -> str:
        """Something of the context that is there and sent."""
        rules = parse_ignore("\n".join(self.ignore))
        sent = [
            path for path, entry in self.files.items()
            if entry.kind in ("file", "folder") and not set(path) & set("*[\n ") and not ignored(rules, path)
        ]
        return self.random.choice([*sorted(sent), ".", "."])

    def run(self) -> str:
        number, choose = self.number(), self.random.choice
        return choose((
            f"RUN echo {self.id} > /run{number}",
            f"RUN echo m=$MODE v=${{VERSION:-none}} > /run{number}",
            f"RUN mkdir -p /out && \\\n    echo fixed{self.id} > /out/id && \\\n    true",
            "RUN mkdir -p /out && find /app /opt -type f 2>/dev/null | sort | xargs -r cat | sha256sum > /out/id",
            f"RUN [\"/bin/sh\", \"-c\", \"echo {number}\"]",
            f"RUN head -c 8 /dev/urandom > /out{number}; mkdir -p /out; cp /out{number} /out/id",
            "RUN mkdir -p /out && ls -R /app 2>/dev/null | wc -l > /out/id",
        ))

    def copy(self) -> str:
        choose, number = self.random.choice, self.number()
        flags = choose(("", "", "", "--chown=1000:1000 ", "--chmod=755 ", "--chown=root "))
        if self.dialect.heredocs and self.random.random() < 0.25:
            flags += "--link "
        several = f"{choose(FOLDERS)}/*.{choose(ENDS)}"
        return choose((
            f"COPY {flags}{self.path()} /app/c{number}", f"COPY {flags}{self.path()} /opt/d{number}/",
            f"COPY {flags}{several} /opt/g{number}/", f"COPY {flags}[\"{self.path()}\", \"/app/j{number}\"]",
            f"COPY {flags}{choose(FOLDERS)} {choose(FOLDERS)} /app/two{number}/",
            f"COPY {flags}s?c/co* /app/q{number}/",
            f"COPY {flags}{self.path()} rel{number}/",
        ))

    def add(self) -> str:
        return f"ADD {self.path()} /opt/a{self.number()}/"

    def env(self) -> str:
        return f"ENV {self.random.choice(NAMES)}={self.random.choice('abc')} E{self.number()}=x"

    def arg(self) -> str:
        name = self.random.choice(NAMES)
        return self.random.choice((f"ARG {name}", f"ARG {name}=d{self.random.randrange(3)}"))

    def workdir(self) -> str:
        return f"WORKDIR {self.random.choice((f'/w{self.id}', 'sub', '/', f'/w{self.id}/deep', '/app'))}"

    def label(self) -> str:
        return self.random.choice(("LABEL a=1", "EXPOSE 80", 'CMD ["true"]', "VOLUME /v", "STOPSIGNAL TERM"))

    def user(self) -> str:
        return self.random.choice(("USER root", "USER 0", "USER root:root"))

    def shell(self) -> str:
        return self.random.choice(('SHELL ["/bin/bash", "-c"]', 'SHELL ["/bin/sh", "-ec"]'))

    def mounted(self) -> str:
        number, choose = self.number(), self.random.choice
        mounts = [
            f"--mount=type=cache,target=/c{self.random.randrange(2)}",
            f"--mount=type=cache,id=own{self.random.randrange(2)},target=/k,sharing=locked",
            f"--mount=type=bind,source={choose(FOLDERS)},target=/mnt", "--mount=target=/whole",
            "--mount=type=secret,id=token", "--mount=type=tmpfs,target=/t",
        ]
        if self.earlier:
            mounts.append(f"--mount=type=bind,from={choose(self.earlier)},source=/,target=/other")
        return f"RUN {choose(mounts)} ls /mnt /whole /other 2>/dev/null | wc -l > /m{number}"

    def take(self) -> str:
        source = self.random.choice(("/out/id", "/out", "/app", "/opt"))
        return f"COPY --from={self.random.choice(self.earlier)} {source} /taken{self.number()}/"

    def document(self) -> str:
        number = self.number()
        return self.random.choice((
            f"COPY <<EOF /etc/doc{number}.ini\n[{self.id}]\nmode = $MODE\nEOF",
            f"RUN <<EOF\necho one {number}\necho two > /doc{number}\nEOF",
            f"COPY <<-'END' <<b.txt /docs{number}/\n\tdeep $MODE\nEND\nplain {number}\nb.txt",
            f"RUN cat <<A <<B > /both{number}\nfirst\nA\nsecond\nB",
        ))


def make_project(seed: int, id: str, base: str, dialect: Dialect) -> Project:
    """A project of that seed; `id` makes it unlike every other."""
    source = random.Random(seed)
    files = _files(source, id)
    ignore = tuple(source.sample(IGNORE, source.randint(0, 4)))
    maker = Maker(source, dialect, files, ignore, id, [])
    stages: list[Stage] = []
    for number in range(source.choice((1, 2, 2, 3, 3, 4))):
        name = f"s{number}" if source.random() < 0.8 else None
        bases = [base, base] + [stage.name for stage in stages if stage.name]
        maker.earlier = [stage.name or str(index) for index, stage in enumerate(stages)]
        on = source.choice(bases)
        made = [f"RUN mkdir -p /app /opt /out && echo {id} > /out/id"] if on == base or source.random() < 0.3 else []
        made += [maker.line() for _ in range(source.randint(2, 6))]
        stages.append(Stage(on, name, tuple(made)))
    return Project(id, files, tuple(stages), ignore=ignore)


def ignored(rules: IgnoreRules, path: str) -> bool:
    """Whether a path is not sent."""
    verdict, parts = Verdict(False), path.split("/")
    for count in range(1, len(parts) + 1):
        verdict = rules.judge("/".join(parts[:count]), verdict)
    return verdict.ignored


def _files(source: random.Random, id: str) -> dict[str, Entry]:
    files: dict[str, Entry] = {folder: Entry("folder", mode=0o755) for folder in FOLDERS}
    for folder in (*FOLDERS, ""):
        for number in range(source.randint(1, 4)):
            path = f"{folder}/" * bool(folder) + f"f{number}.{source.choice(ENDS)}"
            mode = source.choice((0o644, 0o644, 0o755, 0o600))
            files[path] = Entry("file", f"{id} {source.randrange(10**6)}\n", mode)
    files["docs/keep.md"] = Entry("file", f"kept {id}\n")
    files["src/link"] = Entry("link", source.choice(("f0.py", "../conf", "/etc/hostname", "nowhere")))
    return files
