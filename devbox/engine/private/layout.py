"""Where the private engine keeps everything (contract.md, Files): two folders, nothing outside them.

Pure paths: nothing is read or written here. Tests build a second layout in other folders and get a second engine.
"""

from __future__ import annotations

from pathlib import Path

from devbox.core.frozen import dataclass
from devbox.engine.port import Endpoint


@dataclass(frozen=True, slots=True)
class PrivateLayout:
    """The folders of one private engine; both are absolute and belong to root."""

    root: Path = Path("/var/lib/devbox-engine")
    """Lasting: images and volumes, the unpacked tools, the base image's archive."""
    run: Path = Path("/run/devbox-engine")
    """Gone with a reboot: socket, pid file, lock, log."""

    @property
    def socket(self) -> Path:
        """The engine's UNIX socket."""
        return self.run / "docker.sock"

    @property
    def url(self) -> str:
        """The engine's address, as `DOCKER_HOST` takes it."""
        return f"unix://{self.socket}"

    @property
    def endpoint(self) -> Endpoint:
        """The engine's address, as adapters take it."""
        return Endpoint(self.url, "private engine")

    @property
    def pid_file(self) -> Path:
        """dockerd's process id, written by dockerd."""
        return self.run / "dockerd.pid"

    @property
    def log(self) -> Path:
        """dockerd's output."""
        return self.run / "dockerd.log"

    @property
    def lock(self) -> Path:
        """Held by whoever starts, stops or installs."""
        return self.run / "lock"

    @property
    def exec_root(self) -> Path:
        """dockerd's and containerd's runtime state."""
        return self.run / "exec"

    @property
    def programs(self) -> Path:
        """Put first on dockerd's PATH (`firewall`); not below `run`, which is often mounted noexec."""
        return self.root / "bin"

    @property
    def daemon_config(self) -> Path:
        """dockerd's configuration file; the system's own is never read."""
        return self.run / "daemon.json"

    @property
    def containerd_config(self) -> Path:
        """containerd's configuration file."""
        return self.run / "containerd.toml"

    @property
    def containerd_socket(self) -> Path:
        """Where this engine's own containerd listens."""
        return self.run / "containerd.sock"

    @property
    def before(self) -> Path:
        """What the machine's network settings were before the engine changed them (`network`)."""
        return self.run / "before.json"

    @property
    def data(self) -> Path:
        """dockerd's data root: images, containers, volumes, build cache."""
        return self.root / "data"

    @property
    def subnet(self) -> Path:
        """The subnet chosen for this engine's default bridge (`network`)."""
        return self.root / "subnet"

    @property
    def apt(self) -> Path:
        """The private apt configuration, lists and downloads (`packages`)."""
        return self.root / "apt"

    @property
    def tools(self) -> Path:
        """Newer packages, unpacked; never on the system's PATH."""
        return self.root / "tools"

    @property
    def docker_config(self) -> Path:
        """A `DOCKER_CONFIG` whose only content is `cli-plugins/`; belongs to root, so give buildx a `BUILDX_CONFIG`."""
        return self.root / "docker-config"

    @property
    def cli_plugins(self) -> Path:
        """Where `docker-buildx` is linked when the system has none that is new enough."""
        return self.docker_config / "cli-plugins"

    @property
    def buildx(self) -> Path:
        """The private buildx; absent where the system's own is new enough."""
        return self.cli_plugins / "docker-buildx"

    @property
    def base(self) -> Path:
        """Archives of base images made with debootstrap."""
        return self.root / "base"

    @property
    def mark(self) -> str:
        """Names this engine where the kernel keeps things for it: bridge, chains, rule comments. Nine letters, because
        a chain's name ends at 28 and the longest of Docker's loses six of its 24 to it."""
        # Deferred: OpenSSL costs 3 ms, and only the engine's own start needs the mark.
        import hashlib

        return "dvb" + hashlib.sha256(str(self.root).encode()).hexdigest()[:6]
