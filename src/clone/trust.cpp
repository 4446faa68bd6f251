#include "clone/trust.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::clone {
namespace {

const Variable* find(const Variables& variables, const std::string& key)
{
    const auto found = std::ranges::find(variables, key, &Variable::key);
    return found == variables.end() ? nullptr : &*found;
}

bool refers_to_same_secret(const Variables& trusted, const Variable& variable)
{
    const auto* known = find(trusted, variable.key);
    return known != nullptr && known->value == variable.value;
}

/// The variables of the trusted file that a service or job of the proposed one may take references from.
Variables trusted_variables(const ProjectFile& trusted, const std::string& name, const std::string& from)
{
    Variables variables;
    const auto add = [&](const auto* program) {
        if (program != nullptr) variables.insert(variables.end(), program->env.begin(), program->env.end());
    };
    add(trusted.find_service(name));
    add(trusted.find_job(name));
    // `from` copies variables, and the code that reads them is the pull request's already.
    if (!from.empty()) add(trusted.find_service(from));
    return variables;
}

/// Plain variables as proposed; a reference to a secret only where the trusted file has the same one.
Variables combine_variables(const Variables& trusted, const Variables& proposed, const std::string& where,
                            std::vector<std::string>& notes)
{
    Variables result;
    for (const auto& variable : proposed) {
        const auto* secret = std::get_if<SecretValue>(&variable.value);
        if (secret == nullptr || refers_to_same_secret(trusted, variable)) {
            result.push_back(variable);
            continue;
        }
        const auto* known = find(trusted, variable.key);
        notes.push_back(fmt::format(
            "{}.{}: the reference to the secret '{}' takes effect once merged; until then {}", where, variable.key,
            secret->secret, known == nullptr ? "the variable is not set" : "the trusted branch's value counts"));
        if (known != nullptr) result.push_back(*known);
    }
    return result;
}

template <typename Program>
void combine_programs(const ProjectFile& trusted, std::vector<Program>& programs, const std::string& group,
                      std::vector<std::string>& notes)
{
    for (auto& program : programs)
        program.env = combine_variables(trusted_variables(trusted, program.name, program.from), program.env,
                                        group + "." + program.name + ".env", notes);
}

std::vector<Database> combine_databases(const ProjectFile& trusted, std::vector<Database> proposed,
                                        std::vector<std::string>& notes)
{
    for (auto& database : proposed) {
        const auto* known = trusted.find_database(database.name);
        const auto mode = known == nullptr ? DatabaseMode::container : known->mode;
        if (database.mode != mode)
            notes.push_back(fmt::format("databases.{}.mode: the change takes effect once merged", database.name));
        database.mode = mode;
    }
    return proposed;
}

bool is_proposed(std::string_view path)
{
    const auto top = path.substr(0, path.find('.'));
    return top == "services" || top == "jobs" || top == "databases" || top == "vars";
}

void keep_keys(const ProjectFile& file, bool proposed, std::vector<UnservedKey>& keys)
{
    std::ranges::copy_if(file.used_keys, std::back_inserter(keys),
                         [&](const auto& key) { return is_proposed(key.path) == proposed; });
}

/// Everything but services, jobs, databases and variables, without places: for telling whether it was changed.
ProjectFile policy_of(ProjectFile file)
{
    file.vars.clear();
    file.services.clear();
    file.jobs.clear();
    file.databases.clear();
    file.used_keys.clear();
    const auto forget = [](Variables& variables) {
        for (auto& variable : variables) variable.where = {};
    };
    for (auto& target : file.targets) target.where = {};
    for (auto& environment : file.environments) {
        environment.where = {};
        forget(environment.vars);
    }
    if (!file.previews) return file;
    file.previews->where = {};
    forget(file.previews->vars);
    for (auto& [name, data] : file.previews->data) data.where = {};
    for (auto& [name, said] : file.previews->services) {
        said.where = {};
        forget(said.env);
    }
    return file;
}

}  // namespace

ProjectFile combine(const ProjectFile& trusted, const ProjectFile& proposed, std::vector<std::string>& notes)
{
    auto result = trusted;
    result.vars = combine_variables(trusted.vars, proposed.vars, "vars", notes);
    result.services = proposed.services;
    combine_programs(trusted, result.services, "services", notes);
    result.jobs = proposed.jobs;
    combine_programs(trusted, result.jobs, "jobs", notes);
    result.databases = combine_databases(trusted, proposed.databases, notes);
    result.used_keys.clear();
    keep_keys(proposed, true, result.used_keys);
    keep_keys(trusted, false, result.used_keys);
    if (policy_of(trusted) != policy_of(proposed))
        notes.emplace_back("environments, targets, previews or network differ from the trusted branch's; those changes "
                           "take effect once merged");
    return result;
}

}  // namespace ramet::clone
