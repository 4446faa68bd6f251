#include "targets/kubernetes/kubeconfig_clusters.hpp"

#include "net/multiplexed_client.hpp"

#include <cstdlib>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view own_cluster = "in-cluster";
/// Where Kubernetes puts a pod's account.
constexpr const char* account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

net::CurlOptions client_options(const ClusterAccess& access)
{
    net::CurlOptions options;
    options.authorities_pem = access.authorities_pem;
    options.certificate_pem = access.certificate_pem;
    options.key_pem = std::string(access.key_pem.reveal());
    return options;
}

ApiClient::Options api_options(const ClusterAccess& access)
{
    ApiClient::Options options{.server = access.server};
    options.authorities_pem = access.authorities_pem;
    options.certificate_pem = access.certificate_pem;
    options.key_pem = std::string(access.key_pem.reveal());
    return options;
}

}  // namespace

/// In the order in which one needs the other.
struct KubeconfigClusters::Opened {
    Opened(const ClusterAccess& access, Clock& clock, const Options& options)
        : http(client_options(access)), credentials(access, clock), api(http, credentials, api_options(access)),
          cluster(api, options.install, options.on_touched)
    {
    }

    net::MultiplexedClient http;
    Credentials credentials;
    ApiClient api;
    Cluster cluster;
};

KubeconfigClusters::KubeconfigClusters(Options options, Clock& clock) : options_(std::move(options)), clock_(clock) {}
KubeconfigClusters::~KubeconfigClusters() = default;

Result<ClusterAccess> KubeconfigClusters::read_access(const std::string& context) const
{
    if (!options_.file.empty() && context != own_cluster) return read_kubeconfig(options_.file, context);
    if (!context.empty() && context != own_cluster)
        return std::unexpected(Error{ErrorKind::not_found,
                                     fmt::format("there is no kubeconfig in which {} could be a context", context),
                                     {},
                                     "start Ramet with `ramet up --kubeconfig FILE`"});
    return read_pod_account(account_directory, variable("KUBERNETES_SERVICE_HOST"),
                            variable("KUBERNETES_SERVICE_PORT"));
}

Result<Cluster*> KubeconfigClusters::open(const std::string& context)
{
    const std::lock_guard lock(mutex_);
    if (const auto known = opened_.find(context); known != opened_.end()) return &known->second->cluster;
    const auto access = TRY(read_access(context));
    auto opened = std::make_unique<Opened>(access, clock_, options_);
    return &opened_.emplace(context, std::move(opened)).first->second->cluster;
}

}  // namespace ramet::targets::kubernetes
