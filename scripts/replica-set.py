"""replica-set.py HOST:PORT: makes the mongod there the primary of the replica set rs0, and returns when it is.

Harmless to repeat. A member that comes back at another address is told so: it would not find itself in its own
configuration otherwise and would stay out of the set for ever.
"""

import sys
import time

from pymongo import MongoClient
from pymongo.errors import OperationFailure

NOT_YET_INITIALIZED = 94

member = sys.argv[1]
admin = MongoClient(member, directConnection=True, serverSelectionTimeoutMS=10_000).admin
try:
    configuration = admin.command("replSetGetConfig")["config"]
    if configuration["members"][0]["host"] != member:
        configuration["members"][0]["host"] = member
        configuration["version"] += 1
        admin.command("replSetReconfig", configuration, force=True)
except OperationFailure as failure:
    if failure.code != NOT_YET_INITIALIZED:
        raise
    admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": member}]})

deadline = time.monotonic() + 30
while not admin.command("hello")["isWritablePrimary"]:
    if time.monotonic() > deadline:
        sys.exit("no primary after 30 s")
    time.sleep(0.05)
