"""The product on a real cluster: a base and its previews, each in a namespace of its own."""
import base64
import contextlib
import json
import socket
import struct
import threading
import urllib.request

from gitea_interface import wait_for
from ramet import NOT_FOUND
from shop_on_cluster import BASE
from world import never

REGISTRY = "closed_registry"
STARTED_DEADLINE_S = 120


def test_the_base_runs_in_a_namespace_of_its_own(shop):
    space = shop.namespace_of(BASE)
    assert space.startswith("shop-production-")
    shop.wait_says(space, "web", "web of production: one")
    assert shop.says(space, "api").startswith("postgres://db:")
    assert shop.query(space, "SELECT count(*) FROM orders") == "0"


def test_the_services_role_is_no_superuser_and_the_superuser_cannot_come_in(shop):
    space = shop.namespace_of(BASE)
    assert shop.query(space, "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user") == "db|f"
    assert "password authentication failed" in shop.query(space, "\\connect - postgres")


def test_a_preview_waits_for_its_image_runs_beside_the_base_and_goes_without_a_trace(shop):
    before = shop.identities(shop.namespace_of(BASE))
    commit = shop.commit("search", says="two")
    shop.create("search")
    wait_for(lambda: "is not in its registry yet" in shop.ramet.run("why", "search").out,
             lambda: f"the preview to wait for its image: {shop.ramet.run('why', 'search').out}", STARTED_DEADLINE_S)
    shop.push_image(commit)
    preview = shop.wait_state("search", "ready")
    assert preview["urls"] == {"web": "http://web-search.preview.example.com"}
    assert {it["name"]: (it["state"], it["replicas"]) for it in preview["services"]} == {"web": ("healthy", 1), "api": ("healthy", 1)}

    space = shop.namespace_of("search")
    shop.wait_says(space, "web", "web of search: two")
    assert shop.query(space, "SELECT count(*) FROM orders") == "0"
    rule = shop.objects(space, "ingresses", "networking.k8s.io/v1")["web"]["spec"]["rules"][0]
    assert rule["host"] == "web-search.preview.example.com"

    shop.delete("search")
    assert shop.namespace_of("search") is None
    receipt = shop.ramet.json("preview", "receipt", "search")
    gone = {it["path"] for it in receipt["resources"]}
    assert {"namespace", "service/web", "service/api", "database/db", "data/db", "job/migrate", "route/web"} <= gone
    assert shop.identities(shop.namespace_of(BASE)) == before


def test_a_push_changes_what_it_has_to_and_nothing_else(shop):
    shop.push_image(shop.commit("push", says="three"))
    shop.create("push")
    shop.wait_state("push", "ready")
    space = shop.namespace_of("push")
    before = shop.identities(space)
    shop.query(space, "INSERT INTO orders VALUES (1)")

    shop.push_image(shop.commit("push", says="four"))
    shop.ramet.run("preview", "redeploy", "push")
    shop.wait_state("push", "ready")
    shop.wait_says(space, "web", "web of push: four")
    assert shop.query(space, "SELECT count(*) FROM orders") == "1"
    after = shop.identities(space)
    kept = {name for name in before if before[name] == after.get(name)}
    assert {name for name in before if not name.startswith("pods/")} - kept == {"deployments/web"}
    assert not {name for name in kept if name.startswith("pods/web")}
    shop.delete("push")


def test_a_version_that_cannot_start_is_told_with_its_last_words_and_the_old_one_serves_on(shop):
    shop.push_image(shop.commit("broken", says="five"))
    shop.create("broken")
    shop.wait_state("broken", "ready")
    space = shop.namespace_of("broken")

    shop.push_image(shop.commit("broken", says="six", migration="SELECT nonsense"))
    shop.ramet.cli("preview", "redeploy", "broken")
    shop.wait_state("broken", "degraded")
    told = shop.ramet.run("why", "broken").out
    assert 'column "nonsense" does not exist' in told
    shop.wait_says(space, "web", "web of broken: five")
    shop.delete("broken")


KEEPER = """services:
  keeper:
    image: "REGISTRY/shop/tools:1"
    run: 'echo "$SAYS" >> /kept/lines; cat /kept/lines; exec sleep 3600'
    volumes: [{name: kept, path: /kept, size: 64Mi}]
    env: {SAYS: "WORDS"}
"""
TICK = """jobs:
  tick:
    image: "REGISTRY/shop/tools:1"
    run: psql --set ON_ERROR_STOP=1 "$DATABASE_URL" --command "INSERT INTO orders VALUES (7)"
    when: "cron * * * * *"
    env: {DATABASE_URL: "${databases.db.url}"}
"""


def test_files_of_a_volume_outlive_a_push_and_a_job_with_a_schedule_runs(shop):
    edits = lambda words: [("services:\n", KEEPER.replace("WORDS", words)), ("jobs:\n", TICK)]
    shop.deploy("kept", says="kept", edits=edits("first"))
    shop.wait_state("kept", "ready")
    space = shop.namespace_of("kept")
    assert shop.ramet.cli("logs", "kept", "keeper").out == "first\n"
    shop.deploy("kept", says="kept", edits=edits("second"))
    wait_for(lambda: shop.ramet.cli("logs", "kept", "keeper").out == "first\nsecond\n",
             lambda: f"the next pod to find the file: {shop.ramet.cli('logs', 'kept', 'keeper').out}\n{shop.trouble()}", STARTED_DEADLINE_S)
    wait_for(lambda: shop.query(space, "SELECT min(id) FROM orders") == "7", lambda: f"the schedule to have run: {shop.trouble()}", STARTED_DEADLINE_S)
    assert "INSERT 0 1" in shop.ramet.cli("logs", "kept", "job/tick").out
    shop.wait_state("kept", "ready")
    shop.delete("kept")
    claims = [it["metadata"]["name"] for it in shop.cluster.api("GET", "/api/v1/persistentvolumeclaims")["items"]]
    assert not [name for name in claims if name.startswith("keeper-")], claims


def test_what_is_changed_by_hand_is_seen_and_taken_back(shop):
    shop.deploy("drift", says="drift")
    shop.wait_state("drift", "ready")
    space = shop.namespace_of("drift")
    scale = f"/apis/apps/v1/namespaces/{space}/deployments/web/scale"
    policy = f"/apis/networking.k8s.io/v1/namespaces/{space}/networkpolicies/deny"
    replicas = lambda: shop.objects(space, "deployments")["web"]["spec"]["replicas"]
    before = shop.identities(space)
    drift = lambda: shop.ramet.find_preview("drift")["drift"]
    assert not drift()

    shop.cluster.api("PATCH", f"{scale}?fieldManager=somebody", {"spec": {"replicas": 2}}, "application/merge-patch+json")
    shop.cluster.api("DELETE", policy)
    wait_for(lambda: replicas() == 1 and "deny" in shop.objects(space, "networkpolicies", "networking.k8s.io/v1"),
             lambda: f"both to be mended: {drift()}\n{shop.ramet.log_tail()}", STARTED_DEADLINE_S)
    shop.wait_state("drift", "ready")
    wait_for(lambda: not drift(), lambda: f"nothing to be told any more: {drift()}", STARTED_DEADLINE_S)
    mends = [it for it in shop.ramet.json("audit", "--limit", "1000") if it["action"] == "environment.mend" and it["subject"] == "drift"]
    told = " ".join(what for it in mends for what in it["detail"]["drift"])
    assert "service/web: spec.replicas was changed by somebody" in told and "policy/deny: NetworkPolicy deny was deleted" in told, told
    after = shop.identities(space)
    same = {name for name in before if before[name][0] == after.get(name, (None,))[0]}
    assert set(before) == same, "nothing else was made anew"

    # As `kubectl rollout undo` does it, which takes our own note of what was applied with it.
    shop.cluster.api("PATCH", f"/apis/apps/v1/namespaces/{space}/deployments/web?fieldManager=undo",
                     {"metadata": {"annotations": {"ramet.dev/spec": "older"}}, "spec": {"minReadySeconds": 3}}, "application/merge-patch+json")
    wait_for(lambda: shop.objects(space, "deployments")["web"]["spec"]["minReadySeconds"] == 1, lambda: f"the undo to be mended: {drift()}\n{shop.ramet.log_tail()}",
             STARTED_DEADLINE_S)
    shop.wait_state("drift", "ready")
    # A deployment that is asked for, so that the next mend is the first one again.
    shop.ramet.run("preview", "redeploy", "drift")
    uid = shop.cluster.api("GET", f"/api/v1/namespaces/{space}")["metadata"]["uid"]
    shop.cluster.api("DELETE", f"/api/v1/namespaces/{space}")

    def is_made_anew():
        found = shop.namespace_of("drift")
        return found and shop.cluster.api("GET", f"/api/v1/namespaces/{found}")["metadata"]["uid"] != uid
    wait_for(is_made_anew, lambda: f"the namespace to be made anew: {drift()}\n{shop.ramet.log_tail()}", STARTED_DEADLINE_S)
    shop.wait_state("drift", "ready")
    shop.wait_says(shop.namespace_of("drift"), "web", "web of drift: drift")
    shop.delete("drift")


def test_what_is_changed_by_hand_is_only_shown_where_the_file_says_so(shop):
    shop.commit("main", says="one", edits=[("previews:\n", "previews:\n  drift: show\n")])
    shop.push_image(shop._git("rev-parse", "HEAD").strip())
    shop.ramet.run("apply", "-f", shop.repository / "ramet.yaml", "--repo", shop.repository)
    shop.deploy("shown", says="shown")
    shop.wait_state("shown", "ready")
    space = shop.namespace_of("shown")
    shop.cluster.api("PATCH", f"/apis/apps/v1/namespaces/{space}/deployments/api?fieldManager=somebody",
                     {"metadata": {"labels": {"ramet.dev/owner": None}}, "spec": {"minReadySeconds": 2}}, "application/merge-patch+json")
    words = ["service/api: metadata.labels.ramet.dev/owner was taken away", "service/api: spec.minReadySeconds was changed by somebody"]
    wait_for(lambda: sorted(shop.ramet.find_preview("shown")["drift"]) == words,
             lambda: f"the change to be shown: {shop.ramet.find_preview('shown')['drift']}", STARTED_DEADLINE_S)
    assert never(lambda: shop.ramet.find_preview("shown")["generation"] != 1, seconds=4)
    shop.ramet.run("preview", "redeploy", "shown")
    shop.wait_state("shown", "ready")
    wait_for(lambda: not shop.ramet.find_preview("shown")["drift"], "a redeployment to take it back", STARTED_DEADLINE_S)
    shop.delete("shown")


BESIDE = [("health: {http: /}", 'health: {http: /}\n    run: ["/bin/sh", "-c", "exec sleep 3600"]'), ("shop/web:${git.sha}", "shop/tools:1"),
          ("    port: 8080\n    public: true\n    health: {http: /}\n", "")]


def test_commands_run_beside_a_service_through_the_api_server(shop):
    shop.deploy("beside", says="beside", edits=BESIDE)
    shop.wait_state("beside", "ready")
    run = lambda *command, **options: shop.ramet.cli("exec", "beside", "web", "--", *command, **options)
    done = run("/bin/sh", "-c", "echo $SAYS; echo trouble >&2; exit 7")
    assert (done.code, done.out, done.err.splitlines()[0]) == (7, "web of beside: beside\n", "trouble"), done
    many = "line\n" * 100_000
    assert run("cat", stdin=many).out == many
    absent = run("/absent")
    assert absent.code != 0 and "the command cannot be run there" in absent.err and "/absent" in absent.err, absent
    shop.ramet.run("preview", "delete", "beside", "--yes")


def test_ports_are_forwarded_through_the_api_server(shop):
    with forwarded(shop, BASE, "web") as address:
        for _ in range(3):
            with urllib.request.urlopen(f"http://{address}/", timeout=20) as answer:
                assert answer.read().decode() == "web of production: one"
    with forwarded(shop, BASE, "db") as address:
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(struct.pack("!ii", 8, 80877103))  # SSLRequest, as PostgreSQL's protocol has it.
            assert connection.recv(1) == b"N"
    refused = shop.ramet.cli("port-forward", BASE, "absent")
    assert refused.code == NOT_FOUND and "has no service absent" in refused.err, refused


@contextlib.contextmanager
def forwarded(shop, environment, part):
    process = shop.ramet.begin("port-forward", environment, part, "-o", "json")
    try:
        said = json.loads(process.stdout.readline())
        yield f"{said['host']}:{said['port']}"
    finally:
        process.terminate()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        process.wait()


def test_logs_come_from_the_pods_without_secrets(shop):
    edits = [("health: {http: /}", 'health: {http: /}\n    run: ["/bin/sh", "-c", "echo begin; echo $KEEP; exec sleep 3600"]'),
             ("shop/web:${git.sha}", "shop/tools:1"), ('env: {SAYS:', 'env: {KEEP: "${databases.db.password}", SAYS:')]
    shop.deploy("logs", says="logs", edits=edits)
    space = wait_for(lambda: shop.namespace_of("logs"), "its namespace to be there", STARTED_DEADLINE_S)
    logs = lambda *arguments: shop.ramet.cli("logs", "logs", *arguments).out
    wait_for(lambda: "begin" in logs("web"), lambda: f"web to write something: {logs('web')}\n{shop.trouble()}", STARTED_DEADLINE_S)
    written = logs("web").splitlines()
    assert written[0] == "begin"
    password = base64.b64decode(shop.cluster.api("GET", f"/api/v1/namespaces/{space}/secrets/db")["data"]["PASSWORD"]).decode()
    assert len(password) > 8 and password not in logs("web") and "***" in written[1]
    assert "CREATE TABLE" in logs("job/migrate")
    assert "database system is ready to accept connections" in logs("database/db")
    assert shop.ramet.cli("logs", "logs", "absent").code == NOT_FOUND

    with following(shop, "logs", "database/db") as lines:
        shop.cluster.api("DELETE", f"/api/v1/namespaces/{space}/pods/db-0")
        wait_for(lambda: sum("is ready to accept connections" in line for line in lines) >= 2, lambda: f"the next pod's log:\n{lines}", STARTED_DEADLINE_S)
    shop.delete("logs")


@contextlib.contextmanager
def following(shop, environment, part):
    """The lines so far of `ramet logs --follow`."""
    process, lines = shop.ramet.begin("logs", environment, part, "--follow"), []
    reader = threading.Thread(target=lambda: [lines.append(line) for line in process.stdout])
    reader.start()
    try:
        yield lines
    finally:
        process.terminate()
        reader.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        process.wait()


def test_nothing_is_left_that_is_of_no_environment(shop):
    report = shop.ramet.json("sweep", "--dry-run")
    assert not report["findings"], report
    assert {it["metadata"]["annotations"]["ramet.dev/environment"] for it in shop.cluster.api("GET", "/api/v1/namespaces")["items"]
            if "ramet.dev/environment" in it["metadata"].get("annotations", {})} == {BASE}
