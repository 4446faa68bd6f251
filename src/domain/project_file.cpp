#include "domain/project_file.hpp"

#include <algorithm>

namespace ramet {
namespace {

template <typename Thing>
const Thing* find_by_name(const std::vector<Thing>& things, std::string_view name)
{
    const auto found = std::ranges::find(things, name, &Thing::name);
    return found == things.end() ? nullptr : &*found;
}

}  // namespace

const Service* ProjectFile::find_service(std::string_view name) const
{
    return find_by_name(services, name);
}
const Database* ProjectFile::find_database(std::string_view name) const
{
    return find_by_name(databases, name);
}
const Job* ProjectFile::find_job(std::string_view name) const
{
    return find_by_name(jobs, name);
}

const EnvironmentDeclaration* ProjectFile::find_environment(std::string_view name) const
{
    return find_by_name(environments, name);
}

const TargetDeclaration* ProjectFile::find_target(std::string_view name) const
{
    return find_by_name(targets, name);
}

std::string_view to_string(TargetType type)
{
    switch (type) {
    case TargetType::local: return "local";
    case TargetType::kubernetes: return "kubernetes";
    case TargetType::aws: return "aws";
    }
    return "local";
}

std::string_view to_string(DataStrategy strategy)
{
    switch (strategy) {
    case DataStrategy::clone: return "clone";
    case DataStrategy::seed: return "seed";
    case DataStrategy::empty: return "empty";
    case DataStrategy::shared: return "shared";
    }
    return "clone";
}

std::string_view to_string(ForkPolicy policy)
{
    switch (policy) {
    case ForkPolicy::off: return "off";
    case ForkPolicy::approve: return "approve";
    case ForkPolicy::no_secrets: return "no-secrets";
    }
    return "off";
}

std::string_view to_string(Isolation isolation)
{
    switch (isolation) {
    case Isolation::process: return "process";
    case Isolation::namespace_: return "namespace";
    case Isolation::cluster: return "cluster";
    case Isolation::vpc: return "vpc";
    case Isolation::account: return "account";
    }
    return "process";
}

}  // namespace ramet
