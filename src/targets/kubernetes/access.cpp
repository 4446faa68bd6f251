#include "targets/kubernetes/access.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "config/yaml_json.hpp"

namespace ramet::targets::kubernetes {

namespace {

/// One file's content, which names things in three lists.
class File {
public:
    File(Path path, Json content) : path_(std::move(path)), content_(std::move(content)) {}

    const Path& path() const { return path_; }
    std::string current_context() const { return get_string(content_, "current-context"); }

    /// The member `kind` of the entry of that name in `list`.
    Result<Json> find(std::string_view list, std::string_view kind, const std::string& name) const
    {
        std::string others;
        const auto& entries = get_member(content_, list);
        if (entries.is_array())
            for (const auto& entry : entries.get_array()) {
                const auto found = get_string(entry, "name");
                if (found == name) return get_member(entry, kind);
                others += (others.empty() ? "" : ", ") + found;
            }
        return fail(ErrorKind::not_found, "{}: no {} is called \"{}\"; there {}", path_.string(), kind, name,
                    others.empty() ? "is none" : "are: " + others);
    }

private:
    Path path_;
    Json content_;
};

Result<File> read(const Path& path)
{
    const auto text = TRY(read_file(path, 1U << 20U));
    auto tree = config::parse_yaml(text, path.string());
    if (!tree.errors.empty()) return std::unexpected(std::move(tree.errors.front()));
    return File(path, config::to_json(tree.root));
}

/// What stands under KEY-data in base64, or in the file that KEY names; empty when there is neither.
Result<std::string> read_data(const File& file, const Json& part, const std::string& key)
{
    if (const auto data = get_string(part, key + "-data"); !data.empty()) {
        auto decoded = from_base64(data);
        if (!decoded) return fail(ErrorKind::invalid, "{}: {}-data is not base64", file.path().string(), key);
        return *std::move(decoded);
    }
    const auto named = get_string(part, key);
    if (named.empty()) return std::string();
    return read_file(file.path().parent_path() / named, 1U << 20U);
}

Result<void> take_cluster(ClusterAccess& access, const File& file, const Json& cluster)
{
    access.server = get_string(cluster, "server");
    while (access.server.ends_with('/')) access.server.pop_back();
    if (!access.server.starts_with("https://"))
        return fail(ErrorKind::invalid, "{}: the cluster's server is \"{}\": it has to begin with https://",
                    file.path().string(), access.server);
    if (get_bool(cluster, "insecure-skip-tls-verify"))
        return fail(ErrorKind::refused,
                    "{}: insecure-skip-tls-verify: a cluster whose certificate nobody verifies would get secrets; give "
                    "certificate-authority instead",
                    file.path().string());
    for (const auto* key : {"proxy-url", "tls-server-name"})
        if (!get_string(cluster, key).empty())
            return fail(ErrorKind::refused, "{}: {} is not supported", file.path().string(), key);
    access.authorities_pem = TRY(read_data(file, cluster, "certificate-authority"));
    return {};
}

Result<ExecPlugin> read_plugin(const File& file, const Json& exec)
{
    ExecPlugin plugin{.api_version = get_string(exec, "apiVersion"),
                      .command = {get_string(exec, "command")},
                      .install_hint = get_string(exec, "installHint")};
    if (plugin.command.front().empty())
        return fail(ErrorKind::invalid, "{}: exec names no command", file.path().string());
    // A path with a slash counts from the file's directory, a bare name from PATH.
    if (plugin.command.front().contains('/'))
        plugin.command.front() = (file.path().parent_path() / plugin.command.front()).lexically_normal().string();
    if (const auto& arguments = get_member(exec, "args"); arguments.is_array())
        for (const auto& argument : arguments.get_array())
            if (argument.is_string()) plugin.command.emplace_back(argument.get_string());
    if (const auto& variables = get_member(exec, "env"); variables.is_array())
        for (const auto& variable : variables.get_array())
            plugin.environment[get_string(variable, "name")] = get_string(variable, "value");
    return plugin;
}

Result<void> take_user(ClusterAccess& access, const File& file, const Json& user)
{
    for (const auto* key : {"username", "password", "auth-provider", "as", "as-uid"})
        if (!get_member(user, key).is_null())
            return fail(ErrorKind::refused, "{}: the user has \"{}\": give a certificate, a token or exec",
                        file.path().string(), key);
    access.certificate_pem = TRY(read_data(file, user, "client-certificate"));
    access.key_pem = SecretBytes(TRY(read_data(file, user, "client-key")));
    if (access.certificate_pem.empty() != access.key_pem.empty())
        return fail(ErrorKind::invalid, "{}: of client-certificate and client-key the user has only one",
                    file.path().string());
    // As kubectl does: the file wins over the token beside it.
    if (const auto named = get_string(user, "tokenFile"); !named.empty())
        access.token_file = file.path().parent_path() / named;
    else
        access.token = SecretBytes(get_string(user, "token"));
    if (const auto& exec = get_member(user, "exec"); exec.is_object()) access.plugin = TRY(read_plugin(file, exec));
    return {};
}

}  // namespace

Result<ClusterAccess> read_kubeconfig(const Path& path, const std::string& wanted)
{
    const auto file = TRY(read(path));
    ClusterAccess access{.context = wanted.empty() ? file.current_context() : wanted};
    if (access.context.empty())
        return fail(ErrorKind::not_found, "{}: it has no current-context; name one", path.string());
    const auto context = TRY(file.find("contexts", "context", access.context));
    access.default_namespace = get_string(context, "namespace", "default");
    TRY(take_cluster(access, file, TRY(file.find("clusters", "cluster", get_string(context, "cluster")))));
    TRY(take_user(access, file, TRY(file.find("users", "user", get_string(context, "user")))));
    return access;
}

Result<ClusterAccess> read_pod_account(const Path& directory, const std::string& host, const std::string& port)
{
    if (host.empty() || port.empty())
        return fail(
            ErrorKind::not_found,
            "this process does not run in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
    ClusterAccess access{.context = "in-cluster"};
    // An IPv6 address stands in brackets within a URL.
    access.server =
        host.contains(':') ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
    access.authorities_pem = TRY(read_file(directory / "ca.crt", 1U << 20U));
    access.token_file = directory / "token";
    access.default_namespace = trim(TRY(read_file(directory / "namespace", 4096)));
    return access;
}

}  // namespace ramet::targets::kubernetes
