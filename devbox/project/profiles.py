"""Profiles: TOML files that a devbox.toml builds on. Finds the one that is named, and lists them."""

from __future__ import annotations

from devbox.core.errors import ConfigError
from devbox.project import notation
from devbox.project.reading import Absent, Refused, list_project_folder, read_outside_file, read_project_file
from devbox.project.schema import mistake, shown
from devbox.project.toml_source import Node, parse_toml
from devbox.resources import profiles_folder

FOLDER = "profiles"
"""Of the project, as of devbox itself."""


def load_profile(root: str, node: Node) -> Node:
    """The profile that `profile = …` at `node` names.

    A path (`team/base.toml`) is a file of the project; a name is `profiles/NAME.toml` of the project, else the one that
    devbox ships. Raises ConfigError where there is none, and where a profile names another: they do not build on each
    other, so that two files always tell the whole story.
    """
    if not isinstance(node.value, str):
        raise mistake(node, "`profile` is not a string; expected a profile's name or a path in the project")
    path, content = _read(root, node.value)
    if isinstance(content, Absent):
        known = ", ".join(profile_names(root))
        raise mistake(
            node, f"profile {shown(node.value)} does not exist; expected one of {known}, or a path",
            hint=f"profiles of the project are files `{FOLDER}/NAME.toml`",
        )
    if isinstance(content, Refused):
        raise mistake(node, f"profile {shown(node.value)} {content.sentence}; expected a file of the project")
    profile = parse_toml(content, path)
    nested = (profile.table or {}).get("profile")
    if nested is not None:
        raise mistake(nested, "`profile` in a profile; expected only devbox.toml to name one")
    return profile


def profile_names(root: str) -> tuple[str, ...]:
    """The names that can be used in this project, the shipped ones included."""
    found = list_project_folder(root, FOLDER)
    own = found if isinstance(found, tuple) else ()
    try:
        shipped = [path.name for path in profiles_folder().iterdir()]
    except OSError as error:
        raise ConfigError(f"devbox's profiles cannot be listed: {error.strerror}") from error
    return tuple(sorted({name.removesuffix(".toml") for name in (*own, *shipped) if name.endswith(".toml")}))


def _read(root: str, name: str) -> tuple[str, bytes | Absent | Refused]:
    if "/" in name or name.endswith(".toml"):
        return name, read_project_file(root, name)
    try:
        notation.name(name)
    except ValueError:
        return name, Refused("unreadable", "not a possible name")
    own = f"{FOLDER}/{name}.toml"
    content = read_project_file(root, own)
    if not isinstance(content, Absent):
        return own, content
    shipped = profiles_folder() / f"{name}.toml"
    return str(shipped), read_outside_file(shipped)
