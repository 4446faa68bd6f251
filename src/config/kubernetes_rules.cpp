#include "config/support_rules.hpp"

#include <array>

namespace ramet::config {
namespace {

constexpr auto refused = Outcome::refused;
constexpr auto not_applied = Outcome::not_applied;

bool isolates_otherwise(const ProjectFile& file, const std::string&)
{
    return file.previews && file.previews->isolation && *file.previews->isolation != Isolation::namespace_;
}

bool shares_data(const ProjectFile& file, const std::string& database)
{
    if (!file.previews) return false;
    const auto data = file.previews->data.find(database);
    return data != file.previews->data.end() && data->second.strategy == DataStrategy::shared;
}

/// `outcome_here` says nothing: what `--target here` places is on a local target.
constexpr SupportRule rule(std::string_view pattern, Outcome outcome, std::string_view reason,
                           bool (*concerns)(const ProjectFile&, const std::string&) = nullptr,
                           std::string_view condition = {})
{
    return {pattern, outcome, outcome, reason, concerns, condition};
}

constexpr std::array rules = {
    rule("imports", refused, "compose files are not read yet"),
    rule("services.*.build", not_applied, "`image` is what runs; images are not built for a cluster yet"),
    rule("services.*.domains", refused, "custom domains are not served yet"),
    rule("services.*.helm", refused, "charts are not served yet"),
    rule("services.*.manifests", refused, "manifests are not served yet"),
    rule("jobs.*.build", not_applied, "`image` is what runs; images are not built for a cluster yet"),
    rule("databases.*.mode", refused, "managed databases are not served yet", is_managed, "managed"),
    rule("databases.*.type", refused, "only postgres and redis are served yet", is_other_database, "mysql, mariadb"),
    rule("network", refused, "rules for the network are not served yet"),
    rule("notify", refused, "notifications are not served yet"),
    rule("targets.*.gateway", refused, "only `ingress` is served yet"),
    rule("targets.*.tls", refused, "certificates are not served yet"),
    rule("targets.*.pool", refused, "clusters of a pool are not served yet"),
    rule("previews.isolation", refused, "a namespace for each environment is served yet, and nothing else",
         isolates_otherwise, "other than namespace"),
    rule("previews.domains.access", refused, "only public access is served yet", asks_who, "login, token"),
    rule("previews.share", refused, "instances of the base are not shared on a cluster yet"),
    rule("previews.data.*.strategy", refused, "instances of the base are not shared on a cluster yet", shares_data,
         "shared"),
    rule("previews.data.*.mask", refused, "masking is not served yet"),
    rule("previews.data.*.refresh", refused, "schedules are not served yet"),
    rule("previews.repos", refused, "linked repositories are not served yet"),
    rule("previews.lifecycle.sleep_after", refused, "sleeping is not served yet"),
    rule("previews.lifecycle.wake", refused, "sleeping is not served yet"),
    rule("previews.limits.cost_per_day", refused, "costs are not known yet"),
    rule("previews.limits.min_free_disk", not_applied, "a cluster's volumes are its own affair"),
};

}  // namespace

std::span<const SupportRule> kubernetes_rules()
{
    return rules;
}

}  // namespace ramet::config
