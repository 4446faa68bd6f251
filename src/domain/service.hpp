#pragma once

#include "base/clock.hpp"
#include "domain/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ramet {

/// A command of the project: a string goes to `/bin/sh -c` inside the sandbox, a list is executed as it is.
using ProjectCommand = std::variant<std::string, std::vector<std::string>>;

struct Build {
    std::string context = ".";
    std::optional<ProjectCommand> command{};
    std::optional<std::string> dockerfile{};
    friend bool operator==(const Build&, const Build&) = default;
};

enum class Need : std::uint8_t { started, healthy, completed };

struct HealthCheck {
    std::string http_path{};       ///< empty: the port accepting a connection is enough
    Milliseconds timeout{60'000};  ///< from start until the first success
    friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

struct Resources {
    std::optional<std::int64_t> cpu_millis{};
    std::optional<std::int64_t> memory_bytes{};
    friend bool operator==(const Resources&, const Resources&) = default;
};

struct Volume {
    std::string name;
    std::string path;
    std::int64_t size_bytes = 0;
    bool clone = false;
    friend bool operator==(const Volume&, const Volume&) = default;
};

struct CustomDomain {
    std::string host;
    std::string preview_pattern{};
    friend bool operator==(const CustomDomain&, const CustomDomain&) = default;
};

enum class Strategy : std::uint8_t { rolling, recreate };

/// An application as the file declares it (`from` already applied: build, image, env and resources are copied).
struct Service {
    std::string name;
    std::optional<Build> build{};
    std::string image{};
    std::optional<ProjectCommand> run{};
    std::optional<int> port{};
    bool is_public = false;
    std::vector<CustomDomain> domains{};
    std::vector<std::string> paths{};     ///< globs of what it is built from, beside its build context
    std::map<std::string, Need> needs{};  ///< services, databases and jobs of the same project
    std::optional<HealthCheck> health{};
    Variables env{};
    Resources resources{};
    std::vector<Volume> volumes{};
    int replicas = 1;
    Strategy strategy = Strategy::rolling;
    std::string from{};    ///< the service this one was copied from, or empty
    bool is_helm = false;  ///< `helm:` or `manifests:`: served by clusters only
    bool is_manifests = false;
    Provenance where{};

    friend bool operator==(const Service&, const Service&) = default;
};

enum class DatabaseType : std::uint8_t { postgres, mysql, mariadb, redis };
enum class DatabaseMode : std::uint8_t { container, managed };

struct Database {
    std::string name;
    DatabaseType type = DatabaseType::postgres;
    std::string version{};
    std::int64_t storage_bytes = 0;
    DatabaseMode mode = DatabaseMode::container;
    Provenance where{};

    friend bool operator==(const Database&, const Database&) = default;
};

enum class JobMoment : std::uint8_t { before_start, seed, after_create, after_ready, before_delete, cron };

struct Job {
    std::string name;
    std::optional<Build> build{};
    std::string image{};
    std::optional<ProjectCommand> run{};
    JobMoment when = JobMoment::before_start;
    std::string cron{};  ///< for JobMoment::cron
    bool required = true;
    std::map<std::string, Need> needs{};
    Variables env{};
    Resources resources{};
    std::string from{};
    Milliseconds timeout{15 * 60'000};
    Provenance where{};

    friend bool operator==(const Job&, const Job&) = default;
};

std::string_view to_string(DatabaseType type);
std::string_view to_string(JobMoment moment);
std::string_view to_string(Need need);
std::string_view to_string(Strategy strategy);

}  // namespace ramet
