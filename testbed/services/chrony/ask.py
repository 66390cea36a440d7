"""Asks an NTP server once and prints its stratum: ask.py ADDRESS. Fails if its time is not this machine's."""

import socket
import struct
import sys
import time

EPOCH = 2208988800  # seconds from 1900 to 1970
channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
channel.settimeout(2)
channel.connect((sys.argv[1], 123))
for _ in range(5):
    channel.send(b"\x23" + bytes(39) + struct.pack("!II", int(time.time()) + EPOCH, 0))
    try:
        answer = channel.recv(512)
        break
    except (TimeoutError, ConnectionRefusedError):
        continue
else:
    sys.exit("no answer from the NTP server")
sent = struct.unpack("!I", answer[40:44])[0] - EPOCH
if answer[0] & 7 != 4 or abs(sent - time.time()) > 2:
    sys.exit(f"not the time: mode {answer[0] & 7}, {sent - time.time()} seconds off")
print(answer[1])
