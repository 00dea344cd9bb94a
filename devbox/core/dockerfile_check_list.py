"""The checks of Dockerfiles, ignore files, compose files and privileges, as rows of the check list. Pure data.

Ids by family; the last column holds the same rule's names in BuildKit (docs.docker.com/reference/build-checks) and
hadolint (DLnnnn, SCnnnn). What each looks for stands in `devbox.project.rules`.
"""

from __future__ import annotations

from devbox.core.findings import Layer

Row = tuple[str, Layer, str, tuple[str, ...]]

BASE: tuple[Row, ...] = (
    ("dockerfile.syntax", "configuration", "every Dockerfile of the project can be read", ("DL3061",)),
    ("dockerfile.base.digest", "configuration", "base images are pinned by digest", ()),
    ("dockerfile.base.untagged", "configuration", "base images have a tag", ("DL3006",)),
    ("dockerfile.base.latest", "configuration", "no base image is `latest`", ("DL3007",)),
    ("dockerfile.base.moving", "configuration", "base image tags name a version, not what is current", ()),
    ("dockerfile.base.minimal", "configuration", "the final stage starts from a small base image", ()),
    ("dockerfile.base.musl", "configuration", "nothing built for glibc is put on Alpine", ()),
    ("dockerfile.base.undefined", "configuration", "FROM uses declared arguments", ("UndefinedArgInFrom",)),
    ("dockerfile.base.default", "configuration", "FROM names an image without build arguments too",
     ("InvalidDefaultArgInFrom",)),
    ("dockerfile.base.platform", "configuration", "FROM fixes no platform",
     ("FromPlatformFlagConstDisallowed", "DL3029")),
    ("dockerfile.base.target-platform", "configuration", "FROM does not repeat the target platform",
     ("RedundantTargetPlatform", "DL3065")),
    ("images.eol", "runtime", "images still get security fixes", ()),
)
STAGES: tuple[Row, ...] = (
    ("dockerfile.stage.duplicate", "configuration", "stage names are unique", ("DuplicateStageName", "DL3024")),
    ("dockerfile.stage.reserved", "configuration", "no stage has a reserved name", ("ReservedStageName", "DL3063")),
    ("dockerfile.stage.case", "configuration", "stage names are lower-case", ("StageNameCasing",)),
    ("dockerfile.stage.unused", "configuration", "every stage is named, built or needed", ()),
    ("dockerfile.stage.tools", "configuration", "the final stage keeps no build tools", ()),
    ("dockerfile.stage.missing", "configuration", "every target is a stage of its Dockerfile", ()),
    ("dockerfile.user.root", "configuration", "the final stage does not run as root", ("DL3002",)),
    ("dockerfile.user.high-id", "configuration", "a user with a high id is made without a login log", ("DL3046",)),
)
STYLE: tuple[Row, ...] = (
    ("dockerfile.case.as", "code", "AS has the case of its FROM", ("FromAsCasing",)),
    ("dockerfile.case.instruction", "code", "instructions have one case", ("ConsistentInstructionCasing",)),
    ("dockerfile.continuation.empty", "code", "no blank line inside a continued instruction", ("NoEmptyContinuation",)),
    ("dockerfile.comment.description", "code", "comments of stages and arguments describe them",
     ("InvalidDefinitionDescription",)),
    ("dockerfile.maintainer", "code", "the author is a label", ("MaintainerDeprecated", "DL4000")),
    ("dockerfile.command.shell-form", "configuration", "CMD and ENTRYPOINT are JSON arrays",
     ("JSONArgsRecommended", "DL3025")),
    ("dockerfile.instruction.repeated", "configuration", "no instruction is overruled by a later one",
     ("MultipleInstructionsDisallowed", "DL4003", "DL4004", "DL3012")),
    ("dockerfile.onbuild", "configuration", "ONBUILD holds what may be triggered", ("DL3043",)),
    ("dockerfile.expose.port", "configuration", "EXPOSE names ports from 0 to 65535", ("DL3011",)),
    ("dockerfile.expose.case", "code", "EXPOSE writes protocols in lower case", ("ExposeProtoCasing",)),
    ("dockerfile.expose.format", "configuration", "EXPOSE names no address or host port", ("ExposeInvalidFormat",)),
    ("dockerfile.variable.undefined", "configuration", "variables are defined before their use", ("UndefinedVar",)),
    ("dockerfile.variable.self", "configuration", "ENV uses no variable that it sets itself", ("DL3044",)),
    ("dockerfile.variable.legacy", "code", "variables and labels are written with an equals sign",
     ("LegacyKeyValueFormat",)),
    ("dockerfile.workdir.relative", "configuration", "WORKDIR is absolute", ("WorkdirRelativePath", "DL3000")),
)
PACKAGES: tuple[Row, ...] = (
    ("dockerfile.apt.update", "configuration", "apt-get update and install are one step", ()),
    ("dockerfile.apt.upgrade", "configuration", "no step upgrades all packages",
     ("DL3005", "DL3017", "DL3031", "DL3035", "DL3039")),
    ("dockerfile.apt.lists", "configuration", "apt's package lists do not stay in the image", ("DL3009",)),
    ("dockerfile.apt.yes", "configuration", "package installation asks no questions",
     ("DL3014", "DL3030", "DL3034", "DL3038")),
    ("dockerfile.apt.recommends", "configuration", "apt installs only what is asked for", ("DL3015",)),
    ("dockerfile.apt.command", "configuration", "scripts use apt-get, not apt", ("DL3027",)),
    ("dockerfile.apt.pin", "configuration", "system packages have versions",
     ("DL3008", "DL3018", "DL3033", "DL3037", "DL3041")),
    ("dockerfile.apk.cache", "configuration", "apk leaves no index in the image", ("DL3019",)),
    ("dockerfile.yum.clean", "configuration", "yum, dnf and zypper leave no cache in the image",
     ("DL3032", "DL3036", "DL3040")),
    ("dockerfile.pip.pin", "dependencies", "pip installs pinned packages", ("DL3013",)),
    ("dockerfile.pip.upgrade", "dependencies", "pip upgrades nothing to whatever is newest", ()),
    ("dockerfile.pip.cache", "configuration", "pip leaves no cache in the image", ("DL3042",)),
    ("dockerfile.npm.pin", "dependencies", "npm installs pinned packages", ("DL3016",)),
    ("dockerfile.npm.ci", "dependencies", "a locked project is installed from its lock file", ()),
    ("dockerfile.gem.pin", "dependencies", "gem installs pinned packages", ("DL3028",)),
    ("dockerfile.go.pin", "dependencies", "go install names a version", ("DL3062",)),
    ("dockerfile.install.twice", "configuration", "no installer runs twice", ()),
    ("dockerfile.install.differs", "dependencies", "every Dockerfile installs dependencies by one command", ()),
)
RUNS: tuple[Row, ...] = (
    ("dockerfile.order.dependencies", "configuration", "dependencies are installed before the sources are copied", ()),
    ("dockerfile.run.sudo", "configuration", "RUN uses no sudo", ("DL3004",)),
    ("dockerfile.run.directory", "configuration", "WORKDIR, not cd, changes the directory", ("DL3003",)),
    ("dockerfile.run.interactive", "configuration", "RUN calls nothing that makes no sense in a build", ("DL3001",)),
    ("dockerfile.run.pipe", "configuration", "a failing pipe fails its step", ("DL4006",)),
    ("dockerfile.run.remote-script", "configuration", "no downloaded script is run unchecked", ()),
    ("dockerfile.run.downloads", "configuration", "downloads use curl or wget, not both", ("DL4001",)),
    ("dockerfile.secret.variable", "configuration", "no secret is an argument or variable",
     ("SecretsUsedInArgOrEnv", "DL3064")),
    ("dockerfile.secret.copy", "configuration", "no file with secrets is copied", ()),
    ("dockerfile.secret.text", "configuration", "no secret is written in the Dockerfile", ()),
)
COPIES: tuple[Row, ...] = (
    ("dockerfile.copy.missing", "code", "what COPY names is in the context", ()),
    ("dockerfile.copy.ignored", "configuration", "what COPY names is not ignored", ("CopyIgnoredFile",)),
    ("dockerfile.copy.empty", "code", "what COPY matches by pattern is there", ()),
    ("dockerfile.copy.overwrites", "configuration", "no COPY hides what an earlier step made", ()),
    ("dockerfile.copy.redundant", "configuration", "no COPY --from repeats what is there", ()),
    ("dockerfile.copy.from", "configuration", "COPY --from names an earlier stage or an image", ("DL3022", "DL3023")),
    ("dockerfile.copy.everything", "configuration", "no whole file system is copied from a stage", ("DL3067",)),
    ("dockerfile.copy.destination", "configuration", "several sources are copied into a folder", ("DL3021",)),
    ("dockerfile.copy.relative", "configuration", "a relative destination has a WORKDIR", ("DL3045",)),
    ("dockerfile.add.copy", "configuration", "plain files are copied, not added", ("DL3020",)),
    ("dockerfile.add.checksum", "configuration", "what ADD downloads has a checksum", ()),
    ("ignore.missing", "configuration", "a context that is copied whole has an ignore file", ()),
    ("ignore.ineffective", "configuration", "nothing large and useless is sent to the builder", ()),
    ("ignore.syntax", "configuration", "the ignore file can be read", ()),
    ("policy.rule", "configuration", "the team's own rules hold", ()),
)
SERVICES: tuple[Row, ...] = (
    ("build.dockerfile", "configuration", "every service and mode finds its Dockerfile", ()),
    ("compose.syntax", "configuration", "compose files can be read", ()),
    ("compose.version", "configuration", "compose files have no obsolete version", ()),
    ("compose.env-file", "configuration", "the env_file of every service is there", ()),
    ("compose.image", "configuration", "images of services have a tag, and not `latest`", ()),
    ("compose.ports", "configuration", "sidecars publish no ports", ()),
    ("privilege.socket", "configuration", "no container gets the engine's socket", ()),
    ("privilege.privileged", "configuration", "no container is privileged or unconfined", ()),
    ("privilege.namespace", "configuration", "no container shares the host's processes, network or memory", ()),
    ("privilege.capability", "configuration", "no container gets capabilities", ()),
    ("privilege.device", "configuration", "no container gets devices", ()),
    ("privilege.mount", "configuration", "no container gets folders outside the project", ()),
    ("privilege.port", "configuration", "no port is open to the network", ()),
    ("privilege.syntax", "configuration", "Dockerfiles are read by Docker's own frontend", ()),
    ("privilege.remote", "configuration", "nothing is included or built from elsewhere", ()),
    ("privilege.secret", "configuration", "no secret is a plain variable of a container", ()),
    ("privilege.override", "configuration", "no file changes the project for this machine alone", ()),
    ("privilege.host-command", "configuration", "no command of the project runs on the host", ()),
)

ROWS: tuple[Row, ...] = (*BASE, *STAGES, *STYLE, *PACKAGES, *RUNS, *COPIES, *SERVICES)
