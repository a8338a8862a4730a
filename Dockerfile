# Two images: `shoal`, in which there are our programs and nothing else, and `shoal-bus`, a
# nats-server that is not root. docker-compose.yml builds both; by hand:
#
#   docker build -t shoal .
#   docker build -t shoal-bus --target bus .
#   docker run --rm shoal shoal --help
#
# The programs are compiled in the image COMPILER. Where that cannot be had, but this machine has
# the toolchain: `make image` compiles them here, into .image, and any image with a shell will do:
#
#   docker build -t shoal --build-arg COMPILER=nats:2.15.1-alpine .
ARG COMPILER=rust:1.95-slim-bookworm

FROM nats:2.15.1-alpine AS bus
# A new volume takes over whose folder it is laid on.
RUN mkdir -m 700 /data && chown 65532:65532 /data
USER 65532:65532

FROM ${COMPILER} AS programs
WORKDIR /src
COPY . .
# What the programs call their build; here is no git to ask. deploy/build-name.sh prints it.
ARG SHOAL_BUILD=
RUN SHOAL_BUILD="$SHOAL_BUILD" deploy/image.sh /image

FROM scratch
COPY --from=programs /image/files /
COPY --from=programs --chown=65532:65532 /image/data /data
ENV PATH=/usr/local/bin SHOAL_HEALTH_SOCKET=/tmp/health
# A number that no usual system gives to anybody.
USER 65532:65532
WORKDIR /data
