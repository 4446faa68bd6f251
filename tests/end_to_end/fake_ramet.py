#!/usr/bin/python3
"""Stands in for the product where the harness itself is tested: one server that knows a preview `pr-1`, and two commands."""
import http.server
import json
import os
import pathlib
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/api/v1/previews/pr-1": {"name": "pr-1", "state": "ready"}}
        if self.path.startswith("/api/"):
            allowed = self.headers["Authorization"] == "Bearer secret"
            self.answer(401 if not allowed else 200 if self.path in known else 404, known.get(self.path, {}))
        else:
            self.answer(200 if self.headers["Host"].startswith("web-pr-1.localhost:") else 404, {"host": self.headers["Host"]})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def up(arguments):
    option = dict(zip(arguments[::2], arguments[1::2]))
    pathlib.Path(option["--data-dir"]).mkdir(exist_ok=True)
    ends = {}
    for name in ("--listen", "--proxy-listen"):
        host, _, port = option[name].rpartition(":")
        server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
        ends[name] = f"http://{host}:{server.server_port}"
        threading.Thread(target=server.serve_forever).start()
    print(json.dumps({"url": ends["--listen"], "proxy": ends["--proxy-listen"], "token": "secret"}), flush=True)


def show(name):
    if os.environ["RAMET_TOKEN"] != "secret":
        sys.exit(4)
    if name != "pr-1":
        print(f"there is no preview {name}", file=sys.stderr)
        sys.exit(3)
    print(json.dumps({"name": name, "state": "ready"}))


if sys.argv[1] == "up":
    up(["--first", "", *[word for word in sys.argv[2:] if word not in ("--no-input", "-o", "json")]])
elif sys.argv[1:3] == ["preview", "show"]:
    show(sys.argv[3])
else:
    sys.exit(2)
