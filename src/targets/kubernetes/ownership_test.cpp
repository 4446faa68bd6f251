#include "targets/kubernetes/ownership.hpp"

#include "targets/kubernetes/test_json.hpp"

namespace ramet::targets::kubernetes {

namespace {

const std::string_view applied = R"({"apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"ramet.dev/owner": "env-1"}},
    "spec": {"replicas": 2, "paused": false, "selector": {"matchLabels": {"a": "b"}},
             "template": {"spec": {"containers": [{"name": "web", "image": "web@sha256:1", "command": ["/bin/web"],
                 "ports": [{"name": "main", "containerPort": 80}], "env": [{"name": "SAYS", "value": "one"}]}]}}}})";

/// Ours, as the API server tells it, with the pieces that a test changes.
std::string ours(std::string_view operation, std::string_view spec, std::string_view env)
{
    return fmt::format(
        R"({{"manager": "ramet", "operation": "{}", "fieldsV1": {{
            "f:metadata": {{"f:labels": {{"f:ramet.dev/owner": {{}}}}}},
            "f:spec": {{{} "f:selector": {{}}, "f:template": {{"f:spec": {{"f:containers": {{"k:{{\"name\":\"web\"}}": {{
                ".": {{}}, "f:name": {{}}, "f:image": {{}}, "f:command": {{}},
                "f:ports": {{"k:{{\"containerPort\":80,\"protocol\":\"TCP\"}}": {{".": {{}}, "f:containerPort": {{}}, "f:name": {{}}}}}},
                "f:env": {{{}}}}}}}}}}}}}}}}})",
        operation, spec, env);
}

constexpr std::string_view replicas = R"("f:replicas": {},)";
constexpr std::string_view says = R"("k:{\"name\":\"SAYS\"}": {".": {}, "f:name": {}, "f:value": {}})";
constexpr std::string_view controllers =
    R"({"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": {
        "f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}, "f:status": {"f:replicas": {}}}})";

std::string told(const std::string& owners)
{
    std::string text;
    for (const auto& field : find_lost_fields(parse(applied), parse("[" + owners + "]").as_array()))
        text += fmt::format("{} by {};", field.path, field.by.empty() ? "nobody" : field.by);
    return text;
}

}  // namespace

TEST_CASE("what stands as it was applied has lost nothing, whatever controllers write beside it")
{
    CHECK(told(ours("Apply", replicas, says) + "," + std::string(controllers)).empty());
    CHECK(told(ours("Update", replicas, says)).empty());
    // Created, and a part of it applied since: both are ours.
    CHECK(told(ours("Update", "", says) + "," + ours("Apply", replicas, says)).empty());
}

TEST_CASE("a field that somebody sets belongs to them")
{
    const std::string scale = R"({"manager": "kubectl", "operation": "Update", "subresource": "scale",
                                  "fieldsV1": {"f:spec": {"f:replicas": {}}}})";
    CHECK(told(ours("Apply", "", says) + "," + scale) == "spec.replicas by kubectl;");
    const std::string edit =
        R"({"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {
        "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:env": {"k:{\"name\":\"SAYS\"}": {"f:value": {}}}}}}}}}})";
    CHECK(told(ours("Apply", replicas, R"("k:{\"name\":\"SAYS\"}": {".": {}, "f:name": {}})") + "," + edit) ==
          "spec.template.spec.containers[web].env[SAYS].value by kubectl-edit;");
}

TEST_CASE("a field that was to be off is seen when somebody else has it, and not where a server leaves it out")
{
    const std::string unpause =
        R"({"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}})";
    CHECK(told(ours("Apply", replicas, says) + "," + unpause) == "spec.paused by kubectl;");
}

TEST_CASE("what was taken away belongs to nobody")
{
    CHECK(told(ours("Apply", replicas, R"("k:{\"name\":\"OTHER\"}": {".": {}})")) ==
          "spec.template.spec.containers[web].env[SAYS] by nobody;");
    CHECK(told(std::string(controllers)).contains("metadata.labels.ramet.dev/owner by nobody;"));
}

TEST_CASE("a secret is written as text and owned as data")
{
    const auto secret = parse(R"({"kind": "Secret", "stringData": {"KEY": {"$secret": "s"}, "OTHER": "x"}})");
    const auto owners =
        parse(R"([{"manager": "ramet", "operation": "Update", "fieldsV1": {"f:data": {"f:KEY": {}}}}])");
    CHECK(find_lost_fields(secret, owners.as_array()) == std::vector<LostField>{{"data.OTHER", ""}});
}

}  // namespace ramet::targets::kubernetes
