#!/usr/bin/python3
"""An environment of some forty objects on a real cluster against the floor: a bare HTTP/2 client that sends the very same objects, which are
read back from what Ramet made. In turn: accepted by the API server and all available; one variable changed; nothing changed; gone. What was
sent and when it was answered stands in the API server's audit log, for both alike. Prints JSON rows.
"""
import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("cluster", "gitea", "end_to_end"):
    sys.path.insert(0, str(HERE.parent / folder))
sys.dont_write_bytecode = True

import images  # noqa: E402
import postgres_image  # noqa: E402
from cluster import ApiError, Cluster  # noqa: E402
from gitea_interface import wait_for  # noqa: E402
from ramet import Ramet  # noqa: E402
from rows import median, row, say  # noqa: E402
from shop_on_cluster import find_namespace  # noqa: E402

from leftovers import Watch  # noqa: E402

BASE = "production"
SERVICES = 5
DEADLINE_S = 120
CHANGING = ("create", "patch", "update", "delete", "deletecollection")
WORKLOADS = ("deployments", "statefulsets")
# What Ramet makes in a namespace; what controllers make beside it is not sent again.
KINDS = (("v1", ("resourcequotas", "limitranges", "serviceaccounts", "secrets", "configmaps", "services", "persistentvolumeclaims")),
         ("apps/v1", WORKLOADS), ("networking.k8s.io/v1", ("networkpolicies", "ingresses")), ("policy/v1", ("poddisruptionbudgets",)))

SERVICE = """  app{number}:
    image: "{registry}/shop/app:1"
    port: 8080
    public: {public}
    health: {{http: /}}
    env: {{SAYS: "{says}", KEY: {{secret: key}}}}
"""
PROJECT_FILE = """version: 1
project: bench
services:
{services}databases:
  db: {{type: postgres, storage: 1Gi}}
environments:
  production: {{branch: main, target: cluster}}
targets:
  cluster: {{type: kubernetes, context: cluster, domain: preview.example.com, ingress: {{class: nginx}}, registry: {{url: "{registry}/shop"}}}}
previews:
  base: production
  target: cluster
  data: {{db: {{strategy: seed}}}}
"""


class Bench:
    def __init__(self, cluster, floor):
        self.cluster, self._floor = cluster, floor
        self.ramet = Ramet(arguments=["--kubeconfig", cluster.kubeconfig])
        self.watch = Watch([self.ramet.directory])
        self._repository = pathlib.Path(tempfile.mkdtemp(prefix="repository-", dir=self.ramet.directory))
        self._audit = open(cluster.directory / "log" / "audit.log")
        self._marks, self._unfinished = 0, ""
        self._credentials = self.ramet.directory / "floor.json"

    def start(self):
        self.cluster.registry.push(images.compile_image(images.PROGRAMS[images.SERVER]), "shop/app", "1")
        pki = self.cluster.directory / "pki"
        self._credentials.write_text(json.dumps({"Server": self.cluster.url, "Ca": str(pki / "ca.crt"), "Certificate": str(pki / "admin.crt"),
                                                 "Key": str(pki / "admin.key")}))
        self._git("init", "--quiet", "--initial-branch=main")
        self._commit("one")
        self.ramet.start()
        self.ramet.run("secret", "set", "key", "--org", stdin="a secret")
        self.ramet.run("apply", "-f", self._repository / "ramet.yaml", "--repo", self._repository)
        self._git("checkout", "--quiet", "-B", "change")

    def _commit(self, says):
        services = "".join(SERVICE.format(number=number, registry=self.cluster.registry.address, says=says if number == 0 else "ok",
                                          public=str(number < 3).lower()) for number in range(SERVICES))
        (self._repository / "ramet.yaml").write_text(PROJECT_FILE.format(registry=self.cluster.registry.address, services=services))
        self._git("add", "--all")
        self._git("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "--allow-empty", f"--message={says}")

    def _git(self, *arguments):
        subprocess.run(["git", "-C", self._repository, *arguments], check=True, capture_output=True)

    # -- what was asked of the API server

    def requests(self, agent):
        """Since the last call: [(verb, resource, subresource, seconds since 1970 of the answer)] of who calls itself so."""
        self._marks += 1
        mark, found, events = f"/version?mark={self._marks}", [], []
        self.cluster.api("GET", mark)

        def is_read():
            """The log is written a moment after the answers, in their order: what came before the mark is there when the mark is."""
            *lines, self._unfinished = (self._unfinished + self._audit.read()).split("\n")
            events.extend(json.loads(line) for line in lines)
            return any(event["requestURI"] == mark for event in events)
        wait_for(is_read, "the audit log to have the mark", DEADLINE_S)
        for event in events:
            if event.get("userAgent", "").startswith(agent):
                at = datetime.datetime.fromisoformat(event["stageTimestamp"].replace("Z", "+00:00")).timestamp()
                about = event.get("objectRef", {})
                found.append((event["verb"], about.get("resource"), about.get("subresource"), at))
        return found

    def processor_s(self):
        stat = pathlib.Path(f"/proc/{self.ramet.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    # -- an environment by Ramet

    def create(self, name, says):
        """{"accepted", "available", "requests", "processor"} of a preview that is made anew."""
        return self._measure("ramet", says, lambda: self._ask("POST", "/previews", {"base": BASE, "branch": "change", "name": name}),
                             lambda: self._space_of(name), lambda: self._is_ready(name))

    def change(self, name, says):
        self._commit(says)
        space = self._space_of(name)
        return self._measure("ramet", says, lambda: self._ask("POST", f"/previews/{name}/redeploy", {}), lambda: space, lambda: self._is_ready(name))

    def _ask(self, method, path, body):
        status, answer = self.ramet.api(method, path, body)
        assert status in (200, 201, 202), answer

    def _is_ready(self, name):
        preview = self.ramet.find_preview(name)
        assert preview is None or preview["state"] not in ("failed", "degraded", "needs_human"), preview
        return preview is not None and preview["state"] == "ready" and preview["generation"] == preview["observed_generation"]

    def _space_of(self, name):
        return find_namespace(self.cluster, name)

    # -- the same by the floor

    def objects(self, space):
        """All that Ramet made there, as it would be sent, for another namespace "SPACE"."""
        found = [self.cluster.api("GET", f"/api/v1/namespaces/{space}")]
        for group, kinds in KINDS:
            for kind in kinds:
                listed = self.cluster.api("GET", f"{'/api/v1' if group == 'v1' else f'/apis/{group}'}/namespaces/{space}/{kind}")
                for it in listed["items"]:
                    if "ramet.dev/install" in it["metadata"].get("labels", {}):
                        found.append({"apiVersion": group, "kind": listed["kind"].removesuffix("List"), **it})
        found[0].update({"apiVersion": "v1", "kind": "Namespace"})
        return json.loads(json.dumps([cleaned(it) for it in found]).replace(space, "SPACE"))

    def floor(self, objects, space, says):
        """The floor sends `objects` to the namespace `space`."""
        file = self.ramet.directory / "floor-objects.json"
        file.write_text(json.dumps(objects).replace("SPACE", space))
        used = []
        send = lambda: used.append(float(subprocess.run([self._floor, self._credentials, file], check=True, capture_output=True, text=True).stdout))
        measured = self._measure("floor", says, send, lambda: space, lambda: True)
        return {**measured, "processor": used[0]}

    # -- both

    def _measure(self, agent, says, begin, space, is_told):
        self.requests(agent)
        used, began, wall = self.processor_s(), time.monotonic(), time.time()
        begin()
        wait_for(lambda: space() and self._is_available(space(), says), lambda: f"all to be available: {self.ramet.log_tail()}", DEADLINE_S, pause_s=0.02)
        available = time.monotonic() - began
        wait_for(is_told, "Ramet to tell that it is ready", DEADLINE_S, pause_s=0.005)
        told = time.monotonic() - began
        asked = self.requests(agent)
        changing = [at for verb, _, _, at in asked if verb in CHANGING]
        return {"accepted": max(changing) - wall if changing else 0, "available": available, "told": told, "requests": len(asked), "changing": len(changing),
                "processor": self.processor_s() - used, "verbs": collections.Counter(verb for verb, *_ in asked)}

    def _is_available(self, space, says):
        """All are rolled out, the first service in the version that says so."""
        found = [it for kind in WORKLOADS for it in self.cluster.api("GET", f"/apis/apps/v1/namespaces/{space}/{kind}")["items"]]
        return (len(found) == SERVICES + 1 and all(is_rolled_out(it) for it in found) and
                any(it["metadata"]["name"] == "app0" and f'"{says}"' in json.dumps(it["spec"]) for it in found))

    def delete(self, name):
        """Seconds until the namespace is gone, by Ramet."""
        space, began = self._space_of(name), time.monotonic()
        self._ask("DELETE", f"/previews/{name}", None)
        self._wait_gone(space)
        taken = time.monotonic() - began
        wait_for(lambda: self.ramet.find_preview(name) is None, "the preview to be gone", DEADLINE_S)
        return taken

    def delete_space(self, space):
        """The same as `kubectl delete namespace` does it."""
        began = time.monotonic()
        self.cluster.api("DELETE", f"/api/v1/namespaces/{space}")
        self._wait_gone(space)
        return time.monotonic() - began

    def _wait_gone(self, space):
        def is_gone():
            try:
                self.cluster.api("GET", f"/api/v1/namespaces/{space}")
                return False
            except ApiError as error:
                return error.status == 404
        wait_for(is_gone, f"{space} to be gone", DEADLINE_S)


def cleaned(it):
    it = {key: value for key, value in it.items() if key != "status"}
    metadata = it["metadata"]
    it["metadata"] = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
    for key in ("clusterIP", "clusterIPs", "volumeName"):
        if it.get("spec", {}).get(key) != "None":
            it.get("spec", {}).pop(key, None)
    if it["kind"] == "Namespace":
        it["metadata"]["labels"].pop("kubernetes.io/metadata.name")
        it.pop("spec")
    if it["kind"] == "PersistentVolumeClaim":
        it["metadata"]["annotations"] = {key: value for key, value in it["metadata"].get("annotations", {}).items() if "kubernetes.io" not in key}
    return it


def is_rolled_out(it):
    status, wanted = it.get("status", {}), it["spec"].get("replicas", 1)
    return (status.get("observedGeneration", 0) >= it["metadata"]["generation"] and status.get("replicas", 0) == wanted and
            all(status.get(f"{what}Replicas", 0) == wanted for what in ("updated", "ready", "available")))


def changed(objects, says):
    """The one Deployment in which a variable is another one."""
    found = next(it for it in objects if it["kind"] == "Deployment" and it["metadata"]["name"] == "app0")
    text = json.loads(json.dumps(found))
    for entry in text["spec"]["template"]["spec"]["containers"][0]["env"]:
        if entry["name"] == "SAYS":
            entry["value"] = says
    return [text]


def compare(name, ours, floors):
    """A row of two medians, with their ratio and in how many pairs ours was not slower."""
    ratio = median(ours) / median(floors)
    ahead = sum(mine <= theirs for mine, theirs in zip(ours, floors))
    say(f"{name}: {median(ours):.3f} against {median(floors):.3f} s, {ratio:.2f}×, ahead in {ahead} of {len(ours)}; "
        f"spread {min(ours):.3f}–{max(ours):.3f} against {min(floors):.3f}–{max(floors):.3f}")
    return ratio, ahead


def run(bench, pairs):
    made, floors, changes, floor_changes, nothing, deletes, floor_deletes = ([] for _ in range(7))
    for number in range(pairs + 1):  # The first one warms up.
        name, space = f"pair-{number}", f"floor-{number}"
        bench._commit(f"new {number}")
        ours = bench.create(name, f"new {number}")
        objects = bench.objects(bench._space_of(name))
        theirs = bench.floor(objects, space, f"new {number}")
        our_change = bench.change(name, f"changed {number}")
        their_change = bench.floor(changed(objects, f"changed {number}"), space, f"changed {number}")
        same = bench.change(name, f"changed {number}")
        our_end, their_end = bench.delete(name), bench.delete_space(space)
        say(f"pair {number}: {len(objects)} objects; create {ours}, floor {theirs}; change {our_change}, floor {their_change}; nothing {same}; "
            f"delete {our_end:.2f}, floor {their_end:.2f}")
        if number > 0:
            for into, what in ((made, ours), (floors, theirs), (changes, our_change), (floor_changes, their_change), (nothing, same), (deletes, our_end),
                               (floor_deletes, their_end)):
                into.append(what)
    of = lambda runs, what: [it[what] for it in runs]
    enough = -(-pairs * 16 // 20)
    for what, bar in (("accepted", 1.3), ("available", 1.05)):
        ratio, _ = compare(what, of(made, what), of(floors, what))
        row(f"kubernetes: environment {what}", median(of(made, what)), "s", f"≤ {bar}× the floor", ratio <= bar, median(of(floors, what)), ratio)
    ratio, _ = compare("one variable changed", of(changes, "available"), of(floor_changes, "available"))
    row("kubernetes: one variable changed, available", median(of(changes, "available")), "s", "≤ 1.05× the floor", ratio <= 1.05,
        median(of(floor_changes, "available")), ratio)
    row("kubernetes: changing requests where nothing changed", max(of(nothing, "changing")), "requests", "0", max(of(nothing, "changing")) == 0)
    row("kubernetes: nothing changed, told", median(of(nothing, "told")) * 1000, "ms", "≤ 50 ms", median(of(nothing, "told")) <= 0.05)
    processor = statistics.mean(one["processor"] + other["processor"] for one, other in zip(made, changes)) * 1000
    row("kubernetes: processor time of create and change", processor, "ms", "≤ 60 ms", processor <= 60,
        statistics.mean(one["processor"] + other["processor"] for one, other in zip(floors, floor_changes)) * 1000)
    asked = max(one["requests"] + other["requests"] for one, other in zip(made, changes))
    row("kubernetes: requests of create and change", asked, "requests", "≤ 90", asked <= 90,
        max(one["requests"] + other["requests"] for one, other in zip(floors, floor_changes)))
    ratio, ahead = compare("delete", deletes, floor_deletes)
    row("kubernetes: until the namespace is gone", median(deletes), "s", f"ahead: by median and in {enough} of {pairs}",
        ratio < 1 and ahead >= enough, median(floor_deletes), ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        floor = pathlib.Path(folder) / "floor"
        subprocess.run(["go", "build", "-o", floor, "."], cwd=HERE / "kubernetes_floor", check=True)
        cluster = stack.enter_context(Cluster(images={postgres_image.NAME: postgres_image.make}))
        cluster.add_volumes(2 * options.pairs + 4)
        bench = Bench(cluster, floor)
        stack.callback(bench.ramet.remove, bench.watch)
        bench.start()
        run(bench, options.pairs)


if __name__ == "__main__":
    main()
