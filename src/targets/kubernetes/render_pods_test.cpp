#include "targets/kubernetes/render_test_support.hpp"

namespace ramet::targets::kubernetes {

TEST_CASE("a registry that wants a login gets it from the node, and no pod can read it")
{
    auto desired = shop();
    desired.registry_login = SecretReference{"secret-login", 4, "registry"};
    const auto graph = render(desired);
    const auto& secret = object_of(graph, "registry-login");
    CHECK(at(secret, "/type") == "kubernetes.io/dockerconfigjson");
    const auto& login = at(secret, "/stringData/.dockerconfigjson/$registry_login");
    CHECK(at(login, "/host") == "registry.example.com");
    CHECK(at(login, "/secret") == at(find(graph, "image/web").spec, "/login"));
    CHECK(at(login, "/secret/version") == 4);
    for (const auto* path : {"service/web", "service/worker", "job/migrate", "database/db", "database/cache"}) {
        CAPTURE(path);
        const auto& pod = at(object_of(graph, path), "/spec/template/spec");
        CHECK(at(pod, "/imagePullSecrets/0/name") == at(secret, "/metadata/name"));
        CHECK(std::ranges::count(find(graph, path).needs, "registry-login") == 1);
        CHECK_FALSE(to_text(at(pod, "/containers")).contains("ramet-registry"));
    }
    // A new password is no reason to start anything again.
    auto later = desired;
    later.registry_login.version = 5;
    const auto again = render(later);
    CHECK(object_of(again, "service/web") == object_of(graph, "service/web"));
    CHECK(find(again, "job/migrate").spec == find(graph, "job/migrate").spec);
    CHECK(object_of(again, "registry-login") != secret);
}

TEST_CASE("every pod keeps to the restricted profile and has no account to speak with")
{
    const auto graph = render(shop());
    for (const auto* path :
         {"service/web", "service/api", "service/worker", "database/db", "database/cache", "job/migrate", "job/seed"}) {
        CAPTURE(path);
        const auto& pod = at(object_of(graph, path), "/spec/template/spec");
        CHECK(at(pod, "/automountServiceAccountToken") == false);
        CHECK(at(pod, "/enableServiceLinks") == false);
        CHECK(at(pod, "/securityContext/runAsNonRoot") == true);
        CHECK(at(pod, "/securityContext/seccompProfile/type") == "RuntimeDefault");
        CHECK(at(pod, "/containers/0/securityContext/allowPrivilegeEscalation") == false);
        CHECK(at(pod, "/containers/0/securityContext/capabilities/drop/0") == "ALL");
        CHECK(at(pod, "/containers/0/resources/limits/memory").is_string());
    }
    CHECK(at(object_of(graph, "namespace"), "/metadata/labels/pod-security.kubernetes.io~1enforce") == "restricted");
}

TEST_CASE(
    "a volume has a claim of its own, into which whoever the program is may write, and which one pod holds at a time")
{
    auto desired = shop();
    desired.services[2].declared.strategy = Strategy::rolling;
    const auto graph = render(desired);
    const auto& claim = object_of(graph, "volume/worker/uploads");
    CHECK(at(claim, "/metadata/generateName") == "worker-uploads-");
    CHECK(at(claim, "/spec/resources/requests/storage") == "2Gi");
    CHECK(at(claim, "/spec/storageClassName") == "gp3");
    const auto& worker = object_of(graph, "service/worker");
    CHECK(at(worker, "/spec/strategy/type") == "Recreate");
    const auto& pod = at(worker, "/spec/template/spec");
    CHECK(to_text(at(pod, "/volumes/0/persistentVolumeClaim")) ==
          R"({"claimName":{"$out":["volume/worker/uploads","name"]}})");
    CHECK(to_text(at(pod, "/containers/0/volumeMounts")) == R"([{"name":"uploads","mountPath":"/data"}])");
    CHECK(at(pod, "/securityContext/fsGroup").is_int64());
    desired.services[2].declared.replicas = 2;
    const auto two = render_environment(desired, options);
    REQUIRE_FALSE(two);
    CHECK(two.error().message == "services.worker: 2 replicas cannot hold one volume, which one node has");
}

TEST_CASE("a job with a schedule runs when all is ready, at times of UTC, and once at a time")
{
    const auto graph = render(shop());
    const auto& node = find(graph, "job/nightly");
    CHECK(std::ranges::count(node.needs, "service/web") == 1);
    const auto& schedule = get_member(node.spec, "object");
    CHECK(at(schedule, "/kind") == "CronJob");
    CHECK(at(schedule, "/spec/schedule") == "0 3 * * *");
    CHECK(at(schedule, "/spec/timeZone") == "Etc/UTC");
    CHECK(at(schedule, "/spec/concurrencyPolicy") == "Forbid");
    CHECK(at(schedule, "/spec/jobTemplate/spec/backoffLimit") == 0);
    CHECK(at(schedule, "/spec/jobTemplate/spec/template/spec/automountServiceAccountToken") == false);
    CHECK(get_member(node.spec, "once").is_null());
}

TEST_CASE("a secret stands in a Secret only, as identity and version; another version is another pod")
{
    auto desired = shop();
    const auto graph = render(desired);
    CHECK(to_text(at(object_of(graph, "secret/api"), "/stringData/KEY")) == R"({"$secret":"secret-key","version":2})");
    const auto deployment = to_text(object_of(graph, "service/api"));
    CHECK_FALSE(deployment.contains("$secret"));
    CHECK(deployment.contains(R"({"secretKeyRef":{"name":"api","key":"KEY"}})"));
    desired.services[1].env[0].value = {SecretReference{"secret-key", 3, "key"}};
    CHECK(at(object_of(render(desired), "service/api"), "/spec/template/metadata/annotations") !=
          at(object_of(graph, "service/api"), "/spec/template/metadata/annotations"));
}

TEST_CASE("a database is a claim, whose name another incarnation does not have, and a role that is no superuser")
{
    auto desired = shop();
    const auto graph = render(desired);
    CHECK(at(object_of(graph, "data/db"), "/metadata/generateName") == "db-");
    CHECK(at(object_of(graph, "data/db"), "/spec/resources/requests/storage") == "5Gi");
    CHECK(at(object_of(graph, "data/db"), "/spec/storageClassName") == "gp3");
    const auto& volume = at(object_of(graph, "database/db"), "/spec/template/spec/volumes/0");
    CHECK(to_text(at(volume, "/persistentVolumeClaim/claimName")) == R"({"$out":["data/db","name"]})");
    const json::object password{{"$secret", "secret-db"}, {"version", 1}};
    CHECK(at(object_of(graph, "secret/db"), "/stringData/PASSWORD") == Json(password));
    for (const auto* path : {"database/db", "database/cache", "settings/db"})
        CHECK_FALSE(to_text(object_of(graph, path)).contains("$secret"));
    desired.databases[0].incarnation = 2;
    CHECK(find(render(desired), "data/db").spec != find(graph, "data/db").spec);
}

TEST_CASE("a job is done once per what its moment says, and waits for what that comes after")
{
    const auto once = [](const DesiredEnvironment& desired, std::string_view path) {
        return at(find(render(desired), path).spec, "/once");
    };
    const auto first = shop();
    auto next = first;
    next.generation = 7;
    CHECK(once(next, "job/migrate") == once(first, "job/migrate"));
    CHECK(once(next, "job/seed") == once(first, "job/seed"));
    CHECK(once(next, "job/smoke") != once(first, "job/smoke"));
    next.jobs[0].env.push_back({"MORE", {"x"}});
    CHECK(once(next, "job/migrate") != once(first, "job/migrate"));

    const auto needs = [&](std::string_view path, std::string_view need) {
        const auto graph = render(first);
        return std::ranges::count(find(graph, path).needs, need) == 1;
    };
    CHECK(needs("job/migrate", "database/db"));
    CHECK(needs("job/seed", "job/migrate"));
    CHECK(needs("service/api", "job/migrate"));
    CHECK(needs("service/api", "job/seed"));
    CHECK_FALSE(needs("service/api", "job/smoke"));
    CHECK(needs("job/smoke", "service/web"));
    CHECK(at(find(render(first), "job/smoke").spec, "/required") == false);
}

TEST_CASE("a seed fills only what is born empty for it")
{
    auto desired = shop();
    desired.databases[0].strategy = DataStrategy::empty;
    const auto graph = render(desired);
    CHECK(std::ranges::none_of(graph.nodes, [](const auto& node) { return node.path == "job/seed"; }));
}

TEST_CASE("programs of one image run one digest")
{
    const auto graph = render(shop());
    CHECK(std::ranges::count(graph.nodes, std::string("kubernetes.image"), &engine::Node::kind) == 3);
    CHECK(at(object_of(graph, "job/migrate"), "/spec/template/spec/containers/0/image") ==
          at(object_of(graph, "service/api"), "/spec/template/spec/containers/0/image"));
}

}  // namespace ramet::targets::kubernetes
