#include "app/stored_values.hpp"

namespace ramet::app {

namespace {

using storage::ScopeLevel;

/// Names of the environments whose values matter, by id.
using Names = std::map<EnvironmentId, std::string>;

variables::Place place_of(const storage::Scope& scope, const Names& names)
{
    using variables::Layer;
    const auto found = names.find(scope.environment);
    const auto environment = found == names.end() ? std::string() : found->second;
    switch (scope.level) {
    case ScopeLevel::organization: return {Layer::base, variables::Scope::organization, {}, {}};
    case ScopeLevel::project: return {Layer::base, variables::Scope::project, {}, {}};
    case ScopeLevel::environment: return {Layer::base, variables::Scope::environment, environment, {}};
    case ScopeLevel::service: return {Layer::base, variables::Scope::service, environment, scope.service};
    case ScopeLevel::previews: return {Layer::previews, variables::Scope::project, {}, {}};
    case ScopeLevel::preview: return {Layer::preview, variables::Scope::environment, environment, {}};
    }
    return {};
}

variables::Candidate to_candidate(const storage::StoredVariable& stored, const Names& names)
{
    variables::Candidate candidate;
    candidate.variable.key = stored.key;
    candidate.variable.value = stored.value;
    candidate.variable.where.set_by = set_by_words(stored.set_by, stored.set_at);
    candidate.place = place_of(stored.scope, names);
    candidate.path = "set/" + key_of(stored.scope) + "/" + stored.key;
    return candidate;
}

variables::SecretCandidate to_candidate(const storage::StoredSecret& stored, const Names& names)
{
    const auto& newest = stored.versions.back();
    return {stored.newest(), place_of(stored.scope, names), stored.is_protected,
            set_by_words(newest.set_by, newest.set_at)};
}

}  // namespace

std::string set_by_words(const std::string& who, Time when)
{
    return who + " at " + to_rfc3339(when);
}

Result<StoredValues> load_stored_values(App& app, const Environment& environment, const Environment* base)
{
    Names names{{environment.id, environment.name}};
    std::vector<EnvironmentId> ids{environment.id};
    if (base != nullptr) {
        names[base->id] = base->name;
        ids.push_back(base->id);
    }
    StoredValues values;
    const auto variables = TRY(app.stores.variables.list_candidates(environment.project, ids));
    for (const auto& stored : variables) values.variables.push_back(to_candidate(stored, names));
    const auto secrets = TRY(app.stores.secrets.list_candidates(environment.project, ids));
    for (const auto& stored : secrets) values.secrets.push_back(to_candidate(stored, names));
    return values;
}

}  // namespace ramet::app
