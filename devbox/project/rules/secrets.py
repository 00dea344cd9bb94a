"""Rules about secrets in Dockerfiles: in names, in copied files, in the text itself. No value is ever quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.project.dockerfile_values import command_text, pairs
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import View

_NAME = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE
)
_FINE = re.compile(r"(?:_|^)(?:public|file|version|path|url|length|size|type|id|name)(?:_|$)", re.IGNORECASE)
"""moby/buildkit `validations.go`, and words that make a name one of something else."""
_FILES = {
    ".env": "settings that are often secret", ".npmrc": "a registry token", ".pypirc": "a registry password",
    ".netrc": "passwords", ".git-credentials": "passwords", ".pgpass": "a database password", ".my.cnf": "a password",
    ".dockercfg": "registry passwords", ".aws": "cloud keys", ".ssh": "private keys", ".gnupg": "private keys",
    ".kube": "cluster keys", ".azure": "cloud keys", "credentials.json": "cloud keys", "kubeconfig": "cluster keys",
    "id_rsa": "a private key", "id_dsa": "a private key", "id_ecdsa": "a private key", "id_ed25519": "a private key",
    "secrets.yml": "secrets", "secrets.yaml": "secrets", "secrets.json": "secrets", ".htpasswd": "passwords",
}
_KEY_FILE = re.compile(r".*\.(?:pem|p12|pfx|key|jks|keystore|kdbx|ppk)")
_ENV_FILE = re.compile(r"\.env\.(?!example|sample|template|dist|defaults?|schema)[\w.-]+")
TOKENS = (
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a PyPI token", re.compile(r"\bpypi-[A-Za-z0-9_-]{50,}")),
    ("a Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a Stripe key", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{20,}")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
)
"""What a secret of a known kind looks like."""
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s/:@$'\"]{1,100}:([^\s/@$'\"]{1,200})@", re.IGNORECASE)
_OPTION = re.compile(
    r"(?:--?(?:password|passwd|token|api-key|secret)[= ]|(?i:authorization:\s*(?:bearer|basic|token)\s+)|"
    r"curl\b[^|;&\n]{0,200}\s-u\s+[^\s:$]{1,100}:)(['\"]?)(?P<value>[^\s$'\"`]{6,})"
)


def is_secret_name(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return bool(_NAME.search(name)) and not _FINE.search(name)


def secret_file(path: str) -> str | None:
    """What a file of that name usually holds, if it is secret."""
    last = path.rstrip("/").rpartition("/")[2]
    if last in _FILES:
        return _FILES[last]
    if _ENV_FILE.fullmatch(last):
        return _FILES[".env"]
    return "a private key or certificate" if _KEY_FILE.fullmatch(last) and last != "pub.key" else None


def secret_text(text: str) -> str | None:
    """What kind of secret stands in a text, or None."""
    for kind, pattern in TOKENS:
        if pattern.search(text):
            return kind
    if _URL_PASSWORD.search(text):
        return "a password in a URL"
    return "a password or token" if _OPTION.search(text) else None


def _variable(view: View) -> Iterator[Hit]:
    for one in (*view.dockerfile.arguments, *(one for _, one in view.instructions("ARG", "ENV"))):
        try:
            named = pairs(one, view.dockerfile.escape)
        except ValueError:
            continue
        for pair in named:
            empty = one.keyword == "ENV" and (pair.value or "").strip("'\"") == ""
            if is_secret_name(pair.name) and not empty and not _points_elsewhere(pair.value):
                yield Hit(
                    one.line, f"{one.keyword} {pair.name} stays readable in the image's history",
                    hint="`RUN --mount=type=secret,id=…` gives a secret to one step alone", actual=pair.name,
                )


def _points_elsewhere(value: str | None) -> bool:
    """`/run/secrets/x` names a file, not a secret."""
    return (value or "").strip("'\"").startswith(("/run/", "/etc/", "/var/"))


def _copied(view: View) -> Iterator[Hit]:
    for _, one in view.instructions("COPY", "ADD"):
        parts = view.sources(one)
        if parts is None or one.flag("from"):
            continue
        for path in parts.paths:
            kind = secret_file(path)
            if kind:
                yield Hit(
                    one.line, f"{one.keyword} puts {path} into the image, which usually holds {kind}",
                    hint="`RUN --mount=type=secret,id=…` gives a secret to one step alone", actual=path,
                )


def _written(view: View) -> Iterator[Hit]:
    for one in view.everything:
        text = command_text(one) if one.keyword == "RUN" else "\n".join(
            (one.arguments, *(document.content for document in one.heredocs))
        )
        kind = secret_text(text)
        if kind:
            certain = any(kind == name for name, _ in TOKENS)
            yield Hit(
                one.line, f"{kind} is written in the Dockerfile", severity="error" if certain else None,
                hint="revoke it, and give the new one by `RUN --mount=type=secret,id=…`",
            )


RULES = (
    Rule("dockerfile.secret.variable", "warn", _variable),
    Rule("dockerfile.secret.copy", "warn", _copied),
    Rule("dockerfile.secret.text", "warn", _written),
)
