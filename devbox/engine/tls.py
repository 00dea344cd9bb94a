"""TLS to an engine, and every way it fails in words: which authority, which name, which certificate is missing."""

from __future__ import annotations

import os
import socket
import ssl

from devbox.core.errors import EngineError
from devbox.engine.deadline import Deadline
from devbox.engine.port import Endpoint, Tls

_WRONG_NAME = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
_OUT_OF_DATE = (9, 10)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def wrap_tls(plain: socket.socket, host: str, endpoint: Endpoint, deadline: Deadline) -> ssl.SSLSocket:
    """Shake hands over `plain`, which is closed when that fails. Raises EngineError."""
    tls = endpoint.tls or Tls()
    try:
        context = _context(tls)
        plain.settimeout(deadline.remaining())
        return context.wrap_socket(plain, server_hostname=host)
    except TimeoutError as error:
        plain.close()
        from devbox.engine.dial import hung

        raise hung(endpoint) from error
    except EngineError:
        plain.close()
        raise
    except OSError as error:
        plain.close()
        raise handshake_failure(error, host, endpoint) from error


def handshake_failure(error: OSError, host: str, endpoint: Endpoint) -> EngineError:
    """Why the handshake failed, with the next step."""
    ca = (endpoint.tls.ca if endpoint.tls else None) or "the system's authorities"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _WRONG_NAME:
            return EngineError(
                f"TLS to {endpoint.url} failed: the engine's certificate is not for {host}",
                detail=error.verify_message,
                hint="use a name the certificate holds, or make one with a subjectAltName for this host",
            )
        if error.verify_code in _OUT_OF_DATE:
            return EngineError(
                f"TLS to {endpoint.url} failed: {error.verify_message}",
                hint="renew the engine's certificate, or set this machine's clock: `date`",
            )
        return EngineError(
            f"TLS to {endpoint.url} failed: the engine's certificate is not signed by {ca}",
            detail=error.verify_message, hint="put the authority that signed it into ca.pem of DOCKER_CERT_PATH",
        )
    failure = alert_failure(error, endpoint)
    if failure is not None:
        return failure
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return EngineError(
            f"TLS to {endpoint.url} failed: what answers there does not speak TLS",
            hint="unset TLS if the engine has none: `unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH`",
        )
    return EngineError(
        f"TLS to {endpoint.url} failed: the engine broke off the handshake", detail=str(error),
        hint="its log says why; check the address and the certificates in DOCKER_CERT_PATH",
    )


def alert_failure(error: OSError, endpoint: Endpoint) -> EngineError | None:
    """The error for the engine's refusal of our certificate; with TLS 1.3 it comes only after the handshake."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if "ALERT" not in reason:
        return None
    cert = endpoint.tls.cert if endpoint.tls else None
    if cert is not None:
        return EngineError(
            f"TLS to {endpoint.url} failed: the engine does not accept the client certificate {cert}", detail=reason,
            hint="it must be signed, for client use, by the authority that the engine trusts",
        )
    return EngineError(
        f"TLS to {endpoint.url} failed: the engine wants a client certificate and none was given", detail=reason,
        hint="put cert.pem and key.pem into a folder and name it: `export DOCKER_CERT_PATH=~/.docker`",
    )


def read_failure(error: OSError, endpoint: Endpoint) -> Exception:
    """What to raise for an error while reading over TLS: an EngineError for an alert, else ConnectionError."""
    return alert_failure(error, endpoint) or ConnectionError(str(error))


def _context(tls: Tls) -> ssl.SSLContext:
    for path in (tls.ca, tls.cert, tls.key):
        if path is not None and not os.access(path, os.R_OK):
            raise EngineError(
                f"cannot read the TLS file {path}",
                hint="DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem",
            )
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not tls.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if tls.cert is not None:
            # Without a password callback OpenSSL would ask for one on the terminal.
            context.load_cert_chain(tls.cert, tls.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        files = ", ".join(path for path in (tls.ca, tls.cert, tls.key) if path)
        raise EngineError(
            f"the TLS files can't be used: {files}", detail=str(error),
            hint="they must be PEM, certificate and key must belong together, the key without a password",
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")
