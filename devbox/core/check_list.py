"""Every check that `devbox doctor` knows. Pure data.

A check that is not listed here does not exist; `--list-checks`, `--only`, `--skip` and `[policy.severity]` read this
table.
"""

from __future__ import annotations

from devbox.core.dockerfile_check_list import ROWS
from devbox.core.findings import Layer
from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, the layer it speaks about, and what it looks at."""

    id: str
    layer: Layer
    title: str
    aliases: tuple[str, ...] = ()
    """The same check's names in BuildKit and hadolint; `--only`, `--skip` and `[policy]` take them too."""


CHECKS: tuple[Check, ...] = (
    Check("toolchain", "runtime", "what runs satisfies what version files pin, under each manager's own rules"),
    Check("toolchain.conflict", "runtime", "no two sources pin versions that exclude each other"),
    Check("toolchain.path", "configuration", "PATH has no entry that is empty, relative or inside the project"),
    Check("images", "configuration", "every FROM names an image that can be named"),
    Check("project.config", "configuration", "devbox.toml can be read"),
    Check("project.files", "code", "version files are regular, readable files inside the project"),
    Check("platform.arch", "hardware", "the processor's architecture is one that [host] names"),
    Check("platform.cpu", "hardware", "the processor has the x86-64 level that the base images are built for"),
    Check("platform.emulation", "hardware", "devbox itself does not run on an emulated processor"),
    Check("platform.memory", "hardware", "memory reaches [host] min_memory"),
    Check("platform.disk", "hardware", "free disk space at the project reaches [host] min_disk, and 1 GiB"),
    Check("platform.os", "os", "the operating system, its kernel, and whether it is WSL or a container"),
    Check("platform.release", "os_version", "the release of the operating system still gets security fixes"),
    Check("platform.inotify", "os", "inotify allows enough watches for a project's files"),
    Check("platform.instances", "os", "inotify allows enough instances for watchers, editors and test runners"),
    Check("platform.files", "os", "a process may open enough files"),
    Check("platform.pids", "os", "the control group may hold enough processes"),
    Check("platform.locale", "configuration", "the locale's encoding is UTF-8"),
    Check("platform.timezone", "configuration", "the time zone is one that this system knows"),
    Check("platform.env", "configuration", "the variables that [host] env names are set"),
    Check("gpu.driver", "hardware", "the NVIDIA driver answers and reaches [gpu] min_driver"),
    Check("gpu.memory", "hardware", "each GPU's memory reaches [gpu] min_memory"),
    Check("gpu.compute", "hardware", "each GPU reaches [gpu] min_compute_capability"),
    Check("gpu.cuda", "hardware", "the image's CUDA version runs on the NVIDIA driver"),
    Check("gpu.architecture", "hardware", "the image's CUDA version has code for each GPU"),
    Check("gpu.mig", "hardware", "a divided GPU (MIG) has instances"),
    Check("gpu.runtime", "system_packages", "the engine can hand a GPU to the box: NVIDIA's runtime or CDI"),
    Check("gpu.library", "system_packages", "NVIDIA's libraries belong to the loaded kernel module"),
    Check("engine.reachable", "system_packages", "a Docker Engine answers"),
    Check("engine.version", "system_packages", "the engine is new enough for what devbox can do with it"),
    Check("engine.builder", "system_packages", "images are built by BuildKit, through buildx"),
    Check("engine.storage", "system_packages", "the engine's storage driver shares layers and is maintained"),
    Check("engine.cgroups", "system_packages", "the engine can limit memory and processes"),
    Check("engine.disk", "system_packages", "there is room where the engine keeps its data"),
    Check("engine.clock", "system_packages", "the engine's clock and this machine's agree"),
    Check("engine.context", "system_packages", "only one setting says which engine is used"),
    Check("engine.platform", "system_packages", "engine and box image have the processor's architecture"),
    Check("container", "runtime", "what the running box runs satisfies what version files pin"),
    Check("system.libc", "system_packages", "the C library, of this machine and of the base images"),
    Check("system.openssl", "system_packages", "the OpenSSL library, of this machine and of the base images"),
    Check("system.compiler", "system_packages", "a project that compiles finds its compilers"),
    Check("system.native", "system_packages", "no installed packages are shared between unlike systems"),
    Check("env.path", "configuration", "PATH has no entry twice and none that others may write; managers come first"),
    Check("env.variables", "configuration", "no variable changes what every Python, Node, Java or linked program does"),
    Check("env.shadowing", "code", "no module of the project hides one of the standard library or an installed one"),
    Check("env.example", "configuration", "what .env.example names is set in .env or in the environment"),
    Check("env.exposed", "configuration", ".env is neither tracked by git nor readable by everybody"),
    Check("env.interpolation", "configuration", "no variable of a compose file stays empty"),
    Check("env.secrets", "configuration", "secrets are not written as plain settings"),
    Check("files.case", "os", "whether the project's file system tells upper from lower case"),
    Check("files.collisions", "code", "no two files differ only in case"),
    Check("files.names", "code", "file names and lengths that every system can hold"),
    Check("files.mount", "os", "the project's file system runs programs, can be written and is not slow"),
    Check("files.line-endings", "code", "scripts and Dockerfiles end their lines with LF"),
    Check("files.bom", "code", "scripts do not begin with a byte order mark"),
    Check("files.executable", "code", "scripts that are started by name are executable"),
    Check("git.autocrlf", "configuration", "git does not rewrite line endings in this checkout"),
    Check("git.version-files", "code", "version files are tracked, so that teammates get them"),
    Check("git.submodules", "code", "submodules are checked out"),
    Check("git.lfs", "code", "Git LFS files hold their content, not a pointer"),
    Check("git.worktree", "code", "the worktree's repository is there"),
    Check("git.shallow", "code", "the clone has its history"),
    Check("git.owner", "configuration", "git accepts the owner of the checkout"),
    Check("ports", "configuration", "the ports that the box publishes are free"),
    Check("dependencies.python.installed", "dependencies", "the virtual environment holds what the lock file says"),
    Check("dependencies.python.lock", "dependencies", "Python's lock file is there, readable, made for its manifest"),
    Check("dependencies.node.installed", "dependencies", "node_modules holds what the lock file says"),
    Check("dependencies.node.lock", "dependencies", "Node's lock file is there, readable and made for package.json"),
    Check("dependencies.lock.competing", "dependencies", "no two tools lock the same dependencies"),
    Check("policy.lock", "dependencies", "images keep to `[policy] lock`: require or forbid a lock file"),
    *(Check(*row) for row in ROWS),
)

BY_ID = {check.id: check for check in CHECKS}
BY_ALIAS = {alias.lower(): check.id for check in CHECKS for alias in check.aliases}
"""Lower-case alias → id."""
