"""A small web service: greets whoever asks and counts the visits in Redis."""

from __future__ import annotations

import os

import redis
from flask import Flask
from greeting import GREETING

app = Flask(__name__)
cache = redis.Redis(host=os.environ.get("REDIS_HOST", "cache"), socket_timeout=5)


@app.get("/")
def index() -> tuple[str, dict[str, str]]:
    """The greeting and how often it was asked for."""
    return f"{GREETING} (visit {cache.incr('visits')})\n", {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/health")
def health() -> tuple[str, dict[str, str]]:
    """Ready once the cache answers too."""
    cache.ping()
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8"}
