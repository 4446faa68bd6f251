#pragma once

#include "base/json.hpp"
#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet {

// Declarations as data, for what is kept of a deployed environment (desired_json.hpp). Variables are not among them: they are
// kept resolved. Neither are places in files.

Json declared_to_json(const Service& service);
Json declared_to_json(const Job& job);
Json declared_to_json(const Database& database);
Json declared_to_json(const DataPolicy& policy);
Json declared_to_json(const DeployPolicy& policy);

Service declared_service_from_json(const Json& value);
Job declared_job_from_json(const Json& value);
Database declared_database_from_json(const Json& value);
DataPolicy declared_data_policy_from_json(const Json& value);
DeployPolicy declared_deploy_from_json(const Json& value);

DataStrategy parse_data_strategy(std::string_view word);
TargetType parse_target_type(std::string_view word);  ///< local for what it does not know
std::vector<std::string> strings_from_json(const Json& list);

}  // namespace ramet
