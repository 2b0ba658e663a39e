"""A Kafka broker that answers ApiVersions, by kafka-python's encoding."""

import sys

# This file has the library's name.
sys.path.append(sys.path.pop(0))

from kafka.protocol.metadata.api_versions import ApiVersionsRequest, ApiVersionsResponse

from golden import serve

NUMBER = 1
UNSUPPORTED_VERSION = 35


def encoded(message, **header):
    message.with_header(correlation_id=NUMBER, **header)
    return bytes(message.encode(header=True, framed=True))


# As many requests as Kafka 4 knows.
versions = [ApiVersionsResponse.ApiVersion(api_key=key, min_version=0, max_version=9) for key in range(93)]
answer = {
    "versions": {"error_code": 0, "api_keys": versions},
    "unsupported": {"error_code": UNSUPPORTED_VERSION, "api_keys": versions},
    "empty": {"error_code": 0, "api_keys": []},
}[sys.argv[1]]
reply = encoded(ApiVersionsResponse[0](**answer))
assert len(ApiVersionsResponse[0].decode(reply, header=True, framed=True).api_keys) == len(answer["api_keys"])
serve(9092, encoded(ApiVersionsRequest[0](), client_id="lprobe"), reply)
