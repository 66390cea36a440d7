"""One of the servers behind haproxy: backend.py NAME. Says its name, and hashes what it is sent."""

import hashlib
import http.server
import sys

PORTS = {"one": 8101, "two": 8102}


class Handler(http.server.BaseHTTPRequestHandler):
    """GET answers with the name or with `/bytes/N` letters, PUT with the hash of the body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = self.path.split("/")
        self.answer(b"x" * int(parts[2]) if parts[1] == "bytes" else sys.argv[1].encode())

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(hashlib.sha256(body).hexdigest().encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Forwarded-For-Seen", self.headers.get("X-Forwarded-For", ""))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer.request_queue_size = 1000
http.server.ThreadingHTTPServer(("127.0.0.1", PORTS[sys.argv[1]]), Handler).serve_forever()
