"""What the chart makes of its values, without a cluster."""
import pytest

from helm import CHART, RELEASE, Helm

STORE = {"url": "postgres://ramet@db/ramet", "passwordSecret": {"name": "store"}}
ALL = {"store": STORE, "publicUrl": "https://ramet.example.com:8443", "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
       "serviceMonitor": {"enabled": True, "tokenSecret": {"name": "viewer"}}, "kubeconfigSecret": "clusters", "poll": "30s",
       "authorities": {"configMap": "authorities"}, "persistence": {"accessMode": "ReadWriteMany"}, "imagePullSecrets": [{"name": "pull"}]}


@pytest.fixture(scope="module")
def helm(tmp_path_factory):
    return Helm(tmp_path_factory.mktemp("helm"))


def deployment(objects):
    return objects["Deployment", RELEASE]["spec"]


def test_it_is_a_sound_chart_with_few_values_and_with_all(helm):
    for values in ({"replicas": 1}, {"store": STORE}, ALL):
        helm.must("lint", "--strict", CHART, values=values)


@pytest.mark.parametrize(("values", "words"), [
    ({}, "several servers need a database that they share: set store.url"),
    ({"replicas": 1, "store": {"passwordSecret": {"name": "store"}}}, "it belongs to store.url, which is empty"),
    ({"store": STORE, "ingress": {"enabled": True}}, "set publicUrl, or ingress.host"),
    ({"store": STORE, "serviceMonitor": {"enabled": True}}, "metrics are read with a token"),
    ({"store": STORE, "replica": 2}, "replica"),
    ({"store": {"url": "mysql://db"}}, "store"),
    ({"store": STORE, "publicUrl": "ramet.example.com"}, "publicUrl"),
    ({"replicas": 0}, "replicas"),
    ({"store": {"url": "postgres://ramet:sesame@db/ramet"}}, "a password does not belong there"),
    ({"store": {"url": "postgres://ramet@db/ramet?password=sesame"}}, "a password does not belong there"),
])
def test_values_that_cannot_work_are_refused_by_name(helm, values, words):
    assert words in helm.refusal(values)


def test_one_server_without_a_database_is_replaced_and_several_roll(helm):
    alone, several = helm.render({"replicas": 1}), helm.render({"store": STORE})
    assert deployment(alone)["strategy"] == {"type": "Recreate"}
    assert deployment(several)["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert ("PodDisruptionBudget", RELEASE) not in alone


def test_a_node_can_be_emptied_whatever_the_volume_is(helm):
    """Servers that their volume ties to one node have to leave it together; others one after the other."""
    assert ("PodDisruptionBudget", RELEASE) not in helm.render({"store": STORE})
    assert helm.render(ALL)["PodDisruptionBudget", RELEASE]["spec"]["maxUnavailable"] == 1


def test_servers_with_the_volume_of_one_node_run_there_together(helm):
    assert "podAffinity" in deployment(helm.render({"store": STORE}))["template"]["spec"]["affinity"]
    assert "podAntiAffinity" in deployment(helm.render(ALL))["template"]["spec"]["affinity"]


def test_its_pods_could_run_in_a_restricted_namespace(helm):
    pod = deployment(helm.render(ALL))["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def test_no_secret_is_an_argument_or_a_variable(helm):
    container = deployment(helm.render(ALL))["template"]["spec"]["containers"][0]
    assert "env" not in container and "envFrom" not in container
    assert "--store-password-file=/etc/ramet/store/password" in container["args"]


def test_the_role_gives_no_rights_and_lists_no_secrets(helm):
    objects = helm.render(ALL)
    rules = objects["ClusterRole", "ramet.ramet"]["rules"]
    assert all("*" not in rule[part] for rule in rules for part in ("apiGroups", "resources", "verbs"))
    assert "rbac.authorization.k8s.io" not in {group for rule in rules for group in rule["apiGroups"]}
    verbs = {verb for rule in rules for verb in rule["verbs"]}
    assert not verbs & {"escalate", "bind", "impersonate", "deletecollection"}
    assert [rule["verbs"] for rule in rules if "secrets" in rule["resources"]] == [["get", "create", "patch", "delete"]]


def test_the_policy_beside_the_role_is_about_the_account_that_has_it(helm):
    objects = helm.render(ALL)
    policy = objects["ValidatingAdmissionPolicy", "ramet.ramet"]["spec"]
    assert policy["failurePolicy"] == "Fail"
    assert policy["matchConditions"][0]["expression"] == 'request.userInfo.username == "system:serviceaccount:ramet:ramet"'
    assert objects["ValidatingAdmissionPolicyBinding", "ramet.ramet"]["spec"] == {"policyName": "ramet.ramet", "validationActions": ["Deny"]}


def test_pods_of_environments_do_not_share_those_of_ramet(helm):
    assert "--without-local-target" in deployment(helm.render({"store": STORE}))["template"]["spec"]["containers"][0]["args"]


def test_rights_can_be_left_out(helm):
    without = helm.render({"store": STORE, "rbac": {"create": False}})
    assert not [kind for kind, _ in without if kind.startswith(("ClusterRole", "ValidatingAdmission"))]
    quiet = helm.render({"store": STORE, "rbac": {"exec": False}})
    assert "pods/exec" not in {it for rule in quiet["ClusterRole", "ramet.ramet"]["rules"] for it in rule["resources"]}


def test_the_ingress_has_the_host_of_the_public_address(helm):
    spec = helm.render(ALL)["Ingress", RELEASE]["spec"]
    assert spec["rules"][0]["host"] == "ramet.example.com"
    assert spec["tls"] == [{"hosts": ["ramet.example.com"], "secretName": "tls"}]


def test_the_volume_with_the_keys_outlives_the_release(helm):
    claim = helm.render({"store": STORE})["PersistentVolumeClaim", RELEASE]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert not [kind for kind, _ in helm.render({"store": STORE, "persistence": {"existingClaim": "mine"}}) if kind == "PersistentVolumeClaim"]
