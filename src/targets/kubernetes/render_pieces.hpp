#pragma once

#include "targets/graph_order.hpp"
#include "targets/kubernetes/objects.hpp"
#include "targets/kubernetes/render.hpp"
#include "targets/values.hpp"

namespace ramet::targets::kubernetes {

inline constexpr const char* namespace_path = "namespace";
inline constexpr const char* registry_login_path = "registry-login";
/// The Secret by which the node pulls images.
inline constexpr std::string_view registry_login_name = "ramet-registry";

/// One rendering: what is wanted, and the nodes so far. Private to the files of `render`.
struct Rendering : GraphSoFar {
    const TargetOptions& options;

    const DesiredService* find_service(const std::string& name) const;
    const DesiredDatabase* find_database(const std::string& name) const;
    void add(engine::Node node);
    /// An object of the namespace. It needs the namespace, whatever else it needs. `more` are members of the spec beside the object.
    void add_object(std::string path, json::object object, std::vector<std::string> needs = {}, json::object more = {});
    /// Paths of what has to stand before any pod does: limits, network policies, and what images are pulled by.
    std::vector<std::string> guards() const;
    /// Needs sorted and once each; those for which this environment has no node are left out.
    engine::Graph finish();
};

/// Paths of the nodes by which others are needed.
std::string database_path(std::string_view database);
std::string data_path(std::string_view database);
/// The node that satisfies `needs: {NAME: healthy}`; one that is not there where nothing of this environment does.
std::string path_of_need(const Rendering& rendering, const std::string& name, Need need);
/// The output of another node.
Json output_of(std::string_view path, std::string_view output);

void render_namespace(Rendering& rendering);
Result<void> render_databases(Rendering& rendering);
Result<void> render_services(Rendering& rendering);
/// The jobs of one moment.
Result<void> render_jobs(Rendering& rendering, JobMoment moment);
Result<void> render_routes(Rendering& rendering);

/// The variables of a container: plain ones, and those with a secret in them.
struct ContainerEnvironment {
    json::array entries;         ///< of the container: sorted by name
    json::object secret_values;  ///< of the Secret, by key: values in the engine's notation
    std::string secrets_used;    ///< identities and versions: when one changes, so does the pod
};
/// `secret` is the name of the Secret that holds them. `invalid` where a value refers to what this environment does not have.
Result<ContainerEnvironment>
render_variables(const Rendering& rendering, const std::vector<ResolvedVariable>& variables, const std::string& secret);
/// One value in the engine's notation; identities and versions of its secrets are added to `secrets_used`.
Result<Json> render_value(const Rendering& rendering, const ResolvedValue& value, std::string& secrets_used);

/// Where a service or a database of this environment is found from inside: its name, and its port.
Result<std::string> resolve_output(const Rendering& rendering, const OutputReference& output);
int port_of(const Database& database);

}  // namespace ramet::targets::kubernetes
