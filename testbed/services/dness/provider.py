"""Plays what dness talks to: provider.py DIRECTORY ADDRESS CERTIFICATE KEY RESOLVER...

Cloudflare's API for zones and records on port 443 of the address, as far as dness uses it, and on port 53 of each
resolver the name that tells who asks its own address. The directory holds what a test sets and sees:

    token       who may change records          address     the address of this machine, as the world sees it
    records     `NAME CONTENT` on lines         requests    one request a line: method, path, token, body
"""

import http.server
import json
import pathlib
import socket
import ssl
import struct
import sys
import threading
import urllib.parse

directory = pathlib.Path(sys.argv[1])
address, certificate, key, resolvers = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
lock = threading.Lock()
PAGE = 20


def told(name):
    return (directory / name).read_text().strip()


def records():
    return [line.split() for line in told("records").splitlines()]


class Cloudflare(http.server.BaseHTTPRequestHandler):
    """Zones and records, in pages."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.handle_request()

    def do_PATCH(self):
        self.handle_request()

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        url = urllib.parse.urlsplit(self.path)
        with lock:
            with (directory / "requests").open("a") as log:
                log.write(f"{self.command} {url.path} {token} {body}\n")
            if token != told("token"):
                return self.answer(403, None, [{"code": 9109, "message": "Invalid access token"}])
            query = dict(urllib.parse.parse_qsl(url.query))
            match self.command, url.path.removeprefix("/client/v4/").split("/"):
                case "GET", ["zones"]:
                    self.answer(200, [{"id": "z1", "name": query["name"]}])
                case "GET", ["zones", "z1", "dns_records"]:
                    self.page(int(query["page"]))
                case "PATCH", ["zones", "z1", "dns_records", number]:
                    self.change(int(number.removeprefix("r")), json.loads(body)["content"])
                case _:
                    self.answer(404, None, [{"code": 7003, "message": "Could not route"}])

    def page(self, number):
        everything = [{"id": f"r{at}", "name": name, "content": content} for at, (name, content) in enumerate(records())]
        part = everything[(number - 1) * PAGE : number * PAGE]
        pages = -(-len(everything) // PAGE)
        counts = {"page": number, "per_page": PAGE, "total_pages": pages, "count": len(part), "total_count": len(everything)}
        self.answer(200, part, info=counts)

    def change(self, number, content):
        lines = records()
        lines[number][1] = content
        (directory / "records").write_text("".join(f"{name} {content}\n" for name, content in lines))
        self.answer(200, {"id": f"r{number}", "name": lines[number][0], "content": content})

    def answer(self, status, result, errors=(), info=None):
        body = json.dumps({"result": result, "success": not errors, "errors": list(errors), "result_info": info}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def resolve(resolver):
    """Answers every question for an address with the one of this machine."""
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    channel.bind((resolver, 53))
    while True:
        query, sender = channel.recvfrom(512)
        end = query.index(b"\0", 12) + 5
        head = query[:2] + struct.pack("!HHHHH", 0x8580, 1, 1, 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(told("address"))
        channel.sendto(head + query[12:end] + answer, sender)


for resolver in resolvers:
    threading.Thread(target=resolve, args=(resolver,), daemon=True).start()
server = http.server.ThreadingHTTPServer((address, 443), Cloudflare)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
