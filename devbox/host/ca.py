"""The CA bundle that this machine's programs trust, found where they look for it. Reads no certificate."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
    "/etc/pki/tls/cacert.pem",
)
_LIMIT = 8 << 20


def find_bundle(env: Mapping[str, str]) -> str | None:
    """Canonical path of the host's CA bundle: the user's variables first, then the systems' usual places.

    None where there is none. A relative path in a variable is ignored.
    """
    named = [env[name] for name in VARIABLES if env.get(name)]
    return next((found for path in (*named, *BUNDLES) if (found := _bundle(path))), None)


def _bundle(path: str) -> str | None:
    if not os.path.isabs(path) or "\0" in path:
        return None
    try:
        real = os.path.realpath(path, strict=True)
        found = os.stat(real)
    except (OSError, ValueError):
        return None
    return real if stat.S_ISREG(found.st_mode) and 0 < found.st_size <= _LIMIT else None
