#include "clone/assemble.hpp"

#include "clone/hosts.hpp"

#include <algorithm>
#include <set>

namespace ramet::clone {
namespace {

bool runs_here(const DesiredService& service)
{
    return service.treatment == Treatment::rebuilt || service.treatment == Treatment::copied;
}

variables::ServiceFacts facts_of(const DesiredService& service, const DesiredEnvironment& desired,
                                 const Assembly& assembly)
{
    variables::ServiceFacts facts{.name = service.name,
                                  .listening =
                                      service.declared.port ? variables::Listening::yes : variables::Listening::no};
    if (const auto shared = assembly.shared.find(service.name);
        service.treatment == Treatment::shared && shared != assembly.shared.end()) {
        facts.public_url = shared->second.public_url;
        facts.shared_host = shared->second.host;
        facts.shared_port = shared->second.port;
    } else if (!service.public_hosts.empty()) {
        facts.public_url =
            public_url(public_address_of(desired, assembly.around.public_address), service.public_hosts.front());
    }
    return facts;
}

variables::DatabaseFacts facts_of(const DesiredDatabase& database, const Assembly& assembly)
{
    variables::DatabaseFacts facts{.name = database.name,
                                   .type = database.declared.type,
                                   .user = database.role,
                                   .database_name = database.database_name,
                                   .password = database.password};
    if (const auto shared = assembly.shared.find(database.name);
        database.strategy == DataStrategy::shared && shared != assembly.shared.end()) {
        facts.shared_host = shared->second.host;
        facts.shared_port = shared->second.port;
    }
    return facts;
}

std::string registry_login_of(const DesiredEnvironment& desired)
{
    return fmt::format("targets.{}.registry.credentials", desired.target);
}

variables::ResolutionInput resolution_input(const Cloned& cloned, const Assembly& assembly)
{
    const auto& desired = cloned.desired;
    const auto& stored = assembly.around.stored;
    variables::ResolutionInput input{.project = desired.project_name,
                                     .environment = desired.name,
                                     .base = assembly.base,
                                     .kind = assembly.kind,
                                     .secrets_access = assembly.secrets_access,
                                     .domain = desired.domain,
                                     .git = {.sha = desired.commit.str(), .branch = desired.branch},
                                     .pull_request = assembly.revision.pull_request,
                                     .variables = variables::declared_in(cloned.file),
                                     .secrets = stored.secrets,
                                     .generated = stored.generated};
    input.variables.insert(input.variables.end(), stored.variables.begin(), stored.variables.end());
    for (const auto& service : desired.services) {
        if (service.treatment != Treatment::skipped) input.services.push_back(facts_of(service, desired, assembly));
        if (runs_here(service)) input.readers.push_back(service.name);
    }
    for (const auto& job : desired.jobs) input.readers.push_back(job.name);
    for (const auto& database : desired.databases) input.databases.push_back(facts_of(database, assembly));
    if (const auto login = desired.target_keys.find("registry.credentials"); login != desired.target_keys.end())
        input.needed_secrets.emplace(registry_login_of(desired), login->second);
    return input;
}

std::vector<ResolvedVariable> listed(variables::Values& values)
{
    std::vector<ResolvedVariable> list;
    for (auto& [key, value] : values) list.push_back({key, std::move(value)});
    return list;
}

template <typename Programs>
void drop_needs(Programs& programs, const std::set<std::string>& present)
{
    for (auto& program : programs)
        std::erase_if(program.declared.needs, [&](const auto& need) { return !present.contains(need.first); });
}

}  // namespace

void assign_hosts(Cloned& cloned, const Assembly& assembly)
{
    auto& desired = cloned.desired;
    const auto pattern = cloned.file.previews ? cloned.file.previews->domain_pattern : PreviewPolicy{}.domain_pattern;
    std::map<std::string, std::string> holders;
    for (auto& service : desired.services) {
        if (!service.declared.is_public || !runs_here(service)) continue;
        const auto host = public_host(pattern, service.name, desired, assembly.around.taken_hosts);
        const auto [holder, is_new] = holders.emplace(host, service.name);
        if (!is_new)
            cloned.refusals.push_back(
                {.kind = ErrorKind::refused,
                 .message = fmt::format("'{}' and '{}' would both get the host {}", holder->second, service.name, host),
                 .next_step = "put ${service} into previews.domains.pattern"});
        service.public_hosts = {host};
    }
}

void drop_what_is_absent(Cloned& cloned)
{
    auto& desired = cloned.desired;
    const bool is_seeded =
        std::ranges::any_of(desired.databases, [](const auto& each) { return each.strategy == DataStrategy::seed; });
    std::erase_if(desired.jobs,
                  [&](const DesiredJob& job) { return job.declared.when == JobMoment::seed && !is_seeded; });
    std::set<std::string> present;
    for (const auto& service : desired.services)
        if (runs_here(service)) present.insert(service.name);
    for (const auto& job : desired.jobs) present.insert(job.name);
    for (const auto& database : desired.databases)
        if (database.strategy != DataStrategy::shared) present.insert(database.name);
    drop_needs(desired.services, present);
    drop_needs(desired.jobs, present);
}

void resolve(Cloned& cloned, const Assembly& assembly)
{
    cloned.resolution = resolution_input(cloned, assembly);
    auto resolution = variables::resolve_variables(cloned.resolution);
    for (auto& service : cloned.desired.services)
        if (runs_here(service)) service.env = listed(resolution.values[service.name]);
    for (auto& job : cloned.desired.jobs) job.env = listed(resolution.values[job.name]);
    cloned.desired.registry_login = resolution.needed_secrets[registry_login_of(cloned.desired)];
    std::ranges::copy(variables::problems_of(resolution, cloned.resolution.kind), std::back_inserter(cloned.refusals));
    cloned.wanted = std::move(resolution.wanted);
    cloned.without_secrets = std::move(resolution.without_secrets);
}

}  // namespace ramet::clone
