"""Ramet that its chart has installed previews pull requests of a real Git host, with no more rights than the chart gives it."""
import contextlib
import json
import threading
import urllib.request

import pytest

from gitea_interface import wait_for
from helm import RELEASE, SPACE
from installed import BASE, Installed

GONE_DEADLINE_S = 120


@pytest.fixture(scope="module")
def installed():
    made = Installed()
    try:
        yield made.start()
    finally:
        made.close()


def test_two_servers_stand_and_find_nothing_wrong(installed):
    assert len(installed.pods()) == 2
    told = json.loads(installed.in_pod("ramet", "doctor", "-o", "json"))
    states = {it["name"]: it["state"] for it in told}
    assert states["git"] == "ok" and "failed" not in states.values(), told


def test_a_pull_request_gets_a_preview_that_goes_with_it(installed):
    installed.connect_repository()
    number = installed.open("search", says="two")
    preview = installed.wait_ready(f"pr-{number}")
    assert preview["urls"] == {"web": f"http://web-pr-{number}.preview.example.com"}
    wait_for(lambda: any(preview["urls"]["web"] in it for it in installed.comments(number)), lambda: f"a comment with its address: {installed.comments(number)}")

    commit = installed.push("search", says="three")
    installed.wait_ready(f"pr-{number}", commit)
    assert installed.ramet.run("exec", f"pr-{number}", "web", "/server", "says").out == f"web of pr-{number}: three\n"

    installed.gitea.close(installed.repository, number)
    wait_for(lambda: installed.namespace_of(f"pr-{number}") is None, lambda: f"its namespace to go: {installed.trouble()}", GONE_DEADLINE_S)
    assert installed.namespace_of(BASE) is not None


def test_webhooks_come_through_to_the_service(installed):
    status, told = installed.ramet.api("GET", "/deliveries")
    assert status == 200 and ("push", "processed") in {(it["event"], it["state"]) for it in told["deliveries"]}, told


def test_a_server_that_is_lost_in_the_middle_is_replaced_and_its_preview_comes_up(installed):
    number = installed.open("lost", says="four")
    installed.wait(lambda: installed.ramet.find_preview(f"pr-{number}"), f"pr-{number}")
    lost = installed.pods()[0]
    installed.cluster.api("DELETE", f"/api/v1/namespaces/{SPACE}/pods/{lost}", {"gracePeriodSeconds": 0})
    wait_for(lambda: answers(installed), "a server to answer", GONE_DEADLINE_S)
    installed.wait_ready(f"pr-{number}")
    installed.gitea.close(installed.repository, number)
    wait_for(lambda: installed.namespace_of(f"pr-{number}") is None, lambda: f"its namespace to go: {installed.trouble()}", GONE_DEADLINE_S)


def test_an_upgrade_is_not_noticed_by_who_asks(installed):
    before = set(installed.pods())
    with Asking(installed) as asking:
        installed.upgrade({"podAnnotations": {"tests/version": "next"}})
    assert not before & set(installed.pods())
    assert asking.answered > 10 and not asking.failures


def test_the_account_has_the_rights_that_it_needs_and_no_others(installed):
    assert installed.refused_requests() == []
    assert installed.may("create", "", "secrets") and installed.may("delete", "apps", "deployments")
    for verb, group, resource in (("list", "", "secrets"), ("watch", "", "secrets"), ("create", "", "pods"), ("create", "rbac.authorization.k8s.io", "roles"),
                                  ("bind", "rbac.authorization.k8s.io", "clusterroles"), ("escalate", "rbac.authorization.k8s.io", "clusterroles"),
                                  ("impersonate", "", "users"), ("delete", "", "nodes"), ("deletecollection", "", "secrets")):
        assert not installed.may(verb, group, resource), f"{verb} {resource}"


def test_the_account_changes_nothing_outside_of_what_ramet_made(installed):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stolen", "annotations": {"kubernetes.io/service-account.name": "default"}},
              "type": "kubernetes.io/service-account-token"}
    tries = [("POST", "/api/v1/namespaces/kube-system/secrets", secret), ("DELETE", f"/api/v1/namespaces/{SPACE}", None),
             ("DELETE", f"/apis/apps/v1/namespaces/{SPACE}/deployments/store", None), ("DELETE", f"/api/v1/namespaces/{SPACE}/secrets/store", None),
             ("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}}),
             ("POST", f"/api/v1/namespaces/{SPACE}/pods/{installed.pods()[0]}/exec?command=ramet&stdout=true", None)]
    for method, path, body in tries:
        status, words = installed.as_ramet(method, path, body)
        assert status == 403 and "only what is in namespaces that it made" in words, f"{method} {path}: {status} {words}"


def test_what_is_uninstalled_leaves_its_volume_and_the_environments(installed):
    space = installed.namespace_of(BASE)
    installed.helm.must("uninstall", RELEASE, "--namespace", SPACE, "--wait")
    assert installed.objects() == {f"persistentvolumeclaims/{RELEASE}"}
    assert installed.namespace_of(BASE) == space


def answers(installed):
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{installed.ramet.url}/readyz", timeout=5) as reply:
        return reply.status == 200
    return False


class Asking:
    """Somebody who asks all the time, each time over a connection of its own, for what stands in the store."""

    def __init__(self, installed):
        self._installed = installed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.answered, self.failures = 0, []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _ask(self):
        while not self._stop.wait(0.05):
            try:
                status, told = self._installed.ramet.api("GET", "/environments")
                assert status == 200, f"{status} {told}"
                self.answered += 1
            except Exception as error:  # Whatever it is, it is what somebody would have met.
                self.failures.append(repr(error))
