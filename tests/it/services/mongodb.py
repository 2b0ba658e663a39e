"""A MongoDB server that knows `hello`, by pymongo's encoding."""

import datetime
import struct
import sys

import bson
from pymongo.message import _OpMsg

from golden import serve

REQUEST = 1
OP_MSG = 2013


def message(number, response_to, document):
    body = struct.pack("<IB", 0, 0) + bson.encode(document)
    return struct.pack("<iiii", 16 + len(body), number, response_to, OP_MSG) + body


# The reply of a primary in a replica set, with each type that MongoDB's own has.
HELLO = {
    "topologyVersion": {"processId": bson.ObjectId(), "counter": bson.Int64(6)},
    "hosts": [f"mongodb-{number}.mongodb.default.svc.cluster.local:27017" for number in range(7)],
    "setName": "rs0",
    "setVersion": 1,
    "isWritablePrimary": True,
    "secondary": False,
    "primary": "mongodb-0.mongodb.default.svc.cluster.local:27017",
    "me": "mongodb-0.mongodb.default.svc.cluster.local:27017",
    "electionId": bson.ObjectId(),
    "lastWrite": {
        "opTime": {"ts": bson.Timestamp(1700000000, 1), "t": bson.Int64(1)},
        "lastWriteDate": datetime.datetime(2026, 1, 1),
    },
    "maxBsonObjectSize": 16777216,
    "localTime": datetime.datetime(2026, 1, 1),
    "connectionId": 7,
    "readOnly": False,
    "compression": ["snappy"],
    "ok": 1.0,
    "$clusterTime": {
        "clusterTime": bson.Timestamp(1700000000, 1),
        "signature": {"hash": bytes(20), "keyId": bson.Int64(0)},
    },
    "operationTime": bson.Timestamp(1700000000, 1),
}
UNKNOWN = {"ok": 0.0, "errmsg": "no such command: 'hello'", "code": 59, "codeName": "CommandNotFound"}

document = {"hello": HELLO, "unknown": UNKNOWN}[sys.argv[1]]
reply = message(REQUEST + 8, REQUEST, document)
assert _OpMsg.unpack(reply[16:]).command_response(bson.DEFAULT_CODEC_OPTIONS).keys() == document.keys()
serve(27017, message(REQUEST, 0, {"hello": 1, "$db": "admin"}), reply)
