#pragma once

#include "base/file.hpp"
#include "base/secret_bytes.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet::targets::kubernetes {

/// A program that gives credentials, by the client authentication interface of Kubernetes (`client.authentication.k8s.io`).
struct ExecPlugin {
    std::string api_version;
    std::vector<std::string> command;  ///< [0] is looked up in PATH unless it holds a slash
    std::map<std::string, std::string> environment{};
    std::string install_hint{};
};

/// How a cluster is reached and who we are there. At most one of certificate, token, token file and plugin says who.
struct ClusterAccess {
    std::string context;            ///< as people call it; "in-cluster" for a pod's own account
    std::string server{};           ///< "https://10.0.0.1:6443", without a trailing slash
    std::string authorities_pem{};  ///< empty: the system's
    std::string certificate_pem{};
    SecretBytes key_pem{};
    SecretBytes token{};
    Path token_file{};  ///< read again each time: what is in it is rotated
    std::optional<ExecPlugin> plugin{};
    std::string default_namespace{"default"};
};

/// Of a context in a kubeconfig file; of its current one when `context` is empty. Files that it names count from its own directory.
/// Errors: not_found (file, context, cluster, user; with what there is instead), invalid (with the key), refused (certificates are not
/// verified, a password, a provider that is gone from Kubernetes).
Result<ClusterAccess> read_kubeconfig(const Path& file, const std::string& context);

/// Of the service account of the pod that this process runs in. `directory` is where Kubernetes puts it; `not_found` outside of a pod.
Result<ClusterAccess> read_pod_account(const Path& directory, const std::string& host, const std::string& port);

}  // namespace ramet::targets::kubernetes
