# The private MongoDB, a replica set of one member, in $data/mongo: transactions, change streams and majority writes
# need a replica set, and one member is a majority of one.
# shellcheck shell=bash disable=SC2154 # data: from stores.sh

launch_mongo() {
    launch mongo "$LOCAL/bin/mongod" --dbpath "$data/mongo" --port "$(choose_port mongo)" --bind_ip 127.0.0.1 \
        --nounixsocket --replSet rs0 --oplogSize 1024 --wiredTigerCacheSizeGB 1 \
        --setParameter diagnosticDataCollectionEnabled=false
}

await_mongo() { await mongo "$LOCAL/venv/bin/python" "$ROOT/scripts/replica-set.py" "127.0.0.1:$(port_of mongo)"; }

address_of_mongo() { echo "MONGODB_URL=mongodb://127.0.0.1:$(port_of mongo)/?replicaSet=rs0"; }
