#pragma once

#include "domain/service.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ramet {

enum class TargetType : std::uint8_t { local, kubernetes, aws };
enum class Isolation : std::uint8_t { process, namespace_, cluster, vpc, account };
enum class ForkPolicy : std::uint8_t { off, approve, no_secrets };
enum class DataStrategy : std::uint8_t { clone, seed, empty, shared };
enum class OnPush : std::uint8_t { keep, reset };
enum class Access : std::uint8_t { public_, login, token };
enum class OnFailure : std::uint8_t { keep_last_good, roll_back };
enum class DriftPolicy : std::uint8_t { mend, show };

struct TargetDeclaration {
    std::string name;
    TargetType type = TargetType::local;
    std::string domain{};  ///< empty: "localhost"
    std::map<std::string, std::string>
        other{};  ///< keys that other targets serve, as "ingress.class" → text; listed by plan
    Provenance where{};
    friend bool operator==(const TargetDeclaration&, const TargetDeclaration&) = default;
};

struct EnvironmentDeclaration {
    std::string name;
    std::string branch{};
    bool is_protected = false;
    std::string target{};
    std::string adopted_namespace{};  ///< not empty: made by others, read only, protected
    Variables vars{};
    Provenance where{};
    friend bool operator==(const EnvironmentDeclaration&, const EnvironmentDeclaration&) = default;
};

struct DataPolicy {
    DataStrategy strategy = DataStrategy::clone;
    std::string from{};  ///< "staging@latest"; empty: the previews' base, newest
    Milliseconds max_age{24 * 3'600'000};
    std::string refresh_cron{};
    std::string mask{};
    OnPush on_push = OnPush::keep;
    std::optional<DataStrategy> fallback{};
    Provenance where{};
    friend bool operator==(const DataPolicy&, const DataPolicy&) = default;
};

struct ServiceOverride {
    std::optional<int> replicas{};
    Resources resources{};
    Variables env{};
    Provenance where{};
    friend bool operator==(const ServiceOverride&, const ServiceOverride&) = default;
};

struct Trigger {
    bool on_pull_request = true;
    std::string label{};  ///< empty: no label is asked for
    bool drafts = true;
    std::vector<std::string> branches{"*"};  ///< globs of the pull request's target branch
    friend bool operator==(const Trigger&, const Trigger&) = default;
};

struct DeployPolicy {
    bool changed_only = true;
    Milliseconds timeout{15 * 60'000};
    OnFailure on_failure = OnFailure::keep_last_good;
    Milliseconds keep_failed{0};
    friend bool operator==(const DeployPolicy&, const DeployPolicy&) = default;
};

struct Lifecycle {
    std::optional<Milliseconds> ttl{};
    bool extend_on_push = true;
    std::optional<Milliseconds> sleep_after{};
    bool wake_on_request = false;
    bool destroy_on_merged = true;
    bool destroy_on_closed = true;
    friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

struct Limits {
    std::optional<int> max_active{};
    std::optional<int> max_per_user{};
    std::optional<double> cost_per_day{};
    std::optional<std::int64_t> memory_bytes{};
    std::int64_t min_free_disk_bytes = 5LL << 30;
    friend bool operator==(const Limits&, const Limits&) = default;
};

struct PreviewPolicy {
    std::string base{};
    std::string target{};
    Trigger trigger{};
    ForkPolicy forks = ForkPolicy::off;
    std::string name_pattern = "pr-${pr.number}";
    std::string domain_pattern = "${service}-${env}.${domain}";
    Access access = Access::public_;
    std::optional<Isolation> isolation{};
    std::map<std::string, DataPolicy> data{};
    Variables vars{};
    std::map<std::string, ServiceOverride> services{};
    std::vector<std::string> share{};
    std::vector<std::string> allow_reach{};
    DeployPolicy deploy{};
    DriftPolicy drift = DriftPolicy::mend;
    Lifecycle lifecycle{};
    Limits limits{};
    Provenance where{};
    friend bool operator==(const PreviewPolicy&, const PreviewPolicy&) = default;
};

/// A key of the file that is read and validated, but that some target does not serve yet; `plan` refuses it in words.
struct UnservedKey {
    std::string path;  ///< "services.api.volumes"
    Provenance where{};
    friend bool operator==(const UnservedKey&, const UnservedKey&) = default;
};

/// ramet.yaml, validated and with defaults applied. Everything said in it is here or in `used_keys`.
struct ProjectFile {
    std::string project;
    Variables vars{};
    std::vector<Service> services{};  ///< unique names, also against databases and jobs
    std::vector<Database> databases{};
    std::vector<Job> jobs{};
    std::vector<std::string> egress{};
    std::vector<EnvironmentDeclaration> environments{};
    std::vector<TargetDeclaration> targets{};  ///< the built-in `here` is always among them
    std::optional<PreviewPolicy> previews{};
    /// Paths of all keys used, with their places, for "not served by this target": table `config/support.hpp`.
    std::vector<UnservedKey> used_keys{};

    friend bool operator==(const ProjectFile&, const ProjectFile&) = default;

    const Service* find_service(std::string_view name) const;
    const Database* find_database(std::string_view name) const;
    const Job* find_job(std::string_view name) const;
    const EnvironmentDeclaration* find_environment(std::string_view name) const;
    const TargetDeclaration* find_target(std::string_view name) const;
};

std::string_view to_string(TargetType type);
std::string_view to_string(DataStrategy strategy);
std::string_view to_string(ForkPolicy policy);
std::string_view to_string(Isolation isolation);

}  // namespace ramet
