# The daemon in a container: see contrib/README.md, "In a container", and compose.yaml.
#
#     docker build -t code-tumbler .                                  a model server is elsewhere
#     docker build -t code-tumbler --build-arg EXTRAS=embedded .      with the model that needs no server
#
# UID is the user inside: give your own where /projects is a folder of the host. TOOLS are for what generated projects
# may need: without nodejs and npm, JavaScript cannot be verified; without git, no dependency can come from a repository.
#
# No engine was at hand for a build of this file: hadolint passes, and its RUN lines were run in a Debian chroot.

ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
ARG EXTRAS=""
# hadolint ignore=DL3013
RUN pip install --no-cache-dir uv
WORKDIR /build
COPY pyproject.toml README.md LICENSE config.yaml ./
COPY agents agents
COPY orchestrator orchestrator
COPY providers providers
RUN uv venv --python "$(command -v python)" /opt/code-tumbler \
    && uv pip install --no-cache --compile-bytecode --python /opt/code-tumbler ".${EXTRAS:+[${EXTRAS}]}"

FROM python:${PYTHON}-slim
ARG UID=1000
ARG TOOLS="git nodejs npm"
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap libgomp1 tini ${TOOLS} \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid "${UID}" tumbler \
    && install --directory --owner tumbler --group tumbler /projects /config /home/tumbler/.cache
COPY --from=build /opt/code-tumbler /opt/code-tumbler
ENV PATH=/opt/code-tumbler/bin:$PATH \
    PYTHONUNBUFFERED=1
USER ${UID}
# A config.yaml here counts; without one the defaults do, which look for servers on the container's own localhost.
WORKDIR /config
VOLUME ["/projects", "/home/tumbler/.cache"]
HEALTHCHECK --interval=60s --timeout=30s --start-period=30s \
    CMD ["sh", "-c", "code-tumbler --workspace /projects status --json | grep --quiet '\"running\": true'"]
ENTRYPOINT ["tini", "--", "code-tumbler", "--workspace", "/projects"]
CMD ["run"]
