"""Rules over Dockerfiles, ignore files, compose files: one module per family, listed here.

To add one: a `Rule` in the `RULES` of a family, its row in `devbox.core.dockerfile_check_list`. A rule reads a `View`
and yields `Hit`s; it never raises for what a Dockerfile says, and never quotes a secret.
"""
