"""Records what the real nvm says in the worlds of `tests/peers/nvm_worlds.py`, for where nvm can't be had.

Into `nvm_worlds.json`:

    DEVBOX_TEST_NVM=/path/to/nvm.sh python -m tests.data.toolchains.record_nvm 120

The recording is of nvm 0.40.6, on versions that it installed itself.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path

from tests.peers import ask, machines, mirror, nvm_worlds, obtain

TARGET = Path(__file__).with_name("nvm_worlds.json")


def main() -> None:
    """Record this many worlds."""
    lines = []
    with tempfile.TemporaryDirectory() as made, mirror.serve() as address:
        installed = machines.nvm(obtain.obtain(obtain.nvm), Path(made), address)
        for number in range(int(sys.argv[1])):
            case = nvm_worlds.generate(random.Random(number))
            with tempfile.TemporaryDirectory() as folder:
                world = ask.nvm_world(Path(folder), case, installed)
                answer = ask.nvm(world, installed.program, world.root / case["root"])
                text = json.dumps(answer).replace(str(world.root), "${ROOT}")
            lines.append(json.dumps({"case": case, "answer": json.loads(text) | {"said": ""}}, sort_keys=True))
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
