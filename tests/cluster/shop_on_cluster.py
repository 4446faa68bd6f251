"""A small shop whose base and previews are on a cluster: its repository, its images, and the words of the tests about it."""
import http.client
import pathlib
import subprocess
import tempfile

import images
import postgres_image
from cluster import ApiError
from gitea_interface import wait_for
from leftovers import Watch
from ramet import Ramet

HERE = pathlib.Path(__file__).resolve().parent
BASE = "production"
READY_DEADLINE_S = 240
PORT = 8080

PROJECT_FILE = """version: 1
project: shop
services:
  web:
    image: "{registry}/shop/web:${{git.sha}}"
    port: 8080
    public: true
    health: {{http: /}}
    needs: {{api: healthy}}
    env: {{SAYS: "web of ${{env}}: {says}"}}
  api:
    image: "{registry}/shop/api:1"
    port: 8080
    needs: {{db: healthy, migrate: completed}}
    env: {{SAYS: "${{databases.db.url}}"}}
databases:
  db: {{type: postgres, storage: 1Gi}}
jobs:
  migrate:
    image: "{registry}/shop/tools:1"
    run: psql --set ON_ERROR_STOP=1 "$DATABASE_URL" --command "{migration}"
    when: before-start
    env: {{DATABASE_URL: "${{databases.db.url}}"}}
environments:
  production: {{branch: main, target: cluster}}
targets:
  cluster:
    type: kubernetes
    context: cluster
    domain: preview.example.com
    ingress: {{class: nginx}}
    registry: {{url: "{registry}/shop"{login}}}
previews:
  base: production
  target: cluster
  data: {{db: {{strategy: seed}}}}
  deploy: {{timeout: 150s}}  # What never becomes ready is waited for so long.
"""
MIGRATION = "CREATE TABLE IF NOT EXISTS orders (id int)"


class ShopOnCluster:
    """Not for several threads. `close()` leaves nothing but the cluster. Its images are in `registry`, the cluster's open one when unsaid; Ramet
    reaches the cluster by `kubeconfig`, or as an administrator does."""

    def __init__(self, cluster, registry=None, kubeconfig=None):
        self.cluster = cluster
        self.registry = registry or cluster.registry
        self.ramet = Ramet(arguments=["--kubeconfig", kubeconfig or cluster.kubeconfig])
        self.watch = Watch([self.ramet.directory])
        self.repository = pathlib.Path(tempfile.mkdtemp(prefix="repository-", dir=self.ramet.directory))

    def start(self):
        program = images.compile_image(images.PROGRAMS[images.SERVER])
        self.program = program
        self.registry.push(program, "shop/api", "1")
        tools = postgres_image.make()
        for registry in (self.registry, self.cluster.registry):
            registry.push(tools, "shop/tools", "1")
        self._git("init", "--quiet", "--initial-branch=main")
        self.push_image(self.commit("main", says="one"))
        self.ramet.start()
        if self.registry.login:
            self.ramet.run("secret", "set", "registry", "--org", stdin=self.registry.login)
        self.ramet.run("apply", "-f", self.repository / "ramet.yaml", "--repo", self.repository)
        return self

    def close(self):
        self.ramet.remove(self.watch)

    # -- the repository and its images

    def commit(self, branch, says, migration=MIGRATION, edits=()):
        """A commit of the project file, after which web's image is called; returns its id. `edits` are pairs of what goes and what comes."""
        if branch != "main":
            self._git("checkout", "--quiet", "-B", branch)
        elif self._git("branch", "--list", branch):  # Not so before the first commit.
            self._git("checkout", "--quiet", branch)
        login = ", credentials: {secret: registry}" if self.registry.login else ""
        text = PROJECT_FILE.format(registry=self.registry.address, login=login, says=says, migration=migration)
        for old, new in edits:
            assert old in text, f"{old!r} is not in the project file"
            text = text.replace(old, new.replace("REGISTRY", self.registry.address))
        (self.repository / "ramet.yaml").write_text(text)
        self._git("add", "--all")
        self._git("-c", "user.name=Tests", "-c", "user.email=tests@example.com", "commit", "--quiet", "--allow-empty", f"--message={says}")
        return self._git("rev-parse", "HEAD").strip()

    def push_image(self, commit):
        return self.registry.push(self.program, "shop/web", commit)

    def _git(self, *arguments):
        return subprocess.run(["git", "-C", self.repository, *arguments], check=True, capture_output=True, text=True).stdout

    # -- environments

    def create(self, branch):
        self.ramet.run("preview", "create", "--base", BASE, "--branch", branch, "--name", branch, "--no-wait")

    def deploy(self, branch, says, **changes):
        """A preview of a new commit of that branch, whose image is there; made, or pushed to."""
        self.push_image(self.commit(branch, says, **changes))
        if self.ramet.find_preview(branch):
            assert self.ramet.api("POST", f"/previews/{branch}/redeploy", {})[0] == 202
        else:
            self.create(branch)

    def wait_state(self, name, state):
        def has_state():
            preview = self.ramet.find_preview(name)
            return preview is not None and preview["state"] == state and preview
        return self.wait(has_state, name, state)

    def wait(self, condition, name, state="as wanted"):
        return wait_for(condition, lambda: f"{name} to be {state}: {self.ramet.find_preview(name)}\n{self.ramet.cli('why', name).out}\n"
                                           f"{self.trouble()}\n{self.ramet.log_tail()}", READY_DEADLINE_S)

    def delete(self, name):
        self.ramet.run("preview", "delete", name, "--yes")
        assert self.ramet.show(name) is None

    def environments(self):
        status, all_of_them = self.ramet.api("GET", "/environments")
        assert status == 200, all_of_them
        return all_of_them["environments"]

    # -- the cluster, as it is

    def namespace_of(self, name):
        return find_namespace(self.cluster, name)

    def objects(self, space, kind, group="apps/v1"):
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        return {it["metadata"]["name"]: it for it in self.cluster.api("GET", f"{root}/namespaces/{space}/{kind}")["items"]}

    def identities(self, space):
        """Uid and generation of what runs there: another version of any of it would show."""
        return {f"{kind}/{name}": (it["metadata"]["uid"], it["metadata"].get("generation"))
                for kind, group in (("deployments", "apps/v1"), ("statefulsets", "apps/v1"), ("pods", "v1"), ("services", "v1"),
                                    ("persistentvolumeclaims", "v1"), ("jobs", "batch/v1"))
                for name, it in self.objects(space, kind, group).items()}

    def wait_says(self, space, service, words):
        """A service answers so: a node learns of a pod that is ready a moment after the cluster does."""
        wait_for(lambda: self.says(space, service) == words, lambda: f"{service} to say {words!r}: {self.says(space, service)}", 20)

    def says(self, space, service):
        """What a service answers, asked from inside of the cluster's network."""
        address = self.objects(space, "services", "v1")[service]["spec"]["clusterIP"]
        way = self.cluster.connect(address, PORT)
        connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as problem:
            return f"({problem!r})"
        finally:
            connection.close()
            way.close()

    def query(self, space, sql):
        """Of the shop's database, by a Job beside it: its last line, or why it failed."""
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "query-", "namespace": space},
               "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": {"query": "yes"}}, "spec": query_pod(self.cluster.registry.address, sql)}}}
        name = self.cluster.api("POST", f"/apis/batch/v1/namespaces/{space}/jobs", job)["metadata"]["name"]
        path = f"/apis/batch/v1/namespaces/{space}/jobs/{name}"
        wait_for(lambda: self.cluster.api("GET", path)["status"].get("completionTime") or self.cluster.api("GET", path)["status"].get("failed"),
                 "the query to end", 60)
        pod = next(it for it in self.objects(space, "pods", "v1").values() if it["metadata"]["labels"].get("job-name") == name)
        return pod["status"]["containerStatuses"][0]["state"]["terminated"].get("message", "").strip()

    def trouble(self):
        """Pods that are not well, for a message."""
        try:
            pods = self.cluster.api("GET", "/api/v1/pods")["items"]
        except ApiError as error:
            return str(error)
        return "\n".join(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}: {pod['status'].get('phase')} "
                         f"{[it.get('state') for it in pod['status'].get('containerStatuses', [])]}"
                         for pod in pods if pod["status"].get("phase") != "Succeeded")


def find_namespace(cluster, environment):
    """What the environment's namespace is called; None when it has none."""
    for space in cluster.api("GET", "/api/v1/namespaces")["items"]:
        if space["metadata"].get("annotations", {}).get("ramet.dev/environment") == environment:
            return space["metadata"]["name"]
    return None


def query_pod(registry, sql):
    secret = {"valueFrom": {"secretKeyRef": {"name": "db", "key": "PASSWORD"}}}
    script = 'psql --tuples-only --no-align --host db --username db --dbname db --command "$SQL" >/dev/termination-log 2>&1'
    container = {"name": "query", "image": f"{registry}/shop/tools:1", "command": ["/bin/sh", "-c", script],
                 "env": [{"name": "SQL", "value": sql}, {"name": "PGPASSWORD", **secret}],
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    return {"restartPolicy": "Never", "containers": [container], "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}
