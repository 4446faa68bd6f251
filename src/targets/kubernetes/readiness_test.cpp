#include "targets/kubernetes/readiness.hpp"

#include "targets/kubernetes/test_json.hpp"

namespace ramet::targets::kubernetes {

namespace {

/// "ready", "not yet: …", "failed: … | evidence"
std::string told(const engine::Readiness& readiness)
{
    if (const auto* wait = std::get_if<engine::NotYet>(&readiness)) return "not yet: " + wait->reason;
    if (const auto* end = std::get_if<engine::Failed>(&readiness))
        return "failed: " + end->error.message + " | " + end->error.evidence;
    return "ready";
}

/// A Deployment of two replicas in its second generation.
Json deployment(std::string_view status)
{
    return parse(fmt::format(
        R"({{"kind":"Deployment","metadata":{{"name":"web","generation":2}},"spec":{{"replicas":2}},"status":{}}})",
        status));
}

SharedObject share(Json object)
{
    return std::make_shared<const Json>(std::move(object));
}

SharedObject pod(std::string_view container)
{
    return share(parse(fmt::format(
        R"({{"kind":"Pod","metadata":{{"name":"web-1"}},"status":{{"containerStatuses":[{}]}}}})", container)));
}

}  // namespace

TEST_CASE("a workload is ready when every replica of its present generation is available, and no old one is left")
{
    struct Row {
        std::string_view status, expected;
    };
    for (const auto& [status, expected] : std::initializer_list<Row>{
             {R"({"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2})", "ready"},
             {R"({"observedGeneration":1,"replicas":2,"updatedReplicas":2,"availableReplicas":2})",
              "not yet: Deployment web: the cluster has not looked at it yet"},
             {R"({"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":1})",
              "not yet: Deployment web: 1 of 2 available"},
             {R"({"observedGeneration":2,"replicas":3,"updatedReplicas":2,"availableReplicas":3})",
              "not yet: Deployment web: 3 of 2 available"},
             {"{}", "not yet: Deployment web: the cluster has not looked at it yet"}}) {
        CAPTURE(status);
        CHECK(told(judge_readiness(deployment(status), {})) == expected);
    }
    const auto asleep = parse(
        R"({"kind":"Deployment","metadata":{"name":"web","generation":1},"spec":{"replicas":0},"status":{"observedGeneration":1}})");
    CHECK(told(judge_readiness(asleep, {})) == "ready");
    const auto set = parse(R"({"kind":"StatefulSet","metadata":{"name":"db","generation":1},"spec":{"replicas":1},)"
                           R"("status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1}})");
    CHECK(told(judge_readiness(set, {})) == "ready");
}

TEST_CASE("what no time heals fails at once, with what was seen")
{
    const auto waiting = deployment(R"({"observedGeneration":2,"replicas":1,"updatedReplicas":1})");
    for (const auto* reason : {"InvalidImageName", "ErrImageNeverPull"}) {
        CAPTURE(reason);
        const auto pods = std::vector{
            pod(fmt::format(R"({{"name":"web","state":{{"waiting":{{"reason":"{}","message":"words"}}}}}})", reason))};
        CHECK(told(judge_readiness(waiting, pods)) ==
              fmt::format("failed: Deployment web cannot start | web-1: web: {}: words", reason));
    }
    const auto as_root = std::vector{pod(R"({"name":"web","state":{"waiting":{"reason":"CreateContainerConfigError",)"
                                         R"("message":"container has runAsNonRoot and image will run as root"}}})")};
    CHECK(told(judge_readiness(waiting, as_root)).starts_with("failed: Deployment web cannot start | web-1: web: "));
    const auto refused = deployment(
        R"({"observedGeneration":2,"conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate",)"
        R"("message":"exceeded quota"}]})");
    CHECK(told(judge_readiness(refused, {})) == "failed: Deployment web gets no pods | FailedCreate: exceeded quota");
    const auto stuck = deployment(
        R"({"observedGeneration":2,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]})");
    CHECK(told(judge_readiness(stuck, {})).starts_with("failed: Deployment web made no progress in time"));
}

TEST_CASE("what may still come is waited for, and told meanwhile")
{
    const auto waiting = deployment(R"({"observedGeneration":2,"replicas":1,"updatedReplicas":1})");
    struct Row {
        std::string_view container, expected;
    };
    for (
        const auto& [container, expected] : std::initializer_list<Row>{
            {R"({"name":"web","state":{"waiting":{"reason":"ImagePullBackOff","message":"not found"}}})",
             "web-1: web: ImagePullBackOff: not found"},
            {R"({"name":"web","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}})",
             "web-1: web: CrashLoopBackOff; it exited with 1 (Error), restarted 3 times"},
            {R"({"name":"web","ready":false,"started":true,"state":{"running":{}}})",
             "web-1: web: runs, but is not ready: its health check fails"},
            {R"({"name":"web","ready":false,"started":false,"state":{"running":{}}})",
             "web-1: web: runs, but has not started yet"}}) {
        CAPTURE(container);
        CHECK(told(judge_readiness(waiting, std::vector{pod(container)})) ==
              fmt::format("not yet: Deployment web: 0 of 2 available\n{}", expected));
    }
    const auto homeless =
        share(parse(R"({"metadata":{"name":"web-1"},"status":{"conditions":[{"type":"PodScheduled","status":"False",)"
                    R"("reason":"Unschedulable","message":"0/1 nodes are available: 1 Insufficient memory."}]}})"));
    CHECK(describe_trouble(std::vector{homeless}) ==
          "web-1: Unschedulable: 0/1 nodes are available: 1 Insufficient memory.");
    CHECK(describe_trouble(std::vector{pod(R"({"name":"web","ready":true,"state":{"running":{}}})")}).empty());
}

TEST_CASE("each other kind has its own idea of ready")
{
    struct Row {
        std::string_view object, expected;
    };
    for (
        const auto& [object, expected] : std::initializer_list<Row>{
            {R"({"kind":"Job","metadata":{"name":"m"},"status":{"conditions":[{"type":"Complete","status":"True"}]}})",
             "ready"},
            {R"({"kind":"Job","metadata":{"name":"m"},"status":{"active":1}})", "not yet: Job m runs"},
            {R"({"kind":"Job","metadata":{"name":"m"},"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"x"}]}})",
             "failed: Job m failed | BackoffLimitExceeded: x\n"},
            {R"({"kind":"PersistentVolumeClaim","metadata":{"name":"d"},"status":{"phase":"Pending"}})", "ready"},
            {R"({"kind":"PersistentVolumeClaim","metadata":{"name":"d"},"status":{"phase":"Lost"}})",
             "failed: PersistentVolumeClaim d lost its volume | "},
            {R"({"kind":"Namespace","metadata":{"name":"n"},"status":{"phase":"Active"}})", "ready"},
            {R"({"kind":"Namespace","metadata":{"name":"n"},"status":{"phase":"Terminating"}})",
             "not yet: Namespace n is Terminating"},
            {R"({"kind":"ConfigMap","metadata":{"name":"c"}})", "ready"},
            {R"({"kind":"Certificate","metadata":{"name":"c"},"status":{"conditions":[{"type":"Ready","status":"True"}]}})",
             "ready"},
            {R"({"kind":"Certificate","metadata":{"name":"c"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"Issuing","message":"order"}]}})",
             "not yet: Certificate c: Issuing: order"}}) {
        CAPTURE(object);
        CHECK(told(judge_readiness(parse(object), {})) == expected);
    }
}

}  // namespace ramet::targets::kubernetes
