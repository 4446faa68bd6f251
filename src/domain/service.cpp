#include "domain/service.hpp"

namespace ramet {

std::string_view to_string(DatabaseType type)
{
    switch (type) {
    case DatabaseType::postgres: return "postgres";
    case DatabaseType::mysql: return "mysql";
    case DatabaseType::mariadb: return "mariadb";
    case DatabaseType::redis: return "redis";
    }
    return "postgres";
}

std::string_view to_string(JobMoment moment)
{
    switch (moment) {
    case JobMoment::before_start: return "before-start";
    case JobMoment::seed: return "seed";
    case JobMoment::after_create: return "after-create";
    case JobMoment::after_ready: return "after-ready";
    case JobMoment::before_delete: return "before-delete";
    case JobMoment::cron: return "cron";
    }
    return "before-start";
}

std::string_view to_string(Need need)
{
    switch (need) {
    case Need::started: return "started";
    case Need::healthy: return "healthy";
    case Need::completed: return "completed";
    }
    return "started";
}

std::string_view to_string(Strategy strategy)
{
    return strategy == Strategy::rolling ? "rolling" : "recreate";
}

}  // namespace ramet
