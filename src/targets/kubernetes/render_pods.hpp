#pragma once

#include "targets/kubernetes/render_pieces.hpp"

namespace ramet::targets::kubernetes {

/// What a service or a job runs.
struct Program {
    const std::string& name;
    const std::string& image;
    const std::optional<ProjectCommand>& run;
    const Resources& resources;
    const std::vector<ResolvedVariable>& env;
    std::optional<int> port{};
};

/// A container of a part, with the nodes that it needs.
struct RenderedContainer {
    json::object container{};
    std::string secrets_used{};
    std::vector<std::string> needs{};
};

/// Adds the account, the Secret and the image of a program. Its container is called like it.
Result<RenderedContainer> render_program(Rendering& rendering, const Program& program);

/// The account of a part, which has no token, and the Secret of that name where it has any secret. Paths of both.
std::vector<std::string> render_account(Rendering& rendering, const std::string& part, json::object secret_values);

/// What a container asks for and may use at most.
json::object resources_of(const Resources& resources);
/// Of the restricted profile: no capabilities, no way to become more.
json::object container_security();
/// A template of pods of a part, under the restricted profile. Annotations may be empty.
json::object make_pods(const Rendering& rendering, const std::string& part, json::object container,
                       json::object annotations = {});
/// The pod's own part of such a template, for what not every pod has.
json::object& pod_of(json::object& pods);
/// {secrets_annotation: …} where there are any: another version of one is another pod.
json::object annotate_secrets(const std::string& secrets_used);
/// A claim of that many bytes, or of a gibibyte where that is 0, in the target's class.
json::object make_claim(const Rendering& rendering, json::object metadata, std::int64_t bytes);
/// A Service in front of the pods of a part.
json::object make_address(const std::string& part, int port);

}  // namespace ramet::targets::kubernetes
