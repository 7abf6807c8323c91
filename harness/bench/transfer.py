# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP transfer between two programs.

usage: transfer.py receive PORT
       transfer.py send ADDRESS PORT BYTES

The receiver accepts one connection and prints the bytes per second from then to
the end. The sender tries again until the port listens.
"""
import socket
import sys
import time

PIECE = bytes(1 << 17)


def receive(port):
    with socket.create_server(("", int(port))) as listener:
        connection, _ = listener.accept()
    begin, received, buffer = time.monotonic(), 0, bytearray(1 << 20)
    while n := connection.recv_into(buffer):
        received += n
    print(f"rate {received / (time.monotonic() - begin):.0f}", flush=True)
    connection.close()


def connect(address, port):
    while True:
        try:
            return socket.create_connection((address, int(port)))
        except ConnectionRefusedError:
            time.sleep(0.01)


def send(address, port, size):
    with connect(address, port) as connection:
        left = int(size)
        while left:
            left -= connection.send(PIECE[:min(left, len(PIECE))])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


if __name__ == "__main__":
    {"receive": receive, "send": send}[sys.argv[1]](*sys.argv[2:])
