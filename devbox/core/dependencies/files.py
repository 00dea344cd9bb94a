"""The names of manifests and lock files: what makes a folder worth looking at."""

from __future__ import annotations

UNREAD_PYTHON = {"Pipfile.lock": "pipenv sync", "pdm.lock": "pdm sync"}
"""Lock files that this version does not read, and what installs them."""
UNREAD_NODE = {
    "bun.lock": "bun install --frozen-lockfile", "bun.lockb": "bun install --frozen-lockfile",
    "deno.lock": "deno install --frozen",
}
PYTHON_LOCKS = ("uv.lock", "poetry.lock", "pylock.toml", "requirements.txt")
"""In the order in which one counts where several are there."""
NODE_LOCKS = ("npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock")
REQUIREMENTS = ("requirements.txt", "requirements/base.txt", "requirements/main.txt", "requirements/production.txt",
                "requirements/prod.txt")
"""Where a project that is installed with pip says what it needs, the usual place first."""
PYTHON_FILES = frozenset((
    *PYTHON_LOCKS, *UNREAD_PYTHON, "pyproject.toml", "requirements.in", "requirements", "Pipfile",
))
NODE_FILES = frozenset((*NODE_LOCKS, *UNREAD_NODE, "package.json"))
