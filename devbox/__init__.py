"""devbox: explains development environments and runs them."""

__version__ = "0.1.0"
