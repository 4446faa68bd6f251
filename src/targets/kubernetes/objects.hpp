#pragma once

#include "base/json.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::targets::kubernetes {

/// What the cluster said of an object: many look at it, nobody changes it.
using SharedObject = std::shared_ptr<const Json>;

/// The version of the rules of Pod Security and of the fields that we write. Pinned: a newer cluster does not judge otherwise by itself.
inline constexpr std::string_view pod_security_version = "v1.34";

inline constexpr std::string_view part_label = "ramet.dev/part";  ///< "web", "job-migrate": what a pod belongs to

/// Written by the cluster's own controller, on the pods of a Job.
inline constexpr std::string_view job_label = "batch.kubernetes.io/job-name";

/// Kind and name of an object of the environment's namespace, before its members: {"apiVersion", "kind", "metadata": {"name"}}. Namespace,
/// owner mark and labels that say whose it is come with the driver, which knows them.
json::object make_object(std::string_view api_version, std::string_view kind, std::string_view name);

/// {"matchLabels": {part_label: part}}
json::object select_part(std::string_view part);

/// 268435456 → "256Mi": the largest unit that leaves no rest.
std::string bytes_text(std::int64_t bytes);
/// 500 → "500m", 2000 → "2"
std::string cpu_text(std::int64_t millis);

/// Where nothing of a cluster may be reached: private and link-local networks, the clouds' metadata services among them.
const std::vector<std::string_view>& private_networks_v4();
const std::vector<std::string_view>& private_networks_v6();

}  // namespace ramet::targets::kubernetes
