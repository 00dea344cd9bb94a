"""Ready probes: each asks from inside the service with whatever its image has, never over a published port (X6).

A probe answers `None` when the service is ready, else why it is not yet. Project text reaches a shell only as an
argument, never as part of a script.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from devbox.core.errors import ConfigError, EngineError, NotReadyError
from devbox.core.project import Ready
from devbox.core.text import LineSplitter
from devbox.engine.port import Engine, ExecSpec
from devbox.engine.stream import Cancellation
from devbox.flows.box.run_inside import NOT_FOUND, Answer, run_inside
from devbox.host.line_matcher import LineMatcher

_TRY = 5.0
"""Seconds for one attempt of a network probe."""
_MATCHED = 4096
"""Bytes of a log line that a pattern is tried on: a long line must not hold up a backtracking pattern."""
_NO_CLIENT = 86
"""Exit code of our own scripts: nothing in the image can ask."""

_TCP = r"""
for table in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$table" ] || continue
  while read -r _ place _ state _; do
    case "$place $state" in 0B00007F:*) ;; *:"$1 0A") exit 0 ;; esac
  done < "$table"
done
echo "nothing listens on port $2"; exit 1
"""
"""Only the shell's own words, for images with nothing but `sh`. 0A is LISTEN; 127.0.0.11 is the engine's DNS."""

_HTTP = r"""
has() { command -v "$1" > /dev/null 2>&1; }
if has curl; then exec curl -gfsSk -o /dev/null --max-time 4 --noproxy '*' -- "$1"; fi
if has python3; then exec python3 -c "$5" "$1"; fi
if has wget; then http_proxy= https_proxy= HTTP_PROXY= HTTPS_PROXY= exec wget -q -T 4 -O /dev/null "$1"; fi
if has node; then exec node -e "$6" "$1"; fi
request="GET $4 HTTP/1.0\r\nHost: $2:$3\r\nConnection: close\r\n\r\n"
judge() {
  read -r _ code _
  case "$code" in 2??|3??) exit 0 ;; "") echo "no HTTP answer from $2:$3" ;; *) echo "HTTP status $code" ;; esac
  exit 1
}
case "$1" in https:*) echo "curl, python3, wget, node"; exit 86 ;; esac
if has bash; then
  exec bash -c 'trap "" PIPE; exec 3<>"/dev/tcp/$1/$2" || exit 1; printf "$3" >&3; read -r -t 4 _ code _ <&3
    case "$code" in 2??|3??) exit 0 ;; *) echo "HTTP status ${code:-missing}"; exit 1 ;; esac' bash "$2" "$3" "$request"
fi
if has perl; then exec perl -e "$7" "$2" "$3" "$8"; fi
if has nc; then printf "$request" | nc -w 4 "$2" "$3" | judge; exit $?; fi
echo "curl, python3, wget, node, bash, perl, nc"; exit 86
"""
_HTTP_PYTHON = """
import ssl, sys, urllib.error, urllib.request
context = ssl._create_unverified_context()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
try:
    opener.open(sys.argv[1], timeout=4)
except (OSError, ValueError) as error:
    sys.exit(str(error))
"""
_HTTP_NODE = """
const [url] = process.argv.slice(-1);
const client = require(url.startsWith('https:') ? 'https' : 'http');
client.get(url, {timeout: 4000, rejectUnauthorized: false}, (answer) => {
  if (answer.statusCode >= 400) { console.log('HTTP status ' + answer.statusCode); process.exit(1); }
  process.exit(0);
}).on('timeout', () => process.exit(1)).on('error', (error) => { console.log(error.message); process.exit(1); });
"""
_HTTP_PERL = r"""
use IO::Socket::INET; alarm 4; my ($host, $port, $path) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or do { print "$@\n"; exit 1 };
print $socket "GET $path HTTP/1.0\r\nHost: $host:$port\r\nConnection: close\r\n\r\n";
my (undef, $code) = split / /, scalar <$socket>;
exit 0 if $code =~ /^[23]/; print "HTTP status $code\n"; exit 1;
"""
_TCP_PYTHON = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 4)"


class Probe(Protocol):
    """One way to ask whether a service is ready."""

    def ask(self, seconds: float) -> str | None:
        """None when ready, else why not yet; takes at most about `seconds`."""

    def close(self) -> None:
        """Let go of what it holds."""


class ExecProbe:
    """Asks by running a command inside."""

    def __init__(
        self, engine: Engine, id: str, argvs: tuple[tuple[str, ...], ...], cancel: Cancellation,
        limit: float | None = _TRY,
    ) -> None:
        self._engine, self._id, self._cancel, self._limit = engine, id, cancel, limit
        self._argvs = argvs
        """Alternatives: the first whose program the image has is kept."""

    def ask(self, seconds: float) -> str | None:
        """Raises NotReadyError when nothing in the image can ask."""
        while True:
            limit = seconds if self._limit is None else min(seconds, self._limit)
            answer = self._run(limit)
            if answer.code not in NOT_FOUND or len(self._argvs) == 1:
                return _judge(answer)
            self._argvs = self._argvs[1:]

    def _run(self, seconds: float) -> Answer:
        spec = ExecSpec(self._argvs[0])
        try:
            return run_inside(self._engine, self._id, spec, seconds=seconds, cancel=self._cancel)
        except EngineError as error:
            # Engines differ in how they say that a program is not there; a container that is gone is noticed elsewhere.
            return Answer(NOT_FOUND[1] if len(self._argvs) > 1 else None, error.summary.encode())

    def close(self) -> None:
        """Nothing is held."""


class LogProbe:
    """Ready once a line of the container's output, since it last started, matches."""

    def __init__(self, engine: Engine, id: str, pattern: str, since: str | None) -> None:
        _check_pattern(pattern)
        self._matcher = LineMatcher(pattern)
        self._stream = engine.logs(id, follow=True, since=since)
        threading.Thread(target=self._read, name="ready-log", daemon=True).start()

    def ask(self, seconds: float) -> str | None:
        """Whether it has come up so far."""
        return None if self._matcher.found else "no line of its output matches yet"

    def close(self) -> None:
        """Stop reading."""
        self._stream.close()
        self._matcher.close()

    def _read(self) -> None:
        splitter = LineSplitter()
        with contextlib.suppress(EngineError):
            for chunk in self._stream:
                if not self._matcher.feed(line[:_MATCHED] for line in splitter.feed(chunk.data)):
                    return


def make_probe(engine: Engine, id: str, ready: Ready, since: str | None, cancel: Cancellation) -> Probe:
    """The probe that `ready` asks for, on this container; `since` is when it last ended, None if never."""
    makers: dict[str, Callable[[], Probe]] = {
        "tcp": lambda: ExecProbe(engine, id, _tcp_argvs(ready.value), cancel),
        "http": lambda: ExecProbe(engine, id, _http_argvs(ready.value), cancel),
        "run": lambda: ExecProbe(engine, id, (("sh", "-c", ready.value),), cancel, limit=None),
        "log": lambda: LogProbe(engine, id, ready.value, since),
    }
    return makers[ready.kind]()


def _tcp_argvs(port: str) -> tuple[tuple[str, ...], ...]:
    return ("sh", "-c", _TCP, "sh", f"{int(port):04X}", port), ("python3", "-c", _TCP_PYTHON, port)


def _http_argvs(url: str) -> tuple[tuple[str, ...], ...]:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path = path.replace("\\", "%5C")
    host, port = parts.hostname or "127.0.0.1", str(parts.port or (443 if parts.scheme == "https" else 80))
    # printf would read a single `%`.
    printable = path.replace("%", "%%")
    script = ("sh", "-c", _HTTP, "sh", url, host, port, printable, _HTTP_PYTHON, _HTTP_NODE, _HTTP_PERL, path)
    return script, ("python3", "-c", _HTTP_PYTHON, url), ("node", "-e", _HTTP_NODE, url)


def _judge(answer: Answer) -> str | None:
    if answer.code == 0:
        return None
    if answer.code == _NO_CLIENT:
        raise NotReadyError(
            f"the image has nothing that can ask over HTTP: one of {answer.last_line} is needed",
            hint='`ready = { tcp = PORT }` needs only a shell',
        )
    return answer.last_line or ("no answer in time" if answer.code is None else f"exit code {answer.code}")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern.encode("utf-8", "surrogateescape"))
    except re.error as error:
        raise ConfigError(f"`ready.log` is not a regular expression: {error}") from error
