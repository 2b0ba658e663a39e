"""gRPC's health service, by grpcio: plain on TCP and on two Unix sockets, over TLS, and by mutual TLS."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

socket, authority, certificate, key = sys.argv[1:5]


def read(path):
    with open(path, "rb") as file:
        return file.read()


pair = [(read(key), read(certificate))]
server = grpc.server(ThreadPoolExecutor(2), compression=grpc.Compression.Gzip)
servicer = health.HealthServicer()
health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
for name, status in [("", "SERVING"), ("well", "SERVING"), ("sick", "NOT_SERVING"), ("unknown", "UNKNOWN")]:
    servicer.set(name, health_pb2.HealthCheckResponse.ServingStatus.Value(status))
server.add_insecure_port(f"unix:{socket}")
server.add_insecure_port(f"unix-abstract:{socket}")
print(
    server.add_insecure_port("127.0.0.1:0"),
    server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair)),
    server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair, read(authority), True)),
)
server.start()
print("ready", flush=True)
server.wait_for_termination()
