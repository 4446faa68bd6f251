"""What goes wrong on a cluster, told in the words that help; and that it ends well when it can."""
import random

import pytest

import images
import postgres_image
from gitea_interface import wait_for

TOLD_DEADLINE_S = 120


def why(shop, name):
    return shop.ramet.run("why", name).out


def wait_told(shop, name, words):
    wait_for(lambda: words in why(shop, name), lambda: f"{name} to tell {words!r}:\n{why(shop, name)}\n{shop.trouble()}", TOLD_DEADLINE_S)


# What is changed in the file, and what has to be told of it while it is waited for, or when it has failed.
TROUBLES = {
    "image-absent": ([(":${git.sha}", ":never-pushed")], "shop/web:never-pushed is not in its registry yet"),
    "no-such-program": ([("health: {http: /}", 'health: {http: /}\n    run: ["/absent"]')], "/absent"),
    "ends-at-once": ([("health: {http: /}", 'health: {http: /}\n    run: ["/bin/sh", "-c", "echo I give up; exit 7"]'),
                      ("shop/web:${git.sha}", "shop/tools:1")], "exited with 7 (Error): I give up"),
    "too-large": ([("health: {http: /}", "health: {http: /}\n    resources: {cpu: 400000m}")], "Insufficient cpu"),
    "runs-as-root": ([("shop/web:${git.sha}", "shop/root:1")], "runAsNonRoot"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_service_that_cannot_be_ready_says_why(shop, name):
    edits, words = TROUBLES[name]
    pause = images.compile_image(images.PROGRAMS[images.PAUSE])
    shop.registry.push(pause, "shop/pause", "1")
    shop.registry.push(images.Image(pause.layer, pause.entrypoint, user="0:0"), "shop/root", "1")
    shop.deploy(name, says=name, edits=edits)
    wait_told(shop, name, words)
    shop.delete(name)
    assert shop.namespace_of(name) is None


def test_a_login_that_the_registry_does_not_take_is_told_and_the_next_one_is_used(shop):
    registry = shop.registry
    shop.registry = shop.cluster.closed_registry
    set_login = lambda login: shop.ramet.run("secret", "set", "registry", "--org", stdin=login)
    try:
        shop.registry.push(shop.program, "shop/api", "1")
        shop.registry.push(postgres_image.make(), "shop/tools", "1")
        shop.push_image(shop.commit("main", says="closed"))
        refused = shop.ramet.cli("apply", "-f", shop.repository / "ramet.yaml", "--repo", shop.repository)
        assert refused.code != 0 and "a secret is missing: registry (for targets.cluster.registry.credentials)" in refused.err, refused
        user = shop.registry.login.partition(":")[0]
        set_login(f"{user}:guessed")
        shop.deploy("login", says="two")
        shop.wait_state("login", "failed")
        told = why(shop, "login")
        assert f"the registry {shop.registry.address} does not let {user} pull shop/" in told and "guessed" not in told, told
        set_login(shop.registry.login)
        shop.deploy("login", says="three")
        shop.wait_state("login", "ready")
        shop.delete("login")
    finally:
        set_login(shop.registry.login)
        shop.registry = registry
        shop.push_image(shop.commit("main", says="open again"))
        shop.ramet.run("apply", "-f", shop.repository / "ramet.yaml", "--repo", shop.repository)
        shop.ramet.run("secret", "delete", "registry", "--org")


def test_what_never_becomes_ready_ends_with_its_deadline_and_leaves_nothing(shop):
    shop.deploy("late", says="late", edits=[("shop/web:${git.sha}", "shop/pause:1")])
    wait_told(shop, "late", "runs, but has not started yet")
    shop.wait_state("late", "failed")
    assert "runs, but has not started yet" in why(shop, "late")
    assert shop.namespace_of("late") is None
    shop.delete("late")


def test_an_object_of_somebody_else_in_the_way_is_named_and_stays(shop):
    shop.deploy("clash", says="one")
    shop.wait_state("clash", "ready")
    space = shop.namespace_of("clash")
    theirs = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "extra", "namespace": space, "labels": {"by": "hand"}}}
    uid = shop.cluster.api("POST", f"/api/v1/namespaces/{space}/serviceaccounts", theirs)["metadata"]["uid"]
    shop.deploy("clash", says="two", edits=[("databases:", '  extra: {image: "REGISTRY/shop/api:1", port: 9000}\ndatabases:')])
    shop.wait_state("clash", "degraded")
    assert f"ServiceAccount extra in namespace {space} is there already, and is not ours" in why(shop, "clash")
    assert shop.objects(space, "serviceaccounts", "v1")["extra"]["metadata"]["uid"] == uid
    shop.wait_says(space, "web", "web of clash: one")
    shop.delete("clash")


def test_a_quota_that_is_used_up_is_told(shop):
    shop.deploy("quota", says="one")
    shop.wait_state("quota", "ready")
    space = shop.namespace_of("quota")
    shop.cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "by-hand", "namespace": space}, "spec": {"hard": {"pods": "0"}}})
    shop.deploy("quota", says="two")
    wait_told(shop, "quota", "exceeded quota: by-hand")
    shop.delete("quota")


def test_an_api_server_that_does_not_answer_for_a_while_is_waited_for(shop):
    shop.deploy("silence", says="one")
    wait_for(lambda: shop.namespace_of("silence"), "its namespace to be there", TOLD_DEADLINE_S)
    with shop.cluster.stopped("kube-apiserver"):
        wait_for(lambda: "in time" in why(shop, "silence"), lambda: f"it to tell that nobody answers: {why(shop, 'silence')}", TOLD_DEADLINE_S)
    shop.wait_state("silence", "ready")
    shop.delete("silence")
    assert shop.namespace_of("silence") is None


@pytest.mark.parametrize("share", [random.uniform(0.0, 0.5), random.uniform(0.5, 1.0)], ids=["first-half", "second-half"])
def test_a_server_that_is_killed_goes_on_where_it_was(shop, share, request):
    """At another moment each time: a creation and a removal are cut off."""
    print(f"killed at {share:.3f}")
    name = request.node.callspec.id
    shop.deploy(name, says="alive")
    kill_at(shop, name, share)
    shop.wait_state(name, "ready")
    shop.wait_says(shop.namespace_of(name), "web", f"web of {name}: alive")
    assert shop.ramet.api("DELETE", f"/previews/{name}")[0] == 202
    kill_at(shop, name, share)
    wait_for(lambda: shop.ramet.find_preview(name) is None, lambda: f"{name} to be gone: {why(shop, name)}", TOLD_DEADLINE_S)
    assert shop.namespace_of(name) is None
    assert not shop.ramet.json("sweep", "--dry-run")["findings"]


def kill_at(shop, name, share):
    """When that share of the steps is done, or all of it is over."""
    def reached():
        preview = shop.ramet.find_preview(name)
        if preview is None:
            return True
        run = shop.ramet.run_of(preview) if preview["run"] else None
        if run is None:
            return False
        done = sum(step["state"].lower() in ("done", "undone", "failed", "skipped") for step in run["steps"])
        return run["is_final"] or done >= share * len(run["steps"])
    wait_for(reached, f"{share:.0%} of a run of {name}", TOLD_DEADLINE_S, pause_s=0.005)
    shop.ramet.restart_after_kill()
