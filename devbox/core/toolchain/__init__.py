"""What version managers decide, from words and names alone: spec/toolchains.md as pure functions, one module each."""
