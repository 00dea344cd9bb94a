"""Version files, one module per file kind: bytes in, pins with their lines out, by their reader's own grammar.

Nothing here is evaluated, expanded or run (spec/toolchains.md 19).
"""
