# One image for every command: `docker run IMAGE` runs the demo; `docker run IMAGE up` and the other commands work the same way.
# Build it with `docker build -t virtuoso .`, or without an image registry with tools/image.
#
# An image for servers and the edge alone is half as large, because it has no libraries for exchanges and mathematics:
# `docker build --build-arg LOCK=requirements-server.txt -t virtuoso-server .`, then `docker run virtuoso-server serve`.
#
# The container needs no capability (`--cap-drop ALL`) and no writable root (`--read-only`). It writes only to its volume.
# A `collect` or an `edge` alone has no gRPC health. Run it with `--no-healthcheck`, and check /healthz on its port. The monitor
# with /metrics listens only inside the container, until VIRTUOSO_MONITOR_ADDRESS opens it to a network of operators.

ARG BASE=python:3.11-slim-bookworm

# The packages of the lock file. They rarely change, so this large layer is rarely built again. Bytecode is compiled here,
# because a read-only root cannot store it. It is never compared with its source.
FROM ${BASE} AS dependencies
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python3 -m venv /tools && python3 -m venv --without-pip /opt/python
ARG LOCK=requirements.txt
COPY ${LOCK} ./
RUN /tools/bin/pip --python /opt/python/bin/python install -q --no-compile --only-binary :all: --require-hashes -r ${LOCK} \
 && find /opt/python/lib -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
 && /opt/python/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/python/lib

FROM dependencies AS build
COPY pyproject.toml README.md ./
COPY gen/python gen/python
COPY gen/web gen/web
COPY virtuoso virtuoso
RUN /tools/bin/pip --python /opt/python/bin/python install -q --no-compile --no-deps --no-build-isolation \
    --target /opt/virtuoso ./gen/python . \
 && /opt/python/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/virtuoso

FROM ${BASE}
LABEL org.opencontainers.image.title="virtuoso" \
      org.opencontainers.image.description="The backend of a crypto-market dashboard: real numbers, dated, over typed gRPC" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --gid 10001 virtuoso \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/virtuoso --shell /usr/sbin/nologin virtuoso \
 && install -d -o virtuoso -g virtuoso -m 0750 /var/lib/virtuoso
COPY --from=dependencies /opt/python /opt/python
COPY --from=build /opt/virtuoso /opt/virtuoso
ENV PATH=/opt/virtuoso/bin:/opt/python/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/virtuoso \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    HOME=/var/lib/virtuoso \
    XDG_STATE_HOME=/var/lib \
    VIRTUOSO_GRPC_ADDRESS=0.0.0.0:50051 \
    VIRTUOSO_EDGE_ADDRESS=0.0.0.0:8003 \
    VIRTUOSO_MONITOR_ADDRESS=127.0.0.1:8001 \
    VIRTUOSO_REFLECTION=false
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
# In the volume, so that temporary files can be written even if /tmp is read-only.
WORKDIR /var/lib/virtuoso
VOLUME /var/lib/virtuoso
EXPOSE 50051 8003
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["virtuoso", "probe"]
ENTRYPOINT ["virtuoso"]
CMD ["demo"]
