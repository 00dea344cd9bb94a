"""The private engine: a Docker Engine that devbox installs, starts and stops where none answers."""
