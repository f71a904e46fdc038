# What the toolchain links with and against. The context holds the toolchain as usr/.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        binutils ca-certificates gcc git libc6-dev libcurl4 libedit2 libncurses6 libpython3.11 libsqlite3-0 libstdc++-12-dev \
        libxml2 libz3-4 tzdata zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
COPY usr /usr
