"""A DHCP client that asks for one lease and prints the address: lease.py INTERFACE MAC HOSTNAME."""

import os
import socket
import struct
import sys
import time

interface, mac, hostname = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")), sys.argv[3].encode()
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
transaction = os.urandom(4)


def option(code, value):
    return bytes([code, len(value)]) + value


def message(kind, *options):
    head = struct.pack("!BBBB4sHH", 1, 1, 6, 0, transaction, 0, 0x8000)  # 0x8000: answer by broadcast
    fixed = head + bytes(16) + mac.ljust(16, b"\0") + bytes(64 + 128) + bytes.fromhex("63825363")
    return fixed + option(53, bytes([kind])) + option(12, hostname) + b"".join(options) + b"\xff"


def options_of(answer):
    found, rest = {}, answer[240:]
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        found[rest[0]], rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
    return found


channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
channel.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
channel.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
channel.bind(("", 68))
channel.settimeout(2)


def exchange(sent, wanted):
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        channel.sendto(sent, ("255.255.255.255", 67))
        try:
            while True:
                answer = channel.recv(4096)
                found = options_of(answer)
                if answer[4:8] == transaction and found.get(53) == bytes([wanted]):
                    return answer[16:20], found[54]
        except TimeoutError:
            continue
    sys.exit("no answer from the DHCP server")


address, server = exchange(message(DISCOVER), OFFER)
address, _ = exchange(message(REQUEST, option(50, address), option(54, server)), ACK)
print(socket.inet_ntoa(address))
