"""The fake is held to what GitHub publishes, and does what the suites rely on."""
import copy
import hashlib
import hmac
import json
import pathlib
import signal
import subprocess
import sys
import urllib.request

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "gitea")]

from checkout import Checkout  # noqa: E402
from description import Description, Violation  # noqa: E402
from gitea import wait_for  # noqa: E402
from github import GitHub, GitHubError  # noqa: E402
from listener import Listener  # noqa: E402
from server import TABLE  # noqa: E402

SECRET = "a shared secret"


@pytest.fixture(scope="module")
def github():
    with GitHub(check=True) as server:
        yield server
        assert server.violations == []


@pytest.fixture
def repository(github, request):
    name = github.create_repository(f"shop-{abs(hash(request.node.name)) % 10**8}")
    github.put_file(name, "README", "shop\n")
    return name


@pytest.fixture
def work(github, repository):
    with Checkout(github, repository) as clone:
        yield clone


@pytest.fixture
def listener(github, repository):
    with Listener() as server:
        server.hook_id = github.create_hook(repository, server.url, SECRET)
        yield server


def events_of(listener):
    return [(d.headers["x-github-event"], d.payload.get("action")) for d in listener.deliveries]


def wait_for_event(listener, event, action):
    wait_for(lambda: (event, action) in events_of(listener), lambda: f"{event} {action}; came: {events_of(listener)}")
    return next(d for d in listener.deliveries if (d.headers["x-github-event"], d.payload.get("action")) == (event, action))


def test_the_description_catches_replies_requests_and_payloads_that_are_not_githubs(github, repository):
    description = Description()
    number = open_change(github, repository)
    good = github.pull_request(repository, number)
    description.check_reply("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", 200, good)
    for spoil in (lambda o: o.pop("merged"), lambda o: o.update(state="OPEN"), lambda o: o["head"].update(sha=7)):
        bad = copy.deepcopy(good)
        spoil(bad)
        with pytest.raises(Violation):
            description.check_reply("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", 200, bad)
    with pytest.raises(Violation):
        description.check_request("POST", "/repos/{owner}/{repo}/statuses/{sha}", {"state": "warning"})
    with pytest.raises(Violation):
        description.check_payload("pull_request", {"action": "opened", "number": 1})
    with pytest.raises(Violation):
        description.check_reply("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", 418, {})


def open_change(github, repository, branch="feature", text="1"):
    commit = github.api("GET", f"/repos/{repository}/branches/main")["commit"]["sha"]
    github.api("POST", f"/repos/{repository}/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    github.put_file(repository, "a.txt", text, branch=branch)
    return github.open_pull_request(repository, branch)


def test_every_operation_answers_as_github_describes(github, repository, listener):
    api = github.api
    number = open_change(github, repository)
    commit = github.pull_request(repository, number)["head"]["sha"]
    at = f"/repos/{repository}"
    api("GET", "/user")
    api("GET", at)
    assert [branch["name"] for branch in github.pages(f"{at}/branches")] == ["feature", "main"]
    fork = github.fork(repository)
    github.add_collaborator(repository, "bob")
    assert api("GET", f"{at}/collaborators/bob/permission")["permission"] == "write"
    api("PATCH", f"{at}/git/refs/heads/feature", {"sha": commit})
    api("GET", f"{at}/contents/a.txt?ref=feature")
    assert len(api("GET", f"{at}/pulls?state=all")) == 1
    github.edit_pull_request(repository, number, title="Another title")
    github.add_label(repository, number, "preview")
    github.remove_label(repository, number, "preview")
    comment = github.comment(repository, number, "hello")
    api("PATCH", f"{at}/issues/comments/{comment['id']}", {"body": "edited"})
    assert [c["body"] for c in github.comments(repository, number)] == ["edited"]
    api("DELETE", f"{at}/issues/comments/{comment['id']}")
    api("POST", f"{at}/statuses/{commit}", {"state": "success", "context": "ramet/shop"})
    assert [s["state"] for s in github.statuses(repository, commit)] == ["success"]
    api("PATCH", f"{at}/hooks/{listener.hook_id}", {"events": ["push"]})
    assert len(github.hooks(repository)) == 1
    sent = wait_for(lambda: api("GET", f"{at}/hooks/{listener.hook_id}/deliveries"), "a recorded delivery")
    api("POST", f"{at}/hooks/{listener.hook_id}/deliveries/{sent[0]['id']}/attempts")
    api("DELETE", f"{at}/hooks/{listener.hook_id}")
    github.merge(repository, number)
    github.delete_branch(repository, "feature")
    api("DELETE", f"/repos/{fork}", user="bob")
    asked = {(method, template) for method, path in github.requests for m, template, pattern, _ in TABLE
             if m == method and pattern.match(path)}
    assert {(method, template) for method, template, *_ in TABLE} <= asked, "an operation that no test holds to the description"


@pytest.mark.parametrize("method, path, body, user, status", [
    ("GET", "/repos/alice/none", None, "alice", 404),
    ("GET", "/repos/{}/pulls/99", None, "alice", 404),
    ("GET", "/repos/{}/branches/none", None, "alice", 404),
    ("GET", "/repos/{}/contents/none", None, "alice", 404),
    ("GET", "/user", None, None, 401),
    ("GET", "/repos/{}/hooks", None, "bob", 404),
    ("POST", "/repos/{}/statuses/" + "0" * 40, {"state": "success"}, "alice", 422),
    ("POST", "/repos/{}/pulls", {"head": "none", "base": "main", "title": "x"}, "alice", 422),
    ("POST", "/repos/{}/pulls", {"head": "none", "base": "main"}, "alice", 422),
    ("POST", "/repos/{}/hooks", {"config": {"url": "javascript:alert(1)"}}, "alice", 422),
])
def test_what_github_refuses_is_refused_with_its_status(github, repository, method, path, body, user, status):
    with pytest.raises(GitHubError) as refused:
        github.api(method, path.format(repository), body, user)
    assert refused.value.status == status


def test_a_wrong_token_is_refused_everywhere(github, repository):
    class Stranger:
        token = "ghp_wrong"
    with pytest.raises(GitHubError) as refused:
        github.api("GET", f"/repos/{repository}", user=Stranger())
    assert refused.value.status == 401


def test_long_lists_come_in_pages_that_name_each_other(github, repository):
    number = open_change(github, repository)
    for index in range(5):
        github.comment(repository, number, f"comment {index}")
    first = github.api("GET", f"/repos/{repository}/issues/{number}/comments?per_page=2")
    assert [c["body"] for c in first] == ["comment 0", "comment 1"]
    assert 'page=2>; rel="next"' in github.last_link and 'page=3>; rel="last"' in github.last_link
    github.api("GET", f"/repos/{repository}/issues/{number}/comments?per_page=2&page=3")
    assert 'rel="next"' not in github.last_link


def test_a_push_over_http_moves_the_pull_request_and_is_told_with_a_signature(github, repository, work, listener):
    work.push("feature", {"a.txt": "1"})
    number = github.open_pull_request(repository, "feature")
    commit = work.push("feature", {"a.txt": "2"})
    told = wait_for_event(listener, "pull_request", "synchronize")
    assert told.payload["after"] == told.payload["pull_request"]["head"]["sha"] == commit
    assert wait_for_event(listener, "push", None).payload["ref"] == "refs/heads/feature"
    assert told.headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), told.body, hashlib.sha256).hexdigest()
    work.git("fetch", "--quiet", "origin", f"refs/pull/{number}/head")
    assert work.git("rev-parse", "FETCH_HEAD").strip() == commit


def test_each_thing_that_can_happen_to_a_pull_request_is_told(github, repository, work, listener):
    work.push("feature", {"a.txt": "1"})
    work.push("other", {"b.txt": "1"})
    number = github.open_pull_request(repository, "feature")
    github.add_label(repository, number, "preview")
    github.comment(repository, number, "/redeploy")
    github.close(repository, number)
    github.reopen(repository, number)
    github.retarget(repository, number, "other")
    github.merge(repository, number)
    wanted = [("ping", None), ("pull_request", "opened"), ("pull_request", "labeled"), ("issue_comment", "created"),
              ("pull_request", "closed"), ("pull_request", "reopened"), ("pull_request", "edited")]
    wait_for(lambda: set(wanted) <= set(events_of(listener)) and events_of(listener).count(("pull_request", "closed")) == 2,
             lambda: f"came: {events_of(listener)}")
    assert github.pull_request(repository, number)["merged"]
    with pytest.raises(GitHubError):
        github.reopen(repository, number)


def test_a_fork_can_open_a_pull_request_and_be_deleted_afterwards(github, repository, work):
    fork = github.fork(repository)
    with Checkout(github, fork, user="bob") as clone:
        commit = clone.push("feature", {"evil.txt": "1"})
    number = github.open_pull_request(repository, "bob:feature", user="bob")
    assert github.pull_request(repository, number)["head"]["repo"]["full_name"] == fork
    github.api("DELETE", f"/repos/{fork}", user="bob")
    gone = github.pull_request(repository, number)
    assert (gone["head"]["repo"], gone["head"]["sha"]) == (None, commit)


def test_a_private_repository_is_hidden_from_strangers(github):
    name = github.create_repository("private-shop", private=True)
    for user in ("bob", None):
        with pytest.raises(GitHubError) as hidden:
            github.api("GET", f"/repos/{name}", user=user)
        assert hidden.value.status == 404
    done = subprocess.run(["git", "ls-remote", github.clone_url(name)], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0", "HOME": "/nonexistent"})
    assert done.returncode != 0


def test_a_redelivery_is_the_same_bytes_under_the_same_id(github, repository, listener):
    open_change(github, repository)
    first = wait_for_event(listener, "pull_request", "opened")
    hook = f"/repos/{repository}/hooks/{listener.hook_id}"
    sent = wait_for(lambda: [d for d in github.api("GET", f"{hook}/deliveries") if d["guid"] == first.headers["x-github-delivery"]],
                    "the delivery's record")
    github.api("POST", f"{hook}/deliveries/{sent[0]['id']}/attempts")
    wait_for(lambda: events_of(listener).count(("pull_request", "opened")) == 2, "the redelivery")
    second = [d for d in listener.deliveries if d.payload.get("action") == "opened"][1]
    assert (second.body, second.headers["x-github-delivery"]) == (first.body, first.headers["x-github-delivery"])


def test_the_command_line_form_prints_one_line_and_ends_on_a_signal(tmp_path):
    serving = subprocess.Popen([sys.executable, HERE / "github.py", "serve", "--dir", tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(serving.stdout.readline())
        request = urllib.request.Request(ready["url"] + "/api/v3/user",
                                         headers={"Authorization": "Bearer " + ready["accounts"]["alice"]["token"]})
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert json.load(reply)["login"] == "alice"
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
    finally:
        serving.kill()
        serving.wait()
        serving.stdout.close()
