"""The fake's HTTP side: GitHub's REST API below /api/v3, as an Enterprise Server has it, and Git's smart protocol beside it."""
import base64
import http.server
import json
import re
import subprocess
import threading
import urllib.parse

import service  # noqa: F401  Its operations are what stands in the table.
from routes import ROUTES
from state import Missing, Refused, environment

# A branch, a file's path and a ref may hold slashes.
DEEP = ("branch", "path", "ref")


def pattern_of(template):
    parts = re.sub(r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{'.+' if found[1] in DEEP else '[^/]+'})", template)
    return re.compile(parts + "$")


TABLE = [(method, template, pattern_of(template), function) for method, template, function in ROUTES]


class Call:
    """One request: who asks, for what, with what."""

    def __init__(self, user, accept, query, body, places, address, page_limit):
        self.user, self.accept, self.query, self.body = user, accept, query, body
        self.link, self._address, self._page_limit = None, address, page_limit
        for name, value in places.items():
            setattr(self, name, value)

    def require_user(self):
        if not self.user:
            raise Refused(401, "Requires authentication")
        return self.user

    def page(self, elements):
        """One page of a list; the others are announced in the Link header."""
        size = min(int(self.query.get("per_page", 30)), self._page_limit)
        number, last = int(self.query.get("page", 1)), max(1, -(-len(elements) // size))
        if last > 1:
            near = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
            wanted = {name: page for name, page in near.items() if 1 <= page <= last and (name in ("prev", "next") or page != number)}
            self.link = ", ".join(f'<{self._address}?{urllib.parse.urlencode(self.query | {"page": page})}>; rel="{name}"'
                                  for name, page in wanted.items())
        return elements[(number - 1) * size:number * size]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        address = urllib.parse.urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = self._read_chunks()
        if address.path.startswith("/api/v3/"):
            self._answer_api(address, data)
        elif re.match(r"/[^/]+/[^/]+\.git/", address.path):
            self._answer_git(address, data)
        else:
            self._send(404, b"Not Found", {"Content-Type": "text/plain"})

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

    def log_message(self, *_):
        pass

    def _read_chunks(self):
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    # -- the REST API

    def _answer_api(self, address, data):
        path = address.path[len("/api/v3"):]
        matches = [(template, pattern.match(path), function) for method, template, pattern, function in TABLE if method == self.command]
        template, places, function = next((entry for entry in matches if entry[1]), (None, None, None))
        with self.server.lock:
            self.server.requests.append((self.command, path))
            status, body, call = self._operate(function, template, places, address, data)
        if template and not isinstance(body, bytes):
            status, body = self._held_to_description(template, status, body)
        headers = {"X-GitHub-Media-Type": "github.v3", "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"}
        if call and call.link:
            headers["Link"] = call.link
        if isinstance(body, bytes):
            return self._send(status, body, headers | {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
        content = b"" if body is None else json.dumps(body).encode()
        return self._send(status, content, headers | {"Content-Type": "application/json; charset=utf-8"})

    def _operate(self, function, template, places, address, data):
        call = None
        try:
            user = self.server.service.find_user(self._token())
            if self.headers.get("Authorization") and not user:
                raise Refused(401, "Bad credentials")
            if not function:
                raise Missing()
            body = json.loads(data) if data else None
            self._check_request(template, body)
            query = dict(urllib.parse.parse_qsl(address.query))
            decoded = {name: urllib.parse.unquote(value) for name, value in places.groupdict().items()}
            call = Call(user, self.headers.get("Accept", ""), query, body, decoded, self.server.url + address.path, self.server.service.page_limit)
            return *function(self.server.service, call), call
        except Missing:
            return *problem(404, "Not Found"), call
        except Refused as refused:
            return *problem(refused.status, str(refused)), call
        except ValueError:
            return *problem(400, "Problems parsing JSON"), call

    def _token(self):
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return value
        return base64.b64decode(value).decode().partition(":")[2]

    def _check_request(self, template, body):
        if self.server.description:
            try:
                self.server.description.check_request(self.command, template, body)
            except AssertionError as violation:
                raise Refused(422, f"GitHub would not take this: {violation}") from None

    def _held_to_description(self, template, status, body):
        if self.server.description:
            try:
                self.server.description.check_reply(self.command, template, status, body)
            except AssertionError as violation:
                return problem(500, f"the fake answers what GitHub would not: {violation}")
        return status, body

    # -- Git

    def _answer_git(self, address, data):
        owner, name, rest = re.match(r"/([^/]+)/([^/]+)\.git(/.*)", address.path).groups()
        state = self.server.service
        repository, user = state.repositories.get(f"{owner}/{name}"), state.find_user(self._token())
        writes = "git-receive-pack" in self.path
        role = repository.role_of(user) if repository else "none"
        if role == "none" or (writes and role == "read"):
            challenge = {} if user else {"WWW-Authenticate": 'Basic realm="GitHub"'}
            return self._send(404 if user else 401, b"Repository not found.", {"Content-Type": "text/plain"} | challenge)
        with self.server.lock:
            before = repository.branches()
            reply = self._run_git(repository, rest, address.query, data, user)
            after = repository.branches()
            changes = {f"refs/heads/{branch}": (before.get(branch), after.get(branch)) for branch in {*before, *after}
                       if before.get(branch) != after.get(branch)}
            state.after_push(repository, changes, user)
        return self._send_cgi(reply)

    def _run_git(self, repository, rest, query, data, user):
        variables = {"GIT_PROJECT_ROOT": str(repository.path), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": rest, "QUERY_STRING": query,
                     "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(data)),
                     "REMOTE_USER": user.name if user else "", "REMOTE_ADDR": "127.0.0.1", "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                     "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        return subprocess.run(["git", "http-backend"], env=environment() | variables, input=data, stdout=subprocess.PIPE, check=True).stdout

    def _send_cgi(self, reply):
        head, _, body = reply.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._send(int(headers.pop("Status", "200").split()[0]), body, headers)

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)


def problem(status, message):
    return status, {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0, description=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.RLock()  # One operation at a time: state changes are seen whole.
        self.description, self.service, self.requests = description, None, []
