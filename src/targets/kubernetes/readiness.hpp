#pragma once

#include "engine/driver.hpp"
#include "targets/kubernetes/objects.hpp"

#include <span>

namespace ramet::targets::kubernetes {

/// Whether an object is what it was applied to be, from what the cluster says of it. Pure. Deployments and StatefulSets: every replica of the
/// present generation available. Jobs: completed. Claims: bound, or waiting for their first pod. Namespaces: active. Custom resources: their condition
/// Ready or Available, when they have one. Everything else is ready as soon as it is there.
///
/// `pods` are those of the workload; of one that is not ready they say why, and whether waiting is of any use.
engine::Readiness judge_readiness(const Json& object, std::span<const SharedObject> pods);

/// "web-6f7c…: server: ImagePullBackOff: …", one line for each container that is not well, and for each pod that has no node.
std::string describe_trouble(std::span<const SharedObject> pods);

}  // namespace ramet::targets::kubernetes
