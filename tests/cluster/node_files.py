"""What the parts of a node are configured with. Each cluster has a network of its own, so that addresses and ports are the same in all."""
import json

NODE = "node1"
ADDRESS = "10.99.0.1"
API_PORT, REGISTRY_PORT, CLOSED_REGISTRY_PORT, INNER_REGISTRY_PORT = 6443, 5000, 5001, 5002
INNER_REGISTRY = f"{ADDRESS}:{INNER_REGISTRY_PORT}"  # What pods call the open registry.
SERVICES, PODS, DNS = "10.98.0.0/16", "10.97.0.0/16", "10.98.0.10"
API_NAMES = ("IP:127.0.0.1", f"IP:{ADDRESS}", "IP:10.98.0.1", "DNS:kubernetes", "DNS:kubernetes.default.svc", "DNS:localhost", f"DNS:{NODE}")


def write_all(directory, cgroup):
    for name in ("log", "cni"):
        (directory / name).mkdir(exist_ok=True)
    (directory / "containerd.toml").write_text(containerd(directory))
    (directory / "cni" / "10-bridge.conflist").write_text(json.dumps(network(directory)))
    (directory / "kubelet.json").write_text(json.dumps(kubelet(directory, cgroup)))
    (directory / "resolv.conf").write_text(f"nameserver {DNS}\n")
    (directory / "Corefile").write_text(names(directory))
    (directory / "registry.json").write_text(json.dumps(registry(directory, REGISTRY_PORT)))
    (directory / "closed-registry.json").write_text(json.dumps(closed_registry(directory)))
    (directory / "inner-registry.json").write_text(json.dumps(inner_registry(directory)))
    (directory / "registry-users").write_text(f"{LOGIN.partition(':')[0]}:{HASH_OF_PASSWORD}\n")
    (directory / "audit.json").write_text(json.dumps(AUDIT))
    server = f"https://127.0.0.1:{API_PORT}"
    (directory / "internal.kubeconfig").write_text(kubeconfig(directory, server, "admin"))
    (directory / "node.kubeconfig").write_text(kubeconfig(directory, server, "node"))


def sign_all(authority):
    authority.sign("apiserver", "/CN=kube-apiserver", API_NAMES)
    authority.sign("admin", "/O=system:masters/CN=admin")
    authority.sign("node", f"/O=system:nodes/CN=system:node:{NODE}", (f"IP:{ADDRESS}", f"DNS:{NODE}"))
    authority.make_key("accounts")


def kubeconfig(directory, server, user):
    """As kubectl reads it; JSON is YAML."""
    pki = directory / "pki"
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "cluster",
        "clusters": [{"name": "cluster", "cluster": {"server": server, "certificate-authority": f"{pki}/ca.crt"}}],
        "users": [{"name": user, "user": {"client-certificate": f"{pki}/{user}.crt", "client-key": f"{pki}/{user}.key"}}],
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": user}}]}, indent=1)


AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived", "ResponseStarted"], "rules": [{"level": "Metadata"}]}


def api_server_flags(directory):
    pki = directory / "pki"
    return ("--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0", f"--advertise-address={ADDRESS}", f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={SERVICES}", f"--client-ca-file={pki}/ca.crt", f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key", f"--service-account-key-file={pki}/accounts.key",
            f"--service-account-signing-key-file={pki}/accounts.key", "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=Node,RBAC", "--kubelet-preferred-address-types=InternalIP", f"--kubelet-client-certificate={pki}/admin.crt", f"--kubelet-client-key={pki}/admin.key",
            "--allow-privileged", f"--audit-policy-file={directory}/audit.json", f"--audit-log-path={directory}/log/audit.log")


def controller_manager_flags(directory):
    """Its own limit is 20 requests a second, which is what would be measured."""
    pki = directory / "pki"
    return (f"--service-account-private-key-file={pki}/accounts.key", f"--root-ca-file={pki}/ca.crt", "--use-service-account-credentials",
            f"--cluster-signing-cert-file={pki}/ca.crt", f"--cluster-signing-key-file={pki}/ca.key", "--leader-elect=false",
            "--kube-api-qps=1000", "--kube-api-burst=1000")


def containerd(directory):
    """Without CAP_SYS_RESOURCE a lower oom_score_adj is refused, and no container starts: hence restrict_oom_score_adj."""
    return f"""version = 2
root = "{directory}/containerd"
state = "{directory}/containerd-state"
[grpc]
  address = "{directory}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "/usr/sbin/runc"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{directory}/registries"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{directory}/cni"
"""


def names(directory):
    """The names of services, for pods; from outside of the cluster there are none."""
    return f"""cluster.local:53 {{
  bind {ADDRESS}
  errors
  kubernetes cluster.local {{
    kubeconfig {directory}/internal.kubeconfig
  }}
  cache 2
}}
"""


# Under the address that the kubelet tells to pods; the server itself is a program of the node.
DNS_SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system"},
               "spec": {"clusterIP": DNS, "ports": [{"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53, "protocol": "TCP"}]}}
DNS_ADDRESS = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
               "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"kubernetes.io/service-name": "kube-dns"}},
               "endpoints": [{"addresses": [ADDRESS]}],
               "ports": [{"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53, "protocol": "TCP"}]}


def volume(directory, number):
    """A directory of the node, for one claim."""
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{number}"},
            "spec": {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "standard",
                     "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": f"{directory}/volumes/{number}"}}}


STORAGE_CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "kubernetes.io/no-provisioner",
                 "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                 "volumeBindingMode": "WaitForFirstConsumer"}


def registry(directory, port):
    """Where anybody may push; JSON is YAML."""
    return {"version": 0.1, "storage": {"filesystem": {"rootdirectory": f"{directory}/registry-{port}"}}, "http": {"addr": f"127.0.0.1:{port}"},
            "log": {"level": "warn"}}


# Who may push to and pull from the closed registry; the hash is bcrypt's of the password.
LOGIN = "node:over there"
HASH_OF_PASSWORD = "$2b$05$RRMuKHV1rAoiaS9/uxYzWuyMwQf6ZliOvFH8jzkQ7WoSEKP0uqtR6"


def closed_registry(directory):
    return {**registry(directory, CLOSED_REGISTRY_PORT), "auth": {"htpasswd": {"realm": "tests", "path": f"{directory}/registry-users"}}}


def inner_registry(directory):
    """The open one as pods reach it: over TLS, which what is not on one's own machine has to speak."""
    same = registry(directory, REGISTRY_PORT)
    return {**same, "http": {"addr": f"{ADDRESS}:{INNER_REGISTRY_PORT}",
                             "tls": {"certificate": f"{directory}/pki/apiserver.crt", "key": f"{directory}/pki/apiserver.key"}}}


def name_registry(directory, name, port):
    """Images whose references begin with `name` come from the node's registry: containerd looks here before each pull."""
    folder = directory / "registries" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(f'[host."http://127.0.0.1:{port}"]\n  capabilities = ["pull", "resolve"]\n')


def network(directory):
    """A bridge; it enforces no NetworkPolicy."""
    bridge = {"type": "bridge", "bridge": "pods0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
              "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": f"{directory}/addresses"}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]}


def kubelet(directory, cgroup):
    """1.34 is the last line that takes cgroup v1."""
    pki = f"{directory}/pki"
    return {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {"clientCAFile": f"{pki}/ca.crt"}},
            "authorization": {"mode": "Webhook"}, "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{cgroup}", "failCgroupV1": False,
            "containerRuntimeEndpoint": f"unix://{directory}/containerd.sock", "failSwapOn": False, "clusterDNS": [DNS],
            "clusterDomain": "cluster.local", "resolvConf": f"{directory}/resolv.conf", "tlsCertFile": f"{pki}/node.crt",
            "tlsPrivateKeyFile": f"{pki}/node.key", "imageGCHighThresholdPercent": 100, "volumePluginDir": f"{directory}/plugins",
            "podLogsDir": f"{directory}/pod-logs", "nodeStatusUpdateFrequency": "1s",
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"}}
