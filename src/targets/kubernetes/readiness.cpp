#include "targets/kubernetes/readiness.hpp"

#include <algorithm>
#include <array>

namespace ramet::targets::kubernetes {

namespace {

using engine::Failed;
using engine::NotYet;
using engine::Readiness;
using engine::Ready;

const Json& status_of(const Json& object)
{
    return get_member(object, "status");
}

const json::array& array_of(const Json& value)
{
    static const json::array none;
    return value.is_array() ? value.get_array() : none;
}

std::string name_of(const Json& object)
{
    return fmt::format("{} {}", get_string(object, "kind"), get_string(get_member(object, "metadata"), "name"));
}

/// The condition of that type, or null.
const Json& find_condition(const Json& object, std::string_view type)
{
    for (const auto& condition : array_of(get_member(status_of(object), "conditions")))
        if (get_string(condition, "type") == type) return condition;
    return get_member(nullptr, "");
}

bool is_true(const Json& condition)
{
    return get_string(condition, "status") == "True";
}

std::string words_of(const Json& condition)
{
    return fmt::format("{}: {}", get_string(condition, "reason"), get_string(condition, "message"));
}

Readiness failed(const Json& object, std::string_view why, std::string evidence)
{
    return Failed{Error{ErrorKind::unavailable, fmt::format("{} {}", name_of(object), why), std::move(evidence)}};
}

// -- pods

/// Why a container waits that will wait for ever: nothing that the cluster does by itself changes it. An image that cannot be pulled may
/// come, a secret may not have reached the node yet, a crash may pass: those have until the deadline.
constexpr std::array hopeless{"InvalidImageName", "ErrImageNeverPull"};
constexpr std::string_view runs_as_root = "runAsNonRoot";

template <typename Each>
void for_each_container(const Json& pod, const Each& each)
{
    for (const auto* list : {"initContainerStatuses", "containerStatuses"})
        for (const auto& container : array_of(get_member(status_of(pod), list))) each(container);
}

bool waits_for_ever(const Json& container)
{
    const auto& waiting = get_member(get_member(container, "state"), "waiting");
    return std::ranges::find(hopeless, get_string(waiting, "reason")) != hopeless.end() ||
           get_string(waiting, "message").contains(runs_as_root);
}

bool is_hopeless(const SharedObject& pod)
{
    bool found = false;
    for_each_container(*pod, [&](const Json& container) { found |= waits_for_ever(container); });
    return found;
}

/// "exited with 1 (Error)", or nothing.
std::string describe_end(const Json& state)
{
    const auto& ended = get_member(state, "terminated");
    if (!ended.is_object()) return {};
    const auto message = get_string(ended, "message");
    return fmt::format("exited with {} ({}){}{}", get_int(ended, "exitCode"), get_string(ended, "reason"),
                       message.empty() ? "" : ": ", message);
}

std::string describe_container(const Json& container)
{
    const auto& state = get_member(container, "state");
    const auto& waiting = get_member(state, "waiting");
    std::string text = describe_end(state);
    if (waiting.is_object()) {
        text = get_string(waiting, "reason");
        if (const auto message = get_string(waiting, "message"); !message.empty()) text += ": " + message;
        if (const auto last = describe_end(get_member(container, "lastState")); !last.empty())
            text += fmt::format("; it {}", last);
    } else if (get_member(state, "running").is_object() && !get_bool(container, "ready")) {
        text = get_bool(container, "started") ? "runs, but is not ready: its health check fails"
                                              : "runs, but has not started yet";
    }
    if (const auto restarts = get_int(container, "restartCount"); restarts > 0 && !text.empty())
        text += fmt::format(", restarted {} times", restarts);
    return text;
}

// -- workloads

Readiness judge_replicas(const Json& object, std::span<const SharedObject> pods, std::string_view available_key)
{
    const auto wanted = get_int(get_member(object, "spec"), "replicas", 1);
    const auto& status = status_of(object);
    const auto generation = get_int(get_member(object, "metadata"), "generation");
    if (get_int(status, "observedGeneration") < generation)
        return NotYet{.reason = fmt::format("{}: the cluster has not looked at it yet", name_of(object))};
    const auto updated = get_int(status, "updatedReplicas");
    const auto available = get_int(status, available_key);
    // Old ones that still end do no harm: what is new serves already.
    if (updated >= wanted && available >= wanted && get_int(status, "replicas") - updated <= 0) return Ready{};
    if (const auto& progress = find_condition(object, "Progressing");
        get_string(progress, "reason") == "ProgressDeadlineExceeded")
        return failed(object, "made no progress in time", describe_trouble(pods));
    // Quotas and admission refuse pods before there is one that could tell.
    if (const auto& refused = find_condition(object, "ReplicaFailure"); is_true(refused))
        return failed(object, "gets no pods", words_of(refused));
    if (std::ranges::any_of(pods, is_hopeless)) return failed(object, "cannot start", describe_trouble(pods));
    const auto trouble = describe_trouble(pods);
    return NotYet{.reason = fmt::format("{}: {} of {} available{}{}", name_of(object), available, wanted,
                                        trouble.empty() ? "" : "\n", trouble)};
}

Readiness judge_job(const Json& object, std::span<const SharedObject> pods)
{
    if (is_true(find_condition(object, "Complete"))) return Ready{};
    if (const auto& end = find_condition(object, "Failed"); is_true(end))
        return failed(object, "failed", words_of(end) + "\n" + describe_trouble(pods));
    if (std::ranges::any_of(pods, is_hopeless)) return failed(object, "cannot start", describe_trouble(pods));
    const auto trouble = describe_trouble(pods);
    return NotYet{.reason = fmt::format("{} runs{}{}", name_of(object), trouble.empty() ? "" : "\n", trouble)};
}

Readiness judge_claim(const Json& object)
{
    const auto phase = get_string(status_of(object), "phase");
    if (phase == "Lost") return failed(object, "lost its volume", {});
    // A class may bind it when the first pod asks for it; the workload that does so waits by itself.
    return Ready{};
}

Readiness judge_phase(const Json& object, std::string_view wanted)
{
    const auto phase = get_string(status_of(object), "phase");
    if (phase == wanted) return Ready{};
    return NotYet{.reason = fmt::format("{} is {}", name_of(object), phase)};
}

/// What its controller says of it, when it says anything.
Readiness judge_conditions(const Json& object)
{
    for (const auto* type : {"Ready", "Available"}) {
        const auto& condition = find_condition(object, type);
        if (condition.is_null()) continue;
        if (is_true(condition)) return Ready{};
        return NotYet{.reason = fmt::format("{}: {}", name_of(object), words_of(condition))};
    }
    return Ready{};
}

}  // namespace

engine::Readiness judge_readiness(const Json& object, std::span<const SharedObject> pods)
{
    const auto kind = get_string(object, "kind");
    if (kind == "Deployment") return judge_replicas(object, pods, "availableReplicas");
    if (kind == "StatefulSet") return judge_replicas(object, pods, "readyReplicas");
    if (kind == "Job") return judge_job(object, pods);
    if (kind == "PersistentVolumeClaim") return judge_claim(object);
    if (kind == "Namespace") return judge_phase(object, "Active");
    return judge_conditions(object);
}

std::string describe_trouble(std::span<const SharedObject> pods)
{
    std::string text;
    const auto add = [&](const Json& pod, std::string_view what) {
        text +=
            fmt::format("{}{}: {}", text.empty() ? "" : "\n", get_string(get_member(pod, "metadata"), "name"), what);
    };
    for (const auto& shared : pods) {
        const auto& pod = *shared;
        if (const auto& scheduled = find_condition(pod, "PodScheduled"); scheduled.is_object() && !is_true(scheduled))
            add(pod, words_of(scheduled));
        for_each_container(pod, [&](const Json& container) {
            if (const auto what = describe_container(container); !what.empty())
                add(pod, fmt::format("{}: {}", get_string(container, "name"), what));
        });
    }
    return text;
}

}  // namespace ramet::targets::kubernetes
