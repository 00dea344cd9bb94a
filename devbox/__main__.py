"""`devbox` and `python -m devbox`: the fast answers first, everything else in `devbox.cli.main`.

`--version` must cost no more than Python itself, so nothing is imported before it is ruled out.
"""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        from devbox import __version__

        print(f"devbox {__version__}")
        return 0
    # Modules are garbage to nobody: looking for cycles at every 700 objects costs a tenth of all imports.
    gc.set_threshold(50_000, 20, 20)
    # Deferred: argparse and json cost more than the whole of `--version`.
    from devbox.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    # `python -m` puts the working directory first on sys.path (`python -P -m` does not): a repository must not supply
    # our modules (security.md 5.5).
    if not sys.flags.safe_path:
        sys.path.pop(0)
    sys.exit(main())
