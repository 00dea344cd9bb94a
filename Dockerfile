# Where devbox is developed: the tools and dependencies of `pip install .[test]`; the source comes through the live mount.
# Where no registry answers, `devbox demo` leaves `devbox-base:bookworm` on the engine: give that as BASE.
ARG BASE=debian:bookworm-slim

# The box runs as whoever develops (`user = "host"` in devbox.toml).
# devbox ignore=dockerfile.user.root
FROM ${BASE} AS dev
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git less python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/src PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml /tmp/
RUN cd /tmp \
 && python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['test'], sep='\n')" > requirements.txt \
 && pip install -r requirements.txt
RUN printf '#!/bin/sh\nexec python -m devbox "$@"\n' > /usr/local/bin/devbox && chmod +x /usr/local/bin/devbox
WORKDIR /src
