"""A real Kubernetes cluster of one node for tests and to play with: `with Cluster() as cluster: ...`, or `cluster.py serve`.

Everything of it runs in namespaces of its own (node.py) and in one directory; from here its API server is reached on a port of the
loopback. Its programs come from scripts/kubernetes, which builds them once. Needs root.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "gitea"))

import images  # noqa: E402
import namespace  # noqa: E402
import node_files  # noqa: E402
from forwarder import Entrance, Forwarder  # noqa: E402
from gitea_interface import wait_for  # noqa: E402
from pki import Authority  # noqa: E402

START_DEADLINE_S = 240


class ClusterError(Exception):
    """What did not come up, with the end of its log."""


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def build():
    """The folder of the programs; takes minutes when they are not in the cache yet."""
    script = CHECKOUT / "scripts" / "kubernetes"
    return pathlib.Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


class Cluster:
    """Not for several threads. `remove()` leaves no process, mount, network, control group or file."""

    def __init__(self, directory=None, images=None):
        """`images`: more that the node has from the beginning, each made by a function, by name."""
        self._owns_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="cluster-")).resolve()
        self._images = dict(images or {})
        self._cgroup = f"node-{self.directory.name}"  # Not named after the product: what looks for its groups does not find these.
        self._started = self._context = None
        self._ways = {}  # Forwarders by the port inside.

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.remove()

    # -- its life

    def start(self):
        programs = build()
        (self.directory / "images").mkdir(parents=True, exist_ok=True)
        images.make_all(self.directory / "images")
        for number, (name, make) in enumerate(self._images.items()):
            (self.directory / "images" / f"more-{number}.tar").write_bytes(make().archive(name))
        node_files.sign_all(Authority(self.directory / "pki"))
        for path in control_groups(self._cgroup):
            path.mkdir(exist_ok=True)
        with open(self.directory / "node.log", "ab") as log:
            self._started = namespace.start("node.py", self.directory, programs, self._cgroup, log=log)
        wait_for(self._is_up, lambda: f"the cluster to come up\n{self.evidence()}", START_DEADLINE_S, pause_s=0.1)
        for port in (node_files.API_PORT, node_files.REGISTRY_PORT, node_files.CLOSED_REGISTRY_PORT):
            self._ways[port] = Forwarder(self.pid, ("127.0.0.1", port))
        for port in (node_files.REGISTRY_PORT, node_files.CLOSED_REGISTRY_PORT):
            node_files.name_registry(self.directory, self._reached(port), port)
        node_files.name_registry(self.directory, node_files.INNER_REGISTRY, node_files.REGISTRY_PORT)
        self.kubeconfig.write_text(node_files.kubeconfig(self.directory, self.url, "admin"))
        self._context = ssl.create_default_context(cafile=self.directory / "pki" / "ca.crt")
        self._context.load_cert_chain(self.directory / "pki" / "admin.crt", self.directory / "pki" / "admin.key")
        for thing in (node_files.DNS_SERVICE, node_files.DNS_ADDRESS, node_files.STORAGE_CLASS):
            self.apply(thing)
        return self

    def add_volumes(self, count):
        """Room for so many claims."""
        for number in range(count):
            path = self.directory / "volumes" / str(number)
            path.mkdir(parents=True)
            path.chmod(0o777)  # The group of a pod is not given a directory of the node.
            self.apply(node_files.volume(self.directory, number))

    def remove(self):
        """All that it is made of, at once: nobody needs an orderly end of a cluster that is thrown away."""
        for way in self._ways.values():
            way.close()
        if self._started:
            namespace.end(self._started)
        self._started, self._ways = None, {}
        for path in control_groups(self._cgroup):
            wait_for(lambda path=path: remove_control_groups(path), f"{path} to be empty", deadline_s=10)
        if self._owns_directory:
            shutil.rmtree(self.directory)

    @property
    def pid(self):
        """Of the first process inside."""
        return namespace.first_process(self._started)

    @property
    def url(self):
        return f"https://{self._reached(node_files.API_PORT)}"

    @property
    def registry(self):
        """From which everybody may pull. Its address is the same from here and for the node."""
        return images.Registry(self._reached(node_files.REGISTRY_PORT))

    @property
    def closed_registry(self):
        """The same for who has its login."""
        return images.Registry(self._reached(node_files.CLOSED_REGISTRY_PORT), node_files.LOGIN)

    def _reached(self, port):
        return f"127.0.0.1:{self._ways[port].port}"

    @property
    def kubeconfig(self):
        return self.directory / "admin.kubeconfig"

    def _is_up(self):
        if (self.directory / "ended").exists() or self._started.poll() is not None:
            raise ClusterError(self.evidence())
        return (self.directory / "ready").exists()

    def evidence(self):
        """Why it is as it is: which part ended, and the last lines of each log."""
        ended = self.directory / "ended"
        words = [ended.read_text()] if ended.exists() else []
        for log in [self.directory / "node.log", *sorted((self.directory / "log").glob("*.log"))]:
            if log.name != "audit.log":
                words += [f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-15:]]
        return "\n".join(words)

    @contextlib.contextmanager
    def stopped(self, part):
        """The part stands still, as a machine does that is out of reach: what is asked of it is not refused, it is not answered."""
        pid = next(int(path.name) for path in pathlib.Path("/proc").glob("[0-9]*") if self._is_part(path, part))
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _is_part(self, process, part):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return words[0].endswith(b"/" + part.encode()) and str(self.directory).encode() in b" ".join(words)

    # -- what it is asked

    def api(self, method, path, body=None, content_type="application/json"):
        """The parsed answer of the API server; ApiError when it is none of success."""
        request = urllib.request.Request(f"{self.url}{path}", method=method, data=None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, error.read().decode(errors="replace")) from error

    def apply(self, thing):
        """Server-side apply of an object that names its kind."""
        return self.api("PATCH", f"{path_of(thing)}?fieldManager=tests&force=true", thing, "application/apply-patch+yaml")

    def let_in(self, port):
        """What listens at that port of this machine's loopback, for those inside: at the node's address. The caller closes it."""
        return Entrance(self.pid, node_files.ADDRESS, port)

    def connect(self, host, port):
        """A way from this machine to an address inside: of a pod, a service, the node. The caller closes it."""
        return Forwarder(self.pid, (host, port))


PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses", "StorageClass": "storageclasses"}


def path_of(thing):
    kind, metadata = thing["kind"], thing["metadata"]
    version = thing["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{scope}/{PLURALS.get(kind, kind.lower() + 's')}/{metadata['name']}"


# -- control groups

def control_groups(name):
    """Where each hierarchy of this machine has, or would have, that one."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    return [pathlib.Path(mount[1]) / name for mount in mounts if mount[2] in ("cgroup", "cgroup2")]


def remove_control_groups(path):
    """Whether it is gone, with all below: the deepest first, as soon as their processes have ended."""
    try:
        for folder, _, _ in os.walk(path, topdown=False):
            os.rmdir(folder)
    except OSError:
        return False
    return not path.exists()


# -- the program

def serve(directory):
    with Cluster(directory) as cluster:
        print(f"export KUBECONFIG={cluster.kubeconfig} PATH={build()}:$PATH\n# kubectl get nodes; to look around inside: nsenter --all --target={cluster.pid}",
              flush=True)
        signal.pause()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="runs one until Ctrl-C and prints how to reach it")
    command.add_argument("--directory", help="where everything of it lies; a temporary one unless told")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        serve(arguments.directory)
    except KeyboardInterrupt:
        pass  # That is how people end it.


if __name__ == "__main__":
    main()
