"""A server for one line of text: serve.py GREETING-FILE STATE-DIRECTORY (PORT | handed).

Every connection is answered with the greeting and the number of connections so far, which is kept in the state
directory over restarts. SIGHUP reads the greeting again. With `handed` it takes the socket that systemd hands over,
see sd_listen_fds(3). It says READY=1 where NOTIFY_SOCKET asks for it. With PIDFILE in its environment it goes into
the background as a daemon of old does: it ends once its child serves.
"""

import os
import pathlib
import signal
import socket
import sys
import time

greeting_file, state = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def tell(text):
    """Sends a message as sd_notify(3) does."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect("\0" + address[1:] if address[0] == "@" else address)
            channel.send(text.encode())


def read_greeting(*_):
    global greeting
    tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
    greeting = greeting_file.read_text().strip()
    tell("READY=1")


def listen():
    if sys.argv[3] == "handed":
        if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
            sys.exit("one socket was to be handed over")
        return socket.socket(fileno=3)
    return socket.create_server(("127.0.0.1", int(sys.argv[3])))


def count():
    """Counts by replacing a file, as careful programs do."""
    file = state / "count"
    number = int(file.read_text()) + 1 if file.exists() else 1
    draft = state / "count.new"
    draft.write_text(str(number))
    draft.rename(file)
    return number


server = listen()
if pidfile := os.environ.get("PIDFILE"):
    if child := os.fork():
        pathlib.Path(pidfile).write_text(f"{child}\n")
        os._exit(0)
    os.setsid()
signal.signal(signal.SIGHUP, read_greeting)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
read_greeting()
while True:
    connection, _ = server.accept()
    with connection:
        connection.sendall(f"{greeting} {count()}\n".encode())
