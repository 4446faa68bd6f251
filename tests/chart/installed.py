"""Ramet as its chart installs it on a real cluster, with a PostgreSQL there and a real Git host outside."""
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

import images
import node_files
import postgres_image
from checkout import Checkout
from cluster import CHECKOUT, Cluster, build
from gitea import Gitea
from gitea_interface import wait_for
from helm import CHART, RELEASE, SPACE, Helm
from leftovers import Watch
from pki import Authority
from ramet import Ramet
from shop_on_cluster import PROJECT_FILE, MIGRATION, find_namespace

IMAGE = "localhost/ramet:tests"
BASE = "production"
READY_DEADLINE_S = 240
ACCOUNT = f"system:serviceaccount:{SPACE}:{RELEASE}"
PASSWORD = "the store's"


class Archive:
    """An image that stands in a file, as a cluster takes one."""

    def __init__(self, path):
        self._path = path

    def archive(self, _):
        return self._path.read_bytes()


class Installed:
    """Not for several threads. `close()` leaves nothing."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="installed-"))
        self.gitea, self.work, self._ways = Gitea(), None, []
        self.cluster = Cluster(images={postgres_image.NAME: postgres_image.make, IMAGE: self._make_image})
        self.ramet = Ramet()  # Its commands only: the server is in the cluster.
        self.values = {"image": {"repository": IMAGE.rpartition(":")[0], "tag": "tests"}, "authorities": {"configMap": "authorities"},
                       "store": {"url": f"postgres://postgres@store.{SPACE}/ramet?sslmode=verify-full", "passwordSecret": {"name": "store"}}}

    def _make_image(self):
        path = self.directory / "image.tar"
        subprocess.run([CHECKOUT / "scripts" / "image", "--name", IMAGE, "--output", path], check=True, stdout=subprocess.DEVNULL)
        return Archive(path)

    # -- its life

    def start(self):
        self.gitea.start()
        self.cluster.start()
        self.cluster.add_volumes(10)
        self.helm = Helm(self.directory, self.cluster.kubeconfig)
        self._push_images()
        self._make_surroundings()
        self.helm.must("install", RELEASE, CHART, "--namespace", SPACE, "--wait", "--timeout", "4m", values=self.values)
        self._reach()
        self.upgrade({"publicUrl": self.ramet.url})
        self.ramet.token = self._make_token()
        return self

    def close(self):
        for way in self._ways:
            way.close()
        self.cluster.remove()
        if self.work:
            self.work.remove()
        self.gitea.remove()
        self.ramet.remove(Watch([self.ramet.directory]))
        shutil.rmtree(self.directory)

    def _push_images(self):
        self.program = images.compile_image(images.PROGRAMS[images.SERVER])
        self.cluster.registry.push(self.program, "shop/api", "1")
        self.cluster.registry.push(postgres_image.make(), "shop/tools", "1")

    def _make_surroundings(self):
        """What an administrator has before the chart comes: a database, its password, and the authorities of the house."""
        named = lambda name: {"name": name, "namespace": SPACE}
        labels = {"app": "store"}
        pki = self.cluster.directory / "pki"
        Authority(pki).sign("store", "/CN=store", (f"DNS:store.{SPACE}",))
        identity = {"tls.crt": (pki / "store.crt").read_text(), "tls.key": (pki / "store.key").read_text()}
        speaks_tls = ("-c", "ssl=on", "-c", "ssl_cert_file=/tls/tls.crt", "-c", "ssl_key_file=/tls/tls.key")
        container = {"name": "store", "image": postgres_image.NAME, "imagePullPolicy": "Never", "args": ["postgres", *speaks_tls],
                     "volumeMounts": [{"name": "tls", "mountPath": "/tls"}, {"name": "first", "mountPath": "/docker-entrypoint-initdb.d"}],
                     "env": [{"name": "POSTGRES_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "store", "key": "password"}}},
                             {"name": "PGDATA", "value": "/var/lib/postgresql/data/own"}],
                     "readinessProbe": {"exec": {"command": ["pg_isready", "--username", "postgres", "--host", "127.0.0.1"]}, "periodSeconds": 1}}
        pod = {"containers": [container], "securityContext": {"fsGroup": postgres_image.USER},
               "volumes": [{"name": "tls", "secret": {"secretName": "store-tls", "defaultMode": 0o440}}, {"name": "first", "configMap": {"name": "store-first"}}]}
        create = "psql --username postgres --command \"CREATE DATABASE ramet ENCODING 'UTF8' TEMPLATE template0\""
        authorities = (pki / "ca.crt").read_text()
        for thing in ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
                      {"apiVersion": "v1", "kind": "Secret", "metadata": named("store"), "stringData": {"password": PASSWORD}},
                      {"apiVersion": "v1", "kind": "Secret", "metadata": named("store-tls"), "stringData": identity},
                      {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named("store-first"), "data": {"create.sh": create}},
                      {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named("authorities"), "data": {"ca-certificates.crt": authorities}},
                      {"apiVersion": "v1", "kind": "Service", "metadata": named("store"), "spec": {"selector": labels, "ports": [{"port": 5432}]}},
                      {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named("store"),
                       "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}}):
            self.cluster.apply(thing)
        wait_for(lambda: self._get("apps/v1", "deployments", "store")["status"].get("availableReplicas"), lambda: f"the database: {self.trouble()}", 120)

    def _reach(self):
        address = self._get("v1", "services", RELEASE)["spec"]["clusterIP"]
        self._ways.append(self.cluster.connect(address, 80))
        self.ramet.url = f"http://127.0.0.1:{self._ways[-1].port}"

    def upgrade(self, changes):
        self.values |= changes
        self.helm.must("upgrade", RELEASE, CHART, "--namespace", SPACE, "--wait", "--timeout", "4m", values=self.values)

    def connect_repository(self):
        """The shop, whose pull requests are looked at from now on; its base comes up."""
        repository = self.gitea.create_repository("shop")
        self.work = Checkout(self.gitea, repository)
        commit = self.work.push("main", {"ramet.yaml": project_file("one")})
        self.cluster.registry.push(self.program, "shop/web", commit)
        self._ways.append(self.cluster.let_in(self.gitea.port))
        host = f"http://{node_files.ADDRESS}:{self._ways[-1].port}"
        self.ramet.run("git", "connect", "gitea", "--url", host, "--repo", repository, stdin=self.gitea.alice.token)
        self.repository = repository
        self.wait(lambda: self.ramet.api("GET", f"/environments/{BASE}")[1].get("state") == "ready", BASE)

    # -- the command line in a pod, as the notes of the chart tell it

    def _make_token(self):
        return json.loads(self.in_pod("ramet", "token", "create", "tests", "--role", "admin", "-o", "json"))["token"]

    def in_pod(self, *command):
        done = self._kubectl("exec", f"deployment/{RELEASE}", "--", *command)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.trouble()}"
        return done.stdout

    def _kubectl(self, *arguments):
        return subprocess.run([build() / "kubectl", "--namespace", SPACE, *arguments], check=False, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "KUBECONFIG": str(self.cluster.kubeconfig)})

    # -- what is asked of it

    def open(self, branch, says):
        """A pull request whose image is there."""
        self.push(branch, says)
        return self.gitea.open_pull_request(self.repository, branch, "main")

    def push(self, branch, says):
        commit = self.work.push(branch, {"ramet.yaml": project_file(says)})
        self.cluster.registry.push(self.program, "shop/web", commit)
        return commit

    def wait_ready(self, name, commit=None):
        def ready():
            preview = self.ramet.find_preview(name)
            return preview and preview["state"] == "ready" and commit in (None, preview["commit"]) and preview
        return self.wait(ready, name)

    def wait(self, condition, name):
        return wait_for(condition, lambda: f"{name} to be as wanted: {self.ramet.cli('why', name).out}\n{self.trouble()}", READY_DEADLINE_S, pause_s=0.2)

    def comments(self, number):
        return [it["body"] for it in self.gitea.comments(self.repository, number) if "<!-- ramet:" in it["body"]]

    def namespace_of(self, name):
        return find_namespace(self.cluster, name)

    def pods(self):
        """Of the servers that are not on their way out."""
        listed = self.cluster.api("GET", f"/api/v1/namespaces/{SPACE}/pods?labelSelector=app.kubernetes.io/name=ramet")["items"]
        return [it["metadata"]["name"] for it in listed if "deletionTimestamp" not in it["metadata"]]

    def refused_requests(self):
        """What the cluster did not let the servers do, of the audit log; without what the tests asked in their name."""
        lines = (self.cluster.directory / "log" / "audit.log").read_text().splitlines()
        events = [it for it in (json.loads(line) for line in lines if ACCOUNT in line) if it["user"]["username"] == ACCOUNT and "urllib" not in it["userAgent"]]
        assert len(events) > 100, f"the audit log has {len(events)} requests of {ACCOUNT}"
        return [f"{it['verb']} {it['requestURI']}: {it['responseStatus'].get('message')}" for it in events if it.get("responseStatus", {}).get("code") == 403]

    def as_ramet(self, method, path, body=None):
        """What the cluster answers to the servers' account: the status and the words. By a token of its own, as a pod has one."""
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.cluster.api("POST", f"/api/v1/namespaces/{SPACE}/serviceaccounts/{RELEASE}/token", asked)["status"]["token"]
        request = urllib.request.Request(f"{self.cluster.url}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        context = ssl.create_default_context(cafile=self.cluster.directory / "pki" / "ca.crt")
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def may(self, verb, group, resource, name=""):
        attributes = {"verb": verb, "group": group, "resource": resource, "namespace": SPACE, "name": name}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": ACCOUNT, "resourceAttributes": attributes}}
        return self.cluster.api("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    def objects(self):
        """Kinds and names of what is in Ramet's own namespace, but for what every namespace has and what the tests put there."""
        found = set()
        for group, kinds in (("apps/v1", ("deployments",)), ("v1", ("services", "serviceaccounts", "secrets", "persistentvolumeclaims")),
                             ("policy/v1", ("poddisruptionbudgets",))):
            for kind in kinds:
                found |= {f"{kind}/{it['metadata']['name']}" for it in self._get(group, kind)["items"]}
        return found - {"deployments/store", "services/store", "secrets/store", "secrets/store-tls", "serviceaccounts/default"}

    def _get(self, group, kind, name=""):
        """Of Ramet's own namespace; all of that kind when no name is said."""
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        return self.cluster.api("GET", f"{root}/namespaces/{SPACE}/{kind}/{name}".rstrip("/"))

    def trouble(self):
        """Pods that are not well, with the last words of the servers."""
        words = []
        for pod in self.cluster.api("GET", "/api/v1/pods")["items"]:
            name, space = pod["metadata"]["name"], pod["metadata"]["namespace"]
            words.append(f"{space}/{name}: {pod['status'].get('phase')} {[it.get('state') for it in pod['status'].get('containerStatuses', [])]}")
            if space == SPACE:
                told = self._kubectl("logs", "--tail=15", name)
                words.append(told.stdout + told.stderr)
        return "\n".join(words)


def project_file(says):
    text = PROJECT_FILE.format(registry=node_files.INNER_REGISTRY, login="", says=says, migration=MIGRATION)
    assert "context: cluster" in text
    return text.replace("context: cluster", "context: in-cluster")
