"""A Cassandra server that answers OPTIONS, by cassandra-driver's encoding."""

import io
import struct
import sys

# This file has the library's name.
sys.path.append(sys.path.pop(0))

from cassandra.protocol import (
    ErrorMessage, OptionsMessage, ProtocolHandler, SupportedMessage, write_int, write_string, write_stringmultimap,
)

from golden import serve

HEADER = struct.Struct(">BBhBi")
OPTIONS = {
    "CQL_VERSION": ["3.4.7"],
    "COMPRESSION": ["snappy", "lz4"],
    "PROTOCOL_VERSIONS": ["3/v3", "4/v4", "5/v5", "6/v6-beta"],
}
PROTOCOL_ERROR = 0x0A
IS_BOOTSTRAPPING = 0x1002


def frame(version, opcode, body):
    return HEADER.pack(0x80 | version, 0, 0, opcode, len(body)) + body


def supported():
    body = io.BytesIO()
    write_stringmultimap(body, OPTIONS)
    return frame(4, SupportedMessage.opcode, body.getvalue())


def error(version, code, text):
    body = io.BytesIO()
    write_int(body, code)
    write_string(body, text)
    return frame(version, ErrorMessage.opcode, body.getvalue())


reply = {
    "supported": supported,
    "newer": lambda: error(5, PROTOCOL_ERROR, "Rejecting Protocol Version v4 < v5."),
    "error": lambda: error(4, PROTOCOL_ERROR, "Invalid request"),
    "bootstrapping": lambda: error(4, IS_BOOTSTRAPPING, "Cannot answer while it bootstraps"),
}[sys.argv[1]]()
version, flags, stream, opcode, _ = HEADER.unpack(reply[: HEADER.size])
ProtocolHandler.decode_message(version & 0x7F, None, stream, flags, opcode, reply[HEADER.size :], None, None)
serve(9042, ProtocolHandler.encode_message(OptionsMessage(), 0, 4, None, False), reply)
