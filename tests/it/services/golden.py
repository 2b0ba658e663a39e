"""What the servers share that answer by a client library's own encoding: one answer for each connection."""

import socket


def read(connection, length):
    """Reads so many bytes."""
    received = b""
    while len(received) < length:
        more = connection.recv(length - len(received))
        assert more, f"closed after {received!r}"
        received += more
    return received


def serve(port, request, reply):
    """Expects `request` on each connection, and sends `reply`."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                received = read(connection, len(request))
                assert received == request, f"{received!r} is not {request!r}"
                connection.sendall(reply)
                # Until the client has gone.
                connection.recv(1)
