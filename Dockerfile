# The services, as built on this machine:
#
#   cargo build --workspace --bins --locked
#   docker build -t shoal .
#   docker run --rm shoal shoal --help
#
# `docker compose up --build` does the last two for the whole stack. The programs are
# linked against this machine's libc: build on Debian 12 or on something older, or put
# a newer base here.
FROM debian:bookworm-slim

# Certificates, for memories that are reached by https; socat, see docker-compose.yml.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates socat \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 /data

COPY target/debug/shoal target/debug/shoal-launcher target/debug/shoal-simulator \
     target/debug/shoal-memory-sink /usr/local/bin/

# Refuses test builds, which are in the same place after `make test`: they can be told to
# misbehave. `cargo build --workspace --bins --locked` puts the others there.
RUN ! grep -l SHOAL_FAULTS /usr/local/bin/shoal*

USER 10001:10001
WORKDIR /data
