# The proxy's image, described in docs/deploy/docker.md:
#
#   docker build --tag tenant-security-proxy .
#
# Any builder will do: no BuildKit syntax, and nothing is fetched but the base image and npm packages.
ARG NODE_IMAGE=node:24-bookworm-slim

# The program with what it needs to run.
FROM ${NODE_IMAGE} AS program
WORKDIR /build
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npm install --global --no-audit --no-fund --ignore-scripts \
    "$(node --print 'require("./package.json").packageManager')"
COPY packages/event-queue/package.json packages/event-queue/
COPY packages/kms-adapters/package.json packages/kms-adapters/
COPY packages/metrics/package.json packages/metrics/
COPY packages/proxy/package.json packages/proxy/
COPY testkit/package.json testkit/
# Ages and origins of packages were checked when the lockfile was made, which pins what they hold:
# asking for those of each again would take a minute.
RUN pnpm install --frozen-lockfile --filter "@tenant-security/proxy..." \
    --config.minimumReleaseAge=0 --config.trustPolicy=off
COPY tsconfig.base.json ./
COPY packages packages
RUN pnpm --filter "@tenant-security/proxy..." run build \
 && pnpm --filter "@tenant-security/proxy" deploy --prod /app
COPY deploy/image/assemble.mjs deploy/image/
RUN node deploy/image/assemble.mjs /app
COPY LICENSE /app/

# The base without what installs programs or changes users. The list of Debian packages stays, for
# scanners.
FROM ${NODE_IMAGE} AS base
RUN rm -rf \
    /usr/local/lib/node_modules /usr/local/include /usr/local/share/doc /usr/local/share/man \
    /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn \
    /usr/local/bin/yarnpkg /usr/local/bin/docker-entrypoint.sh /opt/yarn* \
    /usr/bin/apt* /usr/bin/dpkg* /usr/sbin/dpkg* /usr/lib/apt /usr/lib/dpkg /usr/libexec/dpkg \
    /etc/apt /var/lib/apt /var/cache/apt /var/cache/debconf /root/.npm \
 && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +

# One layer of each: what was removed above is not shipped.
FROM scratch
COPY --from=base / /
COPY --from=program /app /app
RUN ["ln", "-s", "/app/dist/main.js", "/usr/local/bin/tenant-security-proxy"]

ARG NODE_IMAGE
ARG VERSION=unreleased
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Tenant Security Proxy" \
      org.opencontainers.image.description="Makes, wraps and unwraps document encryption keys with each tenant's own KMS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${NODE_IMAGE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production
WORKDIR /app
# Any user but root will do.
USER 2:2
EXPOSE 7777 9000 5555
# The program's own first line says how Node runs it, and makes it process 1.
ENTRYPOINT ["tenant-security-proxy"]
CMD ["start"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["tenant-security-proxy", "health"]
