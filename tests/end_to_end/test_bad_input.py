"""Bad input on a running server: exactly the answer that the design's list names, and everything else as it was."""
import contextlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import threading

import pytest

from bad_input import EVENT, GOOD_FILE, ROWS, api
from front import Front, Nonsense
from gitea import wait_for
from ramet import NOT_FOUND, binary
from wire import CAP, Hook, Wire, post
from world import World, api_saying

STATED = ("/projects", "/environments", "/previews", "/variables?project=shop", "/variables?scope=organization",
          "/variables?scope=previews&project=shop", "/secrets?project=shop", "/tokens", "/runs?environment=staging&project=shop",
          "/deliveries?project=shop")


@pytest.fixture(scope="session")
def world():
    """The product reaches the Git host through a front, which sees the webhook's secret."""
    if not binary().exists():
        pytest.fail(f"{binary()} does not exist: run `make build`")
    made = World(Front())
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture(scope="session")
def hook(world):
    made = [seen for seen in world.front.seen if seen.method == "POST" and seen.path.endswith("/hooks")]
    config = json.loads(made[-1].body)["config"]
    return Hook(config["url"], config["secret"])


@pytest.fixture
def unchanged(shop):
    """Nothing is lost and nothing is left behind, and the server serves."""
    wait_for(lambda: all(it["delivered"] for it in sent_by_host(shop)), "the Git host to have sent what earlier tests caused")
    before = everything(shop)
    yield
    now = everything(shop)
    assert {path for path in STATED if now[path] != before[path]} == set(), [(before[it], now[it]) for it in STATED if now[it] != before[it]]
    assert shop.get(shop.base(), "web").status == 200
    assert not pathlib.Path("/tmp/ramet-bad-input").exists()


def sent_by_host(shop):
    """The Git host's own deliveries: it sends them a while after what caused them."""
    return [it for hook in shop.gitea.hooks(shop.repository) for it in shop.gitea.deliveries(hook["id"])]


def everything(shop):
    said = {path: shop.ramet.api("GET", path) for path in STATED}
    assert {status for status, _ in said.values()} == {200}, said
    for token in said["/tokens"][1]["tokens"]:
        token.pop("last_used_at", None)
    # An earlier delivery may be worked on meanwhile: what counts is that none came or went.
    said["/deliveries?project=shop"] = [it["id"] for it in said["/deliveries?project=shop"][1]["deliveries"]]
    return said


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_bad_input_gets_its_answer(shop, hook, unchanged, row):
    got = row.send(shop, hook)
    assert (got.status, got.code) == (row.status, row.code), got.text[:2000]


def test_the_good_file_of_the_table_is_valid(shop):
    file = shop.ramet.directory / "tmp" / "good.yaml"
    file.write_text(GOOD_FILE)
    assert shop.ramet.cli("config", "validate", file).code == 0
    file.unlink()


# -- deliveries

def test_the_signature_of_another_body_is_wrong(shop, hook, unchanged):
    answer = hook.deliver(EVENT | {"number": 1}, signature=hook.sign(json.dumps(EVENT).encode()))
    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")


def test_a_hook_that_does_not_exist_is_not_found(shop, unchanged):
    answer = post(f"{shop.ramet.url}/hooks/gitea/nothing", b"{}", {"X-Gitea-Signature": "0" * 64})
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_the_same_delivery_twice_is_a_duplicate(shop, hook):
    listed = lambda: len(shop.ramet.api("GET", "/deliveries?project=shop")[1]["deliveries"])
    before = listed()
    answers = [hook.deliver(EVENT, identity="bad-input-twice") for _ in range(3)]
    assert [(it.status, it.json["status"]) for it in answers] == [(202, "stored"), (200, "duplicate"), (200, "duplicate")]
    assert listed() == before + 1


# -- bodies over the cap

class Peak:
    """The most memory of its own that a process had meanwhile."""

    def __init__(self, pid):
        self._pid = pid
        self.before = self.most = self.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    @property
    def growth(self):
        """In MiB."""
        return (self.most - self.before) >> 20

    def now(self):
        text = pathlib.Path(f"/proc/{self._pid}/smaps_rollup").read_text()
        return sum(int(kibibytes) << 10 for kibibytes in re.findall(r"^(?:Private_Clean|Private_Dirty|Swap): +(\d+) kB", text, re.M))

    def _watch(self):
        while not self._stop.wait(0.005):
            self.most = max(self.most, self.now())


@pytest.mark.parametrize("path", ["/hooks/gitea/nothing", "/api/v1/plans"])
@pytest.mark.parametrize("size", [CAP + 1, 1 << 40])
def test_a_body_that_says_it_is_over_the_cap_is_refused_before_it_is_read(shop, unchanged, path, size):
    with Peak(shop.ramet.pid) as peak:
        for _ in range(20):
            with Wire(shop.ramet.url) as wire:
                wire.send(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * (1 << 20))
                answer = wire.answer()
            assert (answer.status, answer.json["code"], answer.headers["connection"]) == (413, "invalid", "close"), answer
    assert peak.growth < 8


@pytest.mark.parametrize("path", ["/hooks/gitea/nothing", "/api/v1/plans"])
def test_a_body_that_grows_over_the_cap_is_refused_and_its_memory_given_back(shop, unchanged, path):
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"

    def flood():
        with Wire(shop.ramet.url, deadline_s=60) as wire:
            wire.send(f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(200):
                if not wire.send(chunk):
                    break
            return wire.answer()
    with Peak(shop.ramet.pid) as peak:
        answers = [flood() for _ in range(4)]
    assert [(it.status, it.json["code"]) for it in answers] == [(413, "invalid")] * 4
    assert peak.growth < 3 * CAP >> 20
    wait_for(lambda: peak.now() - peak.before < 8 << 20, lambda: f"{(peak.now() - peak.before) >> 20} MiB to be given back", deadline_s=10)


def test_many_large_bodies_at_once_do_not_fill_the_memory_and_small_requests_are_served(shop, unchanged):
    """None of those who send them has shown a token or a signature yet."""
    with contextlib.ExitStack() as held, Peak(shop.ramet.pid) as peak:
        for _ in range(40):
            wire = held.enter_context(Wire(shop.ramet.url, deadline_s=60))
            wire.send(f"POST /hooks/gitea/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: {CAP}\r\n\r\n".encode())
            wire.send(b"x" * (CAP - 1))
        assert wire.answer().status == 503
        assert shop.ramet.api("PUT", "/variables/1A?project=shop", {"value": "x"})[0] == 422
    assert peak.growth < 160


# -- where a Git host may lead

@pytest.mark.parametrize("url", ["file:///etc", "/etc", "ext::sh -c touch% /tmp/ramet-bad-input", "javascript:alert(1)", "-x",
                                 "http://169.254.169.254/shop.git", "http://127.0.0.1:{port}/shop.git", "http://[::ffff:127.0.0.1]:{port}/x",
                                 "http://0177.1:{port}/shop.git"])
def test_a_git_host_cannot_send_git_anywhere(shop, url):
    """The address that an administrator gave is the only one, whatever the host says of itself."""
    before = shop.ramet.api("GET", "/projects")
    with listener() as (port, was_reached):
        described = shop.gitea.api("GET", f"/repos/{shop.repository}") | {"clone_url": url.format(port=port)}
        shop.front.answer(f"/repos/{shop.repository}$", Nonsense(body=json.dumps(described).encode()))
        shop.connect()
        shop.front.heal()
        assert not was_reached()
    assert shop.ramet.api("GET", "/projects") == before
    assert not pathlib.Path("/tmp/ramet-bad-input").exists()


@pytest.mark.parametrize("path", [r"/api/v1/repos/", "info/refs"])
def test_a_redirect_is_not_followed(shop, unchanged, path):
    with listener() as (port, was_reached):
        shop.front.answer(path, Nonsense(302, headers={"Location": f"http://127.0.0.1:{port}/info/refs?service=git-upload-pack"}))
        assert api("POST", "/plans", {"project": "shop", "branch": "main"})(shop).status in (200, 503)
        shop.ramet.cli("git", "connect", "gitea", "--url", shop.front.url, "--repo", shop.repository, "--no-wait", stdin="t")
        shop.front.heal()
        assert not was_reached()


@contextlib.contextmanager
def listener():
    """A port of this machine, and whether anybody came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def was_reached():
            with contextlib.suppress(BlockingIOError):
                server.accept()[0].close()
                return True
            return False
        yield server.getsockname()[1], was_reached


# -- a Git host that answers nonsense

NONSENSE = [
    ("an error", Nonsense(500, b"{}")), ("a page", Nonsense(200, b"<html>Log in</html>", {"Content-Type": "text/html"})),
    ("half an answer", Nonsense(200, b'{"number":')), ("a list", Nonsense(200, b"[]")), ("nothing", Nonsense(200, b"")),
    ("null", Nonsense(200, b"null")), ("a page that says 404", Nonsense(404, b"<html>Not here</html>", {"Content-Type": "text/html"})),
    ("no answer", Nonsense(None)), ("another type", Nonsense(200, b'{"number":"x","state":7,"head":[]}')),
    ("65 levels", Nonsense(200, b"[" * 65)), ("numbers out of range", Nonsense(200, b'{"number":1e400,"id":99999999999999999999}'))]


@pytest.mark.parametrize("story, nonsense", NONSENSE, ids=[story for story, _ in NONSENSE])
def test_while_the_git_host_talks_nonsense_nothing_changes(shop, unchanged, story, nonsense):
    shop.front.answer("/api/v1/repos/", nonsense)
    got = api("POST", "/plans", {"project": "shop", "pull_request": 1})(shop)
    assert (got.status, got.code) == (503, "unavailable"), got.text
    got = api("POST", "/projects/connect", {"forge": "gitea", "url": shop.front.url, "repository": shop.repository, "token": "t"})(shop)
    assert (got.status, got.code) == (503, "unavailable"), got.text
    shop.front.heal()


def test_nonsense_does_not_end_a_preview_and_is_caught_up_afterwards(shop):
    number = shop.open("nonsense", {"README.md": "nonsense\n"})
    preview = shop.wait_ready(number)
    shop.front.answer("/api/v1/repos/", Nonsense(200, b"[]"))
    shop.front.answer("info/refs", Nonsense(500))
    commit = shop.push("nonsense", {"README.md": "more\n"})
    assert shop.ramet.cli("preview", "redeploy", preview["name"], "--no-wait").code != 0
    assert shop.preview(number)["state"] in ("ready", "updating")
    assert shop.get(preview, "web").status == 200
    shop.front.heal()
    shop.wait_ready(number, commit)
    shop.finish(number)


def test_a_repository_that_does_not_answer_is_told_by_why(shop):
    shop.front.answer("info/refs", Nonsense(500, b"the-evidence-4711"))
    number = shop.open("silent", {"README.md": "silent\n"})
    shop.wait_state(number, "creating")
    wait_for(lambda: "git fetch" in shop.why(number) and "500" in shop.why(number), lambda: f"the reason:\n{shop.why(number)}")
    shop.front.heal()
    shop.wait_ready(number)
    shop.finish(number)


def test_a_commit_that_is_gone_is_told_and_healed_by_one_that_is_there(shop):
    gone = "deadbeef" * 5
    number = shop.open("gone", {"README.md": "gone\n"})
    preview = shop.wait_ready(number)
    described = shop.gitea.pull_request(shop.repository, number)
    described["head"]["sha"] = gone
    shop.front.answer(f"/pulls/{number}$", Nonsense(body=json.dumps(described).encode()))
    shop.ramet.cli("preview", "redeploy", preview["name"], "--no-wait")
    wait_for(lambda: "deadbee" in shop.why(number), lambda: f"the commit in the reason:\n{shop.evidence(number)}")
    assert shop.get(preview, "web").status == 200
    shop.front.heal()
    shop.wait_ready(number, shop.push("gone", {"README.md": "back\n"}))
    shop.finish(number)


def test_a_preview_of_a_commit_that_is_gone_is_not_made(shop, unchanged):
    got = api("POST", "/previews", {"project": "shop", "commit": "deadbeef" * 5})(shop)
    assert (got.status, got.code) == (404, "not_found"), got.text
    done = shop.ramet.cli("preview", "create", "--base", "staging", "--branch", "no-such-branch")
    assert done.code == NOT_FOUND, done


# -- symbolic links

def push_link(shop, branch, path, target):
    shop.work.switch_to(branch, "main")
    place = shop.work.path / path
    place.unlink(missing_ok=True)
    os.symlink(target, place)
    return shop.work._commit_and_push(branch, "A link", force=False)


@pytest.mark.parametrize("branch, target", [("link-away", "/etc/passwd"), ("link-up", "../../../../../../etc/passwd"),
                                            ("link-around", "web/../../../../etc")])
def test_a_symbolic_link_out_of_the_root_fails_its_preview_with_the_reason(shop, branch, target):
    push_link(shop, branch, "apps/web/evil", target)
    number = shop.gitea.open_pull_request(shop.repository, branch)
    shop.wait_state(number, "failed")
    assert "apps/web/evil" in shop.why(number) and "out of the repository" in shop.why(number), shop.why(number)
    shop.finish(number)


@pytest.fixture
def project_file_that_is_a_link(shop):
    """Its branch, of which the Git host has begun to tell."""
    before = len(sent_by_host(shop))
    push_link(shop, "file-link", "ramet.yaml", "/etc/passwd")
    wait_for(lambda: len(sent_by_host(shop)) > before, "the Git host to tell of the push")
    return "file-link"


def test_a_project_file_that_is_a_link_is_refused(shop, project_file_that_is_a_link, unchanged):
    got = api("POST", "/plans", {"project": "shop", "branch": project_file_that_is_a_link})(shop)
    assert (got.status, got.code) == (422, "invalid"), got.text


# -- the ledger

def rewrite(shop, statement, values):
    """As somebody with the database's file in hand would, while the server is away."""
    shop.ramet.stop()
    database = next(path for path in shop.ramet.data.rglob("*.db") if "state" in str(path))
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.execute(statement, values)
    shop.ramet.start()


def ledger(shop, environment):
    database = next(path for path in shop.ramet.data.rglob("*.db") if "state" in str(path))
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM resource WHERE absent_at IS NULL AND owner_id = ?", (environment["id"],)).fetchall()
    return {row["path"]: dict(row) for row in rows}


SWAP = "UPDATE resource SET name = ?, external_id = ?, identity = ? WHERE id = ? AND incarnation = ?"


@pytest.mark.parametrize("kind", ["pg.data", "local.service"])
def test_a_ledger_row_rewritten_to_the_originals_identity_does_not_delete_the_original(shop, kind):
    number = shop.open(f"ledger-{kind.rpartition('.')[2]}", {"apps/api/api.py": api_saying("ledger")})
    preview = shop.wait_ready(number)
    own, originals = ledger(shop, preview), ledger(shop, shop.base())
    path = next(path for path, row in own.items() if row["kind"] == kind and path in originals)
    row, original = own[path], originals[path]
    rewrite(shop, SWAP, (original["name"], original["external_id"], original["identity"], row["id"], row["incarnation"]))
    status, said = shop.ramet.api("DELETE", f"/previews/{preview['name']}")
    assert (status, said.get("code")) == (409, "refused"), said
    rewrite(shop, SWAP, (row["name"], row["external_id"], row["identity"], row["id"], row["incarnation"]))
    shop.finish(number)
