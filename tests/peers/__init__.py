"""The real mise, pyenv and nvm beside devbox: both look at machines that those managers made, and must say the same.

`obtain` gets the programs, `mirror` serves them toolchains on loopback, `machines` has them install those, `*_worlds`
make random projects on such machines, `ask` puts the question to the manager, `compare` to devbox.
"""
