"""The cluster that the other suites use: it comes up from nothing, runs what it is given, and nothing of it stays."""
import http.client
import pathlib
import subprocess

import pytest

import cluster as clusters
from cluster import ApiError, Cluster, control_groups
from gitea_interface import wait_for
from images import SERVER
from leftovers import Watch, network_devices

RUNNING_DEADLINE_S = 60


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        yield made


@pytest.fixture
def namespace(cluster, request):
    name = request.node.name.replace("_", "-")[:40].strip("-")
    cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    cluster.api("DELETE", f"/api/v1/namespaces/{name}")


def deployment(namespace, name, says, replicas=1):
    container = {"name": "server", "image": SERVER, "imagePullPolicy": "Never", "env": [{"name": "PORT", "value": "8080"}, {"name": "SAYS", "value": says}],
                 "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 2}}}}


def service(namespace, name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}}


def ask(cluster, address, port):
    """What a service inside answers; None while it does not."""
    way = cluster.connect(address, port)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=5)
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        way.close()


def test_a_deployment_runs_and_its_service_answers(cluster, namespace):
    cluster.apply(deployment(namespace, "web", says="hello", replicas=2))
    address = cluster.apply(service(namespace, "web"))["spec"]["clusterIP"]
    ready = lambda: cluster.api("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/web")["status"].get("availableReplicas") == 2
    wait_for(ready, lambda: f"the deployment to be available\n{cluster.evidence()}", RUNNING_DEADLINE_S)
    wait_for(lambda: ask(cluster, address, 80) == "hello", lambda: f"the service to answer: {ask(cluster, address, 80)}", RUNNING_DEADLINE_S)


def test_what_a_pod_says_is_read_through_the_api_server(cluster, namespace):
    cluster.apply({**deployment(namespace, "broken", says=""), "spec": {**deployment(namespace, "broken", says="")["spec"], "replicas": 0}})
    with pytest.raises(ApiError) as refused:
        cluster.api("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/absent")
    assert refused.value.status == 404


def test_its_own_kubectl_reaches_it(cluster):
    kubectl = clusters.build() / "kubectl"
    done = subprocess.run([kubectl, "--kubeconfig", cluster.kubeconfig, "get", "nodes", "-o", "name"], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["node/node1"]


def test_two_clusters_stand_beside_each_other_and_nothing_of_one_stays(cluster):
    before = set(network_devices())
    with Cluster() as other:
        assert other.api("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"] != \
            cluster.api("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
        other.apply(deployment("default", "web", says="other"))
        ready = lambda: other.api("GET", "/apis/apps/v1/namespaces/default/deployments/web")["status"].get("availableReplicas") == 1
        wait_for(ready, lambda: f"the deployment to be available\n{other.evidence()}", RUNNING_DEADLINE_S)
        watch, groups = Watch([other.directory]), control_groups(other._cgroup)
        assert watch.take().processes and all(group.exists() for group in groups)
    left = watch.take()
    assert not left.processes and not left.mounts and not left.ports, left
    assert not [group for group in groups if group.exists()]
    assert not pathlib.Path(other.directory).exists()
    assert set(network_devices()) == before


def test_a_part_that_ends_is_named():
    with Cluster() as cluster:
        kubelet = next(process for process in Watch([cluster.directory]).take().processes if "/kubelet " in process.command)
        subprocess.run(["kill", "-9", str(kubelet.pid)], check=True)
        ended = cluster.directory / "ended"
        wait_for(ended.exists, "the cluster to end", 30)
        assert ended.read_text() == "kubelet ended with -9"
