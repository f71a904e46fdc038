# The private Redis, in $data/redis. It caches and fans out, so nothing is kept on disk; under pressure it evicts only
# what has a time to live.
# shellcheck shell=bash

launch_redis() {
    launch redis redis-server --port "$(choose_port redis)" --bind 127.0.0.1 --save '' --appendonly no \
        --maxmemory 256mb --maxmemory-policy volatile-lru
}

await_redis() { await redis redis_answers; }

redis_answers() { [[ $(redis-cli -h 127.0.0.1 -p "$(port_of redis)" PING) == PONG ]]; }

address_of_redis() { echo "REDIS_URL=redis://127.0.0.1:$(port_of redis)"; }
