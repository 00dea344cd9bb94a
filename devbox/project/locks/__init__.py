"""Lock files of dependencies, and the packages that are installed beside them. Reads only; runs no package manager.

One module a kind of lock file: `uv`, `poetry`, `pylock`, `requirements` (listed in `python.KINDS`), `npm`, `pnpm`,
`yarn` (in `node.KINDS`). `environments` and `node.Modules` read what is installed.
"""
