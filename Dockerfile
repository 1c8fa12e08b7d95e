# A node: gobgpd, the controller and the plugin. The image `slash32:latest` of docker-compose.yml and of the containerlab
# topologies. BASE is a Debian 12 with Node 20.
ARG BASE=node:20-bookworm-slim

FROM ${BASE} AS builder
RUN apt-get update && apt-get install --yes --no-install-recommends gcc gcc-bpf libc6-dev make musl-tools
WORKDIR /opt/slash32
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gobgpd iproute2 iputils-ping nftables procps util-linux \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/slash32
COPY package.json LICENSE ./
COPY bin bin
COPY proto proto
COPY deploy/node.sh deploy/attach.sh deploy/
COPY --from=builder /opt/slash32/node_modules node_modules
COPY --from=builder /opt/slash32/dist/src dist/src
COPY --from=builder /opt/slash32/bpf/shortcut.o bpf/
COPY --from=builder /opt/slash32/plugin/slash32 /opt/cni/bin/
RUN ln -s /opt/slash32/bin/* /usr/local/bin/ && ln -s /opt/slash32/deploy/attach.sh /usr/local/bin/attach
ENTRYPOINT ["/opt/slash32/deploy/node.sh"]
