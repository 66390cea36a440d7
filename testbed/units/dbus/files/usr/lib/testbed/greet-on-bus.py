"""Answers `Greet NAME` on the system bus with a greeting: greet-on-bus.py GREETING-FILE."""

import pathlib
import sys

from jeepney import DBusAddress, HeaderFields, MatchRule, new_error, new_method_call, new_method_return
from jeepney.io.blocking import open_dbus_connection

greeting = pathlib.Path(sys.argv[1]).read_text().strip()
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
connection = open_dbus_connection("SYSTEM")
# The call that this was started for arrives before the answer about the name: calls are collected from now on.
with connection.filter(MatchRule(type="method_call"), bufsize=100) as calls:
    reply = connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.testbed.Greeting", 4)))
    if reply.body != (1,):
        sys.exit("cannot own the name")
    while True:
        message = connection.recv_until_filtered(calls)
        if message.header.fields.get(HeaderFields.member) == "Greet":
            connection.send(new_method_return(message, "s", (f"{greeting}, {message.body[0]}",)))
        else:
            connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
