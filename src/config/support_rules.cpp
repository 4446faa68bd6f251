#include "config/support_rules.hpp"

#include "base/text.hpp"

#include <array>

namespace ramet::config {

bool is_managed(const ProjectFile& file, const std::string& name)
{
    const auto* database = file.find_database(name);
    return database != nullptr && database->mode == DatabaseMode::managed;
}

bool is_other_database(const ProjectFile& file, const std::string& name)
{
    const auto* database = file.find_database(name);
    return database != nullptr && database->type != DatabaseType::postgres && database->type != DatabaseType::redis;
}

bool is_scheduled(const ProjectFile& file, const std::string& name)
{
    const auto* job = file.find_job(name);
    return job != nullptr && job->when == JobMoment::cron;
}

bool asks_who(const ProjectFile& file, const std::string&)
{
    return file.previews && file.previews->access != Access::public_;
}

namespace {

constexpr auto refused = Outcome::refused;
constexpr auto not_applied = Outcome::not_applied;

bool isolates_more(const ProjectFile& file, const std::string&)
{
    return file.previews && file.previews->isolation && *file.previews->isolation != Isolation::process;
}

bool clones_redis(const ProjectFile& file, const std::string& name)
{
    const auto* database = file.find_database(name);
    const auto data =
        file.previews ? file.previews->data.find(name) : std::map<std::string, DataPolicy>::const_iterator{};
    return database != nullptr && database->type == DatabaseType::redis && file.previews &&
           data != file.previews->data.end() && data->second.strategy == DataStrategy::clone;
}

constexpr std::string_view clusters_only = "only clusters have it";

constexpr std::array rules = {
    SupportRule{"imports", refused, refused, "compose files are not read yet"},
    SupportRule{"services.*.volumes", refused, refused, "volumes are not served yet"},
    SupportRule{"services.*.domains", refused, refused, "custom domains are not served yet"},
    SupportRule{"services.*.helm", refused, refused, "charts run on clusters only"},
    SupportRule{"services.*.manifests", refused, refused, "manifests run on clusters only"},
    SupportRule{"services.*.image", not_applied, not_applied, "images run on clusters; here the service is built"},
    SupportRule{"services.*.build.dockerfile", not_applied, not_applied,
                "images are built for clusters; here `build.command` builds"},
    SupportRule{"services.*.resources", not_applied, not_applied,
                "nothing enforces it here; memory counts for previews.limits.memory"},
    SupportRule{"jobs.*.image", not_applied, not_applied, "images run on clusters; here the job is built"},
    SupportRule{"jobs.*.build.dockerfile", not_applied, not_applied,
                "images are built for clusters; here `build.command` builds"},
    SupportRule{"jobs.*.resources", not_applied, not_applied, "nothing enforces it here"},
    SupportRule{"jobs.*.when", refused, refused, "schedules are not served yet", is_scheduled, "cron …"},
    SupportRule{"databases.*.mode", refused, refused, "managed databases are not served yet", is_managed, "managed"},
    SupportRule{"databases.*.type", refused, refused, "only postgres and redis are served yet", is_other_database,
                "mysql, mariadb"},
    SupportRule{"network", refused, refused, "rules for the network are not served yet"},
    SupportRule{"notify", refused, refused, "notifications are not served yet"},
    SupportRule{"targets.*.context", refused, not_applied, clusters_only},
    SupportRule{"targets.*.ingress", refused, not_applied, clusters_only},
    SupportRule{"targets.*.gateway", refused, not_applied, clusters_only},
    SupportRule{"targets.*.tls", refused, not_applied, "certificates are not served yet"},
    SupportRule{"targets.*.registry", refused, not_applied, clusters_only},
    SupportRule{"targets.*.storage_class", refused, not_applied, clusters_only},
    SupportRule{"targets.*.pool", refused, not_applied, clusters_only},
    SupportRule{"previews.isolation", refused, not_applied, "a local target isolates by process", isolates_more,
                "other than process"},
    SupportRule{"previews.domains.access", refused, refused, "only public access is served yet", asks_who,
                "login, token"},
    SupportRule{"previews.data.*.mask", refused, refused, "masking is not served yet"},
    SupportRule{"previews.data.*.refresh", refused, refused,
                "schedules are not served yet; `ramet db refresh ENV` makes a golden copy now"},
    SupportRule{"previews.data.*.strategy", refused, refused, "Redis is not cloned yet; use `empty` or `seed`",
                clones_redis, "clone of redis"},
    SupportRule{"previews.repos", refused, refused, "linked repositories are not served yet"},
    SupportRule{"previews.drift", refused, refused, "drift is not watched yet"},
    SupportRule{"previews.lifecycle.sleep_after", refused, refused, "sleeping is not served yet"},
    SupportRule{"previews.lifecycle.wake", refused, refused, "sleeping is not served yet"},
    SupportRule{"previews.limits.cost_per_day", refused, refused, "costs are not known yet"},
};

}  // namespace

std::span<const SupportRule> local_rules()
{
    return rules;
}

bool matches_pattern(std::string_view pattern, std::string_view path)
{
    const auto wanted = split(pattern, '.');
    const auto given = split(path, '.');
    if (wanted.size() != given.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i] != "*" && wanted[i] != given[i]) return false;
    return true;
}

}  // namespace ramet::config
