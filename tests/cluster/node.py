"""node.py DIRECTORY PROGRAMS CGROUP: the first process of a cluster's namespaces (cluster.py starts it). Brings up network, control plane
and node, each as soon as what it needs is there, writes the file `ready`, and reaps what its containers leave. When a part ends, the file
`ended` says which, and so does this process.
"""
import os
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import node_files
from node_files import ADDRESS, API_PORT, NODE

PART_DEADLINE_S = 60
NODE_DEADLINE_S = 120


class Node:
    def __init__(self, directory, programs, cgroup):
        self.directory, self.programs, self.cgroup = pathlib.Path(directory), pathlib.Path(programs), cgroup
        self._parts = {}  # Process ids and names.

    def bring_up(self):
        # What container tools note for the whole machine is noted for this one.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        make_network()
        node_files.write_all(self.directory, self.cgroup)
        self._start("etcd", "--data-dir", self._path("etcd"), "--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls",
                    "http://127.0.0.1:2379", "--listen-peer-urls", "http://127.0.0.1:2380", "--unsafe-no-fsync", "--log-level", "warn")
        self._start("/usr/bin/containerd", "--config", self._path("containerd.toml"))
        self._start("/usr/bin/docker-registry", "serve", self._path("registry.json"))
        self._start("/usr/bin/docker-registry", "serve", self._path("closed-registry.json"))
        self._start("/usr/bin/docker-registry", "serve", self._path("inner-registry.json"))
        self._start("kube-apiserver", *node_files.api_server_flags(self.directory))
        self._import_images()
        wait_for(lambda: self._says("/readyz") == b"ok", "the API server to be ready", PART_DEADLINE_S)
        self._start_around_the_api_server()
        wait_for(self._is_ready, "the node to be ready", NODE_DEADLINE_S)
        self._path("ready").touch()

    def _start_around_the_api_server(self):
        admin = self._path("internal.kubeconfig")
        self._start("kube-controller-manager", f"--kubeconfig={admin}", *node_files.controller_manager_flags(self.directory))
        self._start("coredns", "-conf", self._path("Corefile"))
        self._start("kube-scheduler", f"--kubeconfig={admin}", "--kube-api-qps=1000", "--kube-api-burst=1000", "--leader-elect=false")
        # In this kernel the connection tracker's limits belong to the machine's own network namespace.
        self._start("kube-proxy", f"--kubeconfig={admin}", "--proxy-mode=nftables", f"--hostname-override={NODE}", "--cluster-cidr=10.97.0.0/16",
                    "--nodeport-addresses=127.0.0.0/8", "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0",
                    "--conntrack-tcp-timeout-close-wait=0")
        self._start("kubelet", f"--config={self._path('kubelet.json')}", f"--kubeconfig={self._path('node.kubeconfig')}",
                    f"--hostname-override={NODE}", f"--node-ip={ADDRESS}", f"--root-dir={self._path('kubelet')}",
                    f"--cert-dir={self._path('pki')}", "--register-node")

    def reap(self):
        """Ends when a part has ended, with its name."""
        while True:
            pid, status = os.wait()
            if pid in self._parts:
                return f"{self._parts[pid]} ended with {os.waitstatus_to_exitcode(status)}"

    def _start(self, program, *arguments):
        name = pathlib.Path(program).name
        with open(self._path("log") / f"{name}.log", "ab") as log:
            process = subprocess.Popen([self.programs / program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, cwd=self.directory)
        self._parts[process.pid] = name
        process.returncode = 0  # `reap` waits for it.

    def _import_images(self):
        control = ["ctr", "--address", self._path("containerd.sock"), "--namespace", "k8s.io"]
        wait_for(lambda: subprocess.run([*control, "version"], capture_output=True, check=False).returncode == 0, "containerd to answer", PART_DEADLINE_S)
        for archive in sorted(self._path("images").glob("*.tar")):
            subprocess.run([*control, "images", "import", archive], check=True, stdout=subprocess.DEVNULL)

    def _is_ready(self):
        return b'"type":"Ready","status":"True"' in (self._says(f"/api/v1/nodes/{NODE}") or b"")

    def _says(self, path):
        """None where it does not answer, or with an error."""
        context = ssl.create_default_context(cafile=self._path("pki/ca.crt"))
        context.load_cert_chain(self._path("pki/admin.crt"), self._path("pki/admin.key"))
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{API_PORT}{path}", context=context, timeout=5) as answer:
                return answer.read()
        except (OSError, urllib.error.URLError):
            return None

    def _path(self, name):
        return self.directory / name


def make_network():
    """A bridge holds the node's address: this kernel has no dummy device."""
    for command in ("link set lo up", "link add node0 type bridge", f"address add {ADDRESS}/24 dev node0", "link set node0 up",
                    "route add default dev node0"):
        subprocess.run(["ip", *command.split()], check=True)
    pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def wait_for(condition, what, deadline_s):
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s} s for {what}")
        time.sleep(0.1)


def main():
    node = Node(*sys.argv[1:4])
    try:
        node.bring_up()
        why = node.reap()
    except Exception as error:  # The reader is in another process: it gets the words, the log the rest.
        why = f"{type(error).__name__}: {error}"
        raise
    finally:
        node._path("ended").write_text(why)


if __name__ == "__main__":
    main()
