"""The Git host of the other suites, held to what they rely on."""
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

import pytest

import gitea as fixture
from checkout import Checkout
from gitea import Gitea, GiteaError, replay, wait_for
from listener import Listener

SECRET = "a shared secret"


@pytest.fixture
def listener(gitea, repository):
    with Listener() as server:
        server.hook_id = gitea.create_hook(repository, server.url, SECRET)
        yield server


def wait_for_events(listener, *wanted):
    wait_for(lambda: set(wanted) <= set(listener.events()), lambda: f"events {wanted}; came: {listener.events()}")


def wait_for_recorded(gitea, listener, commit):
    """The finished deliveries of one commit's push: the repository's first push may arrive at the new hook too."""
    def finished():
        return [d for d in gitea.deliveries(listener.hook_id) if d["delivered"] and commit in d["request"]["body"]]
    return wait_for(finished, f"a recorded delivery of {commit}")


def uid_of(pid):
    return os.stat(f"/proc/{pid}").st_uid


def test_the_server_is_gitea_1_26_and_does_not_run_as_root(gitea):
    assert gitea.api("GET", "/version", user=None)["version"] == "1.26.0"
    assert uid_of(gitea.pid) != 0


def test_the_three_accounts_have_tokens_and_one_is_an_administrator(gitea):
    administrators = [name for name in gitea.accounts if gitea.api("GET", "/user", user=name)["is_admin"]]
    assert administrators == ["root-admin"]
    assert sorted(gitea.accounts) == ["alice", "bob", "root-admin"]


def test_a_wrong_token_is_refused(gitea):
    with pytest.raises(GiteaError) as refused:
        gitea.api("GET", "/user", user=fixture.Account("alice", "wrong", "0" * 40))
    assert refused.value.status == 401


def test_a_push_over_http_is_the_branch_that_the_interface_shows(gitea, repository, work):
    commit = work.push("feature", {"apps/web/page.txt": "new\n"})
    branch = gitea.api("GET", f"/repos/{repository}/branches/feature")
    assert branch["commit"]["id"] == commit


def test_a_push_without_a_credential_is_refused(gitea, repository):
    done = subprocess.run(["git", "ls-remote", gitea.clone_url("alice/does-not-exist")], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "HOME": "/nonexistent"})
    assert done.returncode != 0


def test_files_can_be_deleted_and_history_rewritten(gitea, repository, work):
    first = work.push("feature", {"old.txt": "old\n"})
    second = work.push("feature", {"old.txt": None})
    assert not (work.path / "old.txt").exists()
    work.git("reset", "--hard", "--quiet", first)
    work.git("push", "--quiet", "--force", "origin", "HEAD:feature")
    assert second != first
    assert gitea.api("GET", f"/repos/{repository}/branches/feature")["commit"]["id"] == first


def test_a_tree_replaces_everything_on_a_branch(gitea, repository, work, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file.txt").write_text("x")
    work.push_tree("main", tmp_path)
    assert sorted(work.git("ls-tree", "-r", "--name-only", "HEAD").split()) == ["sub/file.txt"]


def test_a_delivery_carries_a_valid_signature_over_its_raw_body(gitea, repository, work, listener):
    work.push("main", {"a.txt": "1"})
    wait_for_events(listener, "push")
    delivery = listener.find("push")
    assert delivery.is_signed_with(SECRET)
    assert not delivery.is_signed_with("another secret")
    assert len(delivery.headers["x-gitea-signature"]) == 64  # Bare hex, without a "sha256=" before it.


def test_each_thing_that_can_happen_to_a_pull_request_is_delivered(gitea, repository, work, listener):
    work.push("feature", {"a.txt": "1"})
    work.push("other", {"b.txt": "1"})
    number = gitea.open_pull_request(repository, "feature")
    label = gitea.make_label(repository, "preview")
    gitea.add_label(repository, number, label)
    gitea.comment(repository, number, "/redeploy")
    gitea.close(repository, number)
    gitea.reopen(repository, number)
    gitea.retarget(repository, number, "other")
    wait_for_events(listener, "pull_request", "pull_request_label", "pull_request_comment")
    actions = {"opened", "closed", "reopened", "edited", "label_updated", "created"}
    wait_for(lambda: actions <= {delivery.payload.get("action") for delivery in listener.deliveries},
             lambda: f"{actions}; came: {[(d.event_type, d.payload.get('action')) for d in listener.deliveries]}")
    assert gitea.pull_request(repository, number)["base"]["ref"] == "other"


def test_one_push_to_a_pull_request_sends_a_push_and_a_synchronisation(gitea, repository, work, listener):
    work.push("feature", {"a.txt": "1"})
    gitea.open_pull_request(repository, "feature")
    wait_for_events(listener, "pull_request")
    listener.deliveries.clear()
    commit = work.push("feature", {"a.txt": "2"})
    wait_for_events(listener, "push", "pull_request_sync")
    synchronised = listener.find("pull_request_sync").payload
    assert synchronised["action"] == "synchronized"
    assert synchronised["pull_request"]["head"]["sha"] == commit


def test_a_merge_closes_the_pull_request_and_moves_the_base(gitea, repository, work):
    work.push("feature", {"a.txt": "1"})
    number = gitea.open_pull_request(repository, "feature")
    gitea.merge(repository, number)
    assert gitea.pull_request(repository, number)["merged"]
    work.git("fetch", "--quiet", "origin")
    assert "a.txt" in work.git("ls-tree", "--name-only", "origin/main")


def test_a_fork_by_another_user_can_open_a_pull_request(gitea, repository, work, listener):
    fork = gitea.fork(repository)
    with Checkout(gitea, fork, user="bob") as clone:
        commit = clone.push("feature", {"evil.txt": "1"})
    number = gitea.open_pull_request(repository, "bob:feature", user="bob")
    request = gitea.pull_request(repository, number)
    assert request["head"]["repo"]["full_name"] == fork != request["base"]["repo"]["full_name"]
    work.git("fetch", "--quiet", "origin", f"refs/pull/{number}/head")
    assert work.git("rev-parse", "FETCH_HEAD").strip() == commit


def test_statuses_and_comments_are_listed_with_their_times(gitea, repository, work):
    commit = work.push("feature", {"a.txt": "1"})
    number = gitea.open_pull_request(repository, "feature")
    made = gitea.comment(repository, number, "first")
    gitea.api("PATCH", f"/repos/{repository}/issues/comments/{made['id']}", {"body": "edited"})
    for state in ("pending", "success"):
        gitea.api("POST", f"/repos/{repository}/statuses/{commit}", {"state": state, "context": "ramet/preview"})
    assert [(comment["id"], comment["body"]) for comment in gitea.comments(repository, number)] == [(made["id"], "edited")]
    assert [status["status"] for status in gitea.statuses(repository, commit)] == ["success", "pending"]


def test_recorded_deliveries_can_be_read_and_replayed_byte_for_byte(gitea, repository, work, listener):
    recorded = wait_for_recorded(gitea, listener, work.push("main", {"a.txt": "1"}))
    assert [(d["event"], d["succeeded"], d["response"]["status"]) for d in recorded] == [("push", True, 202)]
    assert replay(recorded[0]) == 202
    sent = [d for d in listener.deliveries if d.headers["x-gitea-delivery"] == recorded[0]["uuid"]]
    first, second = sent
    assert first.body == second.body
    assert first.is_signed_with(SECRET) and second.is_signed_with(SECRET)


def test_a_refused_delivery_is_recorded_as_failed(gitea, repository, work, listener):
    listener.status = 401
    recorded = wait_for_recorded(gitea, listener, work.push("main", {"a.txt": "1"}))
    assert [(d["succeeded"], d["response"]["status"]) for d in recorded] == [(False, 401)]


def test_a_stopped_server_comes_back_on_its_port_with_everything_in_it():
    with Gitea() as gitea:
        repository, port, pid = gitea.create_repository("kept"), gitea.port, gitea.pid
        gitea.stop()
        with pytest.raises(GiteaError) as unreachable:
            gitea.api("GET", "/version", user=None)
        assert unreachable.value.status == 0
        gitea.start()
        assert (gitea.port, gitea.pid != pid) == (port, True)
        assert gitea.api("GET", f"/repos/{repository}")["full_name"] == repository


def test_nothing_is_left_when_it_ends():
    with Gitea() as gitea:
        pid, directory = gitea.pid, gitea.directory
    assert not directory.exists()
    assert not pathlib.Path(f"/proc/{pid}").exists()
    assert not [process for process in pathlib.Path("/proc").glob("[0-9]*") if mentions(process, directory)]


def mentions(process, directory):
    """Whether it runs as Gitea does and has to do with that directory. It may end while it is looked at."""
    try:
        return process.stat().st_uid == pwd.getpwnam("nobody").pw_uid and str(directory) in (process / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line_form_prints_one_line_and_ends_on_a_signal(end):
    directory = tempfile.mkdtemp(prefix="ramet-gitea-serve-")
    serving = subprocess.Popen([sys.executable, fixture.__file__, "serve", "--dir", directory], stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(60, serving.kill)
    watchdog.start()
    try:
        ready = json.loads(serving.stdout.readline())
        request = urllib.request.Request(ready["url"] + "/api/v1/user",
                                         headers={"Authorization": "token " + ready["accounts"]["alice"]["token"]})
        with urllib.request.urlopen(request) as reply:
            assert json.load(reply)["login"] == "alice"
        serving.send_signal(end)
        assert serving.wait(20) == 0
        wait_for(lambda: not pathlib.Path(f"/proc/{ready['pid']}").exists(), "the server to be gone")
    finally:
        watchdog.cancel()
        serving.kill()
        serving.wait()
        serving.stdout.close()
        shutil.rmtree(directory)
