"""The table behind test_bad_input.py: each row is one thing that somebody may send, and exactly what it gets.

`line` is the line of the design's list "Bad input, and what it gets". Not in the table, because no part can meet it yet:
- archive members out of the root: nothing reads archives (no restore, no upload);
- an address that a name takes later (rebinding) at connect: the unit tests of net and of the daemon's `hold` have it, as no name
  server is at hand here.
"""
import json
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Callable

from front import Nonsense
from ramet import address_of
from wire import ask, exchange

USAGE = 2  # Exit codes of the manual's table.
REFUSED = 5


@dataclass(frozen=True)
class Outcome:
    """A status and the error's code; of a command its exit code and None."""
    status: int
    code: str | None
    text: str


@dataclass(frozen=True)
class Row:
    line: str
    story: str
    send: Callable  # (shop, hook) → Outcome
    status: int
    code: str | None

    def __str__(self):
        return f"{self.line}: {self.story}"


def rows(line, status, code, *cases):
    return [Row(line, story, send, status, code) for story, send in cases]


# -- how a row sends

def outcome(answer):
    """The proxy answers with a page, which has no code."""
    is_json = "json" in answer.headers["content-type"]
    return Outcome(answer.status, answer.json.get("code") if is_json else None, answer.text)


def api(method, path, body=None):
    """With a valid token; a body of bytes is sent as it is."""
    def send(shop, _=None):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return outcome(ask(urllib.request.Request(f"{shop.ramet.url}/api/v1{path}", method=method, data=data, headers={
            "Authorization": f"Bearer {shop.ramet.token}", "Content-Type": "application/json"})))
    return send


def wire(where, text):
    """Bytes on a socket, to the `api` or the `proxy`; the connection must be closed after the answer."""
    def send(shop, _):
        url = {"api": shop.ramet.url, "proxy": shop.ramet.proxy}[where]
        host = address_of(url if where == "api" else shop.base()["urls"]["web"])
        answer, is_closed = exchange(url, text.replace("{host}", host).encode("latin-1"))
        assert is_closed, f"the connection stays open after {answer}"
        return outcome(answer)
    return send


def delivery(body, **options):
    def send(_, hook):
        answer = hook.deliver(body, **options)
        assert answer.status != 422 or answer.json["errors"][0]["pointer"].startswith("/"), answer.text
        return outcome(answer)
    return send


def command(*words, hidden=""):
    """`hidden` must not be said again."""
    def send(shop, _):
        done = shop.ramet.cli(*words, "--project", "shop", stdin="token\n")
        assert done.err.strip() and not (hidden and hidden in done.out + done.err), done
        return Outcome(done.code, None, str(done))
    return send


def file(text):
    """A project file, wherever one is read: by `apply`, by `plan`, by the command that validates. Within a second."""
    def send(shop, _):
        asked = [("/projects/apply", {"file": text}), ("/plans", {"project": "shop", "branch": "main", "file": text})]
        outcomes = [api("POST", path, body)(shop) for path, body in asked]
        began = time.monotonic()
        again = api("POST", *asked[0])(shop)
        assert time.monotonic() - began < 1, f"apply took {time.monotonic() - began:.2f} s"
        assert "ramet.yaml:" in json.loads(again.text)["errors"][0]["where"], again.text[:2000]
        path = shop.ramet.directory / "tmp" / "bad.yaml"
        path.write_bytes(text.encode())
        began = time.monotonic()
        assert shop.ramet.cli("config", "validate", path).code == USAGE
        assert time.monotonic() - began < 1, f"validate took {time.monotonic() - began:.2f} s"
        path.unlink()
        assert len({(it.status, it.code) for it in outcomes}) == 1, outcomes
        return outcomes[0]
    return send


def host_says(path, nonsense, send):
    """The Git host answers so meanwhile."""
    def sent(shop, hook):
        shop.front.answer(path, nonsense)
        try:
            return send(shop, hook)
        finally:
            shop.front.heal()
    return sent


def connect_to(url, repository="alice/shop"):
    return api("POST", "/projects/connect", {"forge": "gitea", "url": url, "repository": repository, "token": "t"})


def apply_from(repository):
    return api("POST", "/projects/apply", {"file": GOOD_FILE, "repository": repository})


def quoted(text):
    return urllib.parse.quote(text, safe="")


# -- what is sent

GOOD_FILE = """\
version: 1
project: bad-input
vars: {LOG: info}
services:
  web: {run: [sleep, "60"], port: 3000, env: {A: b}}
environments:
  base: {branch: main, target: here}
targets: {here: {type: local}}
previews: {base: base, target: here, trigger: {on: [pull_request]}, vars: {C: d}}
"""

BAD_NAMES = ("1A", "A-B", "A B", "A=B", "Ä", "A\nB", "A.B", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_", "GCONV_PATH", "BASH_ENV", "ENV", "IFS")
BAD_URLS = ("file:///etc/passwd", "FILE:/etc/passwd", "ext::sh -c touch% /tmp/ramet-bad-input", "javascript:alert(1)", "fd::17",
            "--upload-pack=touch /tmp/ramet-bad-input", "https://example.com/a\nb")
BAD_ARGUMENTS = ("-x", "--upload-pack=x", "a\nb", "a\rb")
METADATA = ("169.254.169.254", "0251.0376.0251.0376", "2852039166", "0xa9fea9fe", "169.254.43518", "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16")
BROKEN_HEADS = (
    ("a bare CR in the host", "GET /healthz HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
    ("a bare LF in the host", "GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n"),
    ("a NUL in the host", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
    ("a bare CR in a header", "GET / HTTP/1.1\r\nHost: {host}\r\nX-A: b\rSet-Cookie: c\r\n\r\n"),
    ("a folded header", "GET / HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n c\r\n\r\n"),
    ("a CR in a header's name", "GET / HTTP/1.1\r\nHost: {host}\r\nX\rA: b\r\n\r\n"),
    ("a blank before the colon", "GET / HTTP/1.1\r\nHost : {host}\r\n\r\n"),
    ("a bare LF after the request line", "GET / HTTP/1.1\nHost: {host}\r\n\r\n"),
    ("a CR in the path", "GET /\r HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ("two hosts", "GET / HTTP/1.1\r\nHost: {host}\r\nHost: other\r\n\r\n"),
    ("no host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n"))
POST = "POST /api/v1/plans HTTP/1.1\r\nHost: {host}\r\n"
CHUNKED, LENGTH = "Transfer-Encoding: chunked\r\n", "Content-Length: 4\r\n"
SMUGGLED = (
    ("both", f"{POST}{LENGTH}{CHUNKED}\r\n0\r\n\r\n"),
    ("both, the other way round", f"{POST}{CHUNKED}{LENGTH}\r\n0\r\n\r\n"),
    ("both, and the length twice", f"{POST}{LENGTH}{LENGTH}{CHUNKED}\r\n0\r\n\r\n"),
    ("two lengths", f"{POST}{LENGTH}Content-Length: 5\r\n\r\nabcd"),
    ("a negative length", f"{POST}Content-Length: -4\r\n\r\nabcd"),
    ("two encodings", f"{POST}{CHUNKED}{CHUNKED}\r\n0\r\n\r\n"),
    ("chunks in HTTP/1.0", f"{POST.replace('1.1', '1.0')}{CHUNKED}\r\n0\r\n\r\n"))
EVENT = {"action": "opened", "number": 4711, "repository": {"full_name": "someone/else"}}
SECRET = "s3cr3t-value-4711"


def nested(depth):
    return b'{"file":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def changed(old, new):
    assert GOOD_FILE.count(old) == 1
    return GOOD_FILE.replace(old, new)


def service(**said):
    return changed('{run: [sleep, "60"], port: 3000, env: {A: b}}', json.dumps(said))


def volume(**said):
    return service(run=["sleep", "1"], volumes=[{"name": "v", "path": "/v", "size": "1Gi"} | said])


def bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return "\n".join(lines) + "\n"


BOMBS = (
    ("aliases", bomb() + GOOD_FILE), ("an anchor", changed("{LOG: info}", "&a {LOG: info}")),
    ("merge keys", changed("{LOG: info}", "{<<: {A: b}}")), ("a tag", changed("{LOG: info}", "!!python/object {LOG: info}")),
    ("a hundred thousand levels", "a: " + "[" * 100_000), ("a hundred thousand maps", "{a: " * 100_000),
    ("levels of blocks", "".join(" " * i + "a:\n" for i in range(700))),
    ("a megabyte of keys", GOOD_FILE + "".join(f"k{i}: x\n" for i in range(100_000))[:1_000_000]),
    ("a megabyte of one key", GOOD_FILE + "k: x\n" * 200_000), ("a megabyte in one line", GOOD_FILE + "k: [" + "x," * 500_000 + "]"),
    ("a megabyte of quotes", GOOD_FILE + '"' * 1_000_000), ("a megabyte of dashes", GOOD_FILE + "- " * 500_000),
    ("a megabyte of lists", GOOD_FILE + "- - - - - -\n" * 80_000), ("a megabyte of comments", "#\n" * 500_000),
    ("more than a megabyte", GOOD_FILE + "#" + "x\n#" * 400_000), ("a NUL", GOOD_FILE + "x: \0\n"),
    ("a NUL in quotes", changed("{LOG: info}", '{LOG: "a\\0b"}')))

ROWS = [
    *rows("wrong or missing signature", 401, "unauthenticated",
          ("no signature", delivery(EVENT, signature="")), ("a wrong one", delivery(EVENT, signature="0" * 64)),
          ("another prefix", delivery(EVENT, signature="sha256=" + "0" * 64)), ("a part of one", delivery(EVENT, signature="0")),
          ("no JSON, unsigned", delivery(b"{", signature="0" * 64))),
    *rows("JSON deeper than 64", 400, "invalid",
          ("65 levels", api("POST", "/projects/apply", nested(65))), ("100,000 levels", api("POST", "/plans", nested(100_000))),
          ("not JSON at all", api("POST", "/plans", b"\x00\xff{")), ("65 levels in a delivery", delivery(nested(65))),
          ("a million levels in a delivery", delivery(b"[" * 1_000_000)), ("a form as a delivery", delivery(b"payload=%7B%7D"))),
    *rows("JSON of 64 levels is read", 422, "invalid", ("64 levels", api("POST", "/projects/apply", nested(64)))),
    *rows("a required field missing", 422, "invalid",
          ("apply without file", api("POST", "/projects/apply", {})), ("apply without a body", api("POST", "/projects/apply")),
          ("connect without url", api("POST", "/projects/connect", {"forge": "gitea", "repository": "a/b", "token": "t"})),
          ("file is a number", api("POST", "/projects/apply", {"file": 7})), ("token without name", api("POST", "/tokens", {"role": "viewer"})),
          ("variable without value", api("PUT", "/variables/KEY?project=shop", {})),
          ("preview of nothing", api("POST", "/previews", {"project": "shop"})),
          ("scale without replicas", api("POST", "/environments/staging/services/web/scale", {})),
          ("a delivery without repository", delivery({"action": "opened", "number": 1})),
          ("a delivery without number", delivery({"action": "opened", "repository": {"full_name": "a/b"}})),
          ("a number that is a text", delivery(EVENT | {"number": "1"})), ("a repository that is a list", delivery(EVENT | {"repository": []})),
          ("a push without ref", delivery({"repository": {"full_name": "a/b"}}, event="push"))),
    *rows("a secret in arguments", USAGE, None,
          ("as an argument", command("secret", "set", "KEY", SECRET, hidden=SECRET)),
          ("as an option", command("secret", "set", "KEY", "--value", SECRET, hidden=SECRET)),
          ("in an option", command("secret", "set", "KEY", f"--value={SECRET}", hidden=SECRET)),
          ("with the name", command("secret", "set", f"KEY={SECRET}")),
          ("the Git host's token", command("git", "connect", "gitea", "--url", "http://127.0.0.1:9", "--repo", "a/b", "--token", SECRET, hidden=SECRET)),
          ("one's own token", command("login", "http://127.0.0.1:9", SECRET, hidden=SECRET))),
    *rows("variable names", 422, "invalid",
          *((repr(name), api("PUT", f"/variables/{quoted(name)}?project=shop", {"value": "x"})) for name in BAD_NAMES),
          *((f"{name!r} in the file", file(changed("{LOG: info}", json.dumps({name: "x"})))) for name in BAD_NAMES),
          *((f"{name!r} of a service", file(service(run=["sleep", "1"], env={name: "x"}))) for name in BAD_NAMES),
          *((f"{name!r} of previews", file(changed("{C: d}", json.dumps({name: "x"})))) for name in BAD_NAMES),
          ("an alias of no variable", api("PUT", "/variables/KEY?project=shop", {"value": {"alias": "A-B"}})),
          ("a secret of no name", api("PUT", "/variables/KEY?project=shop", {"value": {"secret": "-x"}})),
          ("a secret's name with a line break", api("PUT", f"/secrets/{quoted('A' + chr(10))}?project=shop", b"value")),
          ("a text with a NUL", api("PUT", "/variables/KEY?project=shop", {"value": "a\0b"})),
          ("an unknown placeholder", api("PUT", "/variables/KEY?project=shop", {"value": "${no.such.thing}"})),
          ("a length below zero", api("PUT", "/variables/KEY?project=shop", {"value": {"generate": "random", "length": -1}})),
          ("a length of a gigabyte", api("PUT", "/variables/KEY?project=shop", {"value": {"generate": "random", "length": 1 << 30}}))),
    *rows("variable names", USAGE, None, *((f"{name!r} as an argument", command("vars", "set", name, "x")) for name in BAD_NAMES)),
    *rows("URLs", 422, "invalid",
          *((f"apply from {url!r}", apply_from(url)) for url in BAD_URLS), *((f"connect to {url!r}", connect_to(url)) for url in BAD_URLS),
          *((f"image {url!r}", file(service(image=url))) for url in BAD_URLS),
          *((f"import {url!r}", file(changed("vars: {LOG: info}", "imports: [{compose: " + json.dumps(url) + "}]"))) for url in BAD_URLS),
          *((f"repository {url!r}", file(changed("vars: {C: d}", "repos: [{repo: " + json.dumps(url) + ", service: web}]"))) for url in BAD_URLS)),
    *rows("URLs", USAGE, None, *((f"connect to {url!r} by command", command("git", "connect", "gitea", "--url", url, "--repo", "a/b")) for url in BAD_URLS[:4])),
    *rows("a leading dash or a newline", 422, "invalid",
          *((f"preview of the branch {text!r}", api("POST", "/previews", {"project": "shop", "branch": text})) for text in BAD_ARGUMENTS),
          *((f"plan of the branch {text!r}", api("POST", "/plans", {"project": "shop", "branch": text})) for text in BAD_ARGUMENTS),
          *((f"branch {text!r}", file(changed("branch: main", f"branch: {json.dumps(text)}"))) for text in (*BAD_ARGUMENTS, "a:b", "*", "a..b")),
          *((f"image {text!r}", file(service(image=text))) for text in BAD_ARGUMENTS),
          *((f"volume at {text!r}", file(volume(path=text))) for text in BAD_ARGUMENTS),
          *((f"volume called {text!r}", file(volume(name=text))) for text in BAD_ARGUMENTS),
          ("a branch that is a pattern", api("POST", "/previews", {"project": "shop", "branch": "*"})),
          ("a branch that writes another ref", api("POST", "/previews", {"project": "shop", "branch": "main:refs/heads/x"})),
          ("the commit -x", api("POST", "/previews", {"project": "shop", "commit": "-x"})),
          ("the name -x", api("POST", "/previews", {"project": "shop", "branch": "main", "name": "-x"})),
          ("a name with a line break", api("POST", "/previews", {"project": "shop", "branch": "main", "name": "a\nb"})),
          ("the repository -x", connect_to("http://127.0.0.1:9", "-x"))),
    *rows("a leading dash or a newline", USAGE, None,
          *((f"preview of the branch {text!r} by command", command("preview", "create", f"--branch={text}")) for text in BAD_ARGUMENTS)),
    *rows("CR/LF in a host or header", 400, "invalid", *((f"{story}, api", wire("api", text)) for story, text in BROKEN_HEADS)),
    *rows("CR/LF in a host or header", 400, None, *((f"{story}, proxy", wire("proxy", text)) for story, text in BROKEN_HEADS)),
    *rows("CR/LF in a host or header", 422, "invalid",
          ("a domain", file(service(run=["x"], port=1, public=True, domains=[{"host": "a\r\nb"}]))),
          ("a health path", file(service(run=["x"], port=1, health={"http": "/a\r\nb"})))),
    *rows("Content-Length with Transfer-Encoding", 400, "invalid", *((f"{story}, api", wire("api", text)) for story, text in SMUGGLED)),
    *rows("Content-Length with Transfer-Encoding", 400, None, *((f"{story}, proxy", wire("proxy", text)) for story, text in SMUGGLED)),
    *rows("out of the root", 422, "invalid",
          ("a context above", file(service(build={"context": "../.."}, run=["x"]))),
          ("an absolute context", file(service(build={"context": "/etc"}, run=["x"]))),
          ("a mask above", file(changed("vars: {C: d}", "data: {db: {strategy: empty, mask: ../../etc/passwd}}")))),
    *rows("YAML bombs", 422, "invalid", *((story, file(text)) for story, text in BOMBS)),
    *rows("addresses of metadata", 422, "egress_denied",
          *((f"connect to {host}", connect_to(f"http://{host}/")) for host in METADATA),
          *((f"apply from {host}", apply_from(f"http://{host}/shop.git")) for host in METADATA)),
    *rows("addresses of metadata", REFUSED, None,
          ("connect by command", command("git", "connect", "gitea", "--url", "http://169.254.169.254", "--repo", "a/b"))),
    # Redirects are not followed at all, so that none can lead anywhere.
    *rows("addresses by redirect", 503, "unavailable",
          *((f"of the API to {place}", host_says("/api/v1/repos/alice/shop$", Nonsense(302, headers={"Location": place}),
                                                  lambda shop, hook: connect_to(shop.front.url)(shop)))
            for place in ("http://169.254.169.254/latest/", "http://127.0.0.1:9/")),
          *((f"of git to {place}", host_says("info/refs", Nonsense(302, headers={"Location": place + "info/refs?service=git-upload-pack"}),
                                              api("POST", "/plans", {"project": "shop", "branch": "main"})))
            for place in ("http://169.254.169.254/", "http://127.0.0.1:9/"))),
]
