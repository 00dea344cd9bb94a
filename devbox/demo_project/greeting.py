"""What the service says. Edit and save it while the box runs: the answer changes, the container stays."""

GREETING = "Hello from the box"
