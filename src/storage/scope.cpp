#include "storage/scope.hpp"

#include <array>
#include <utility>

namespace ramet::storage {
namespace {

constexpr std::array<std::pair<ScopeLevel, std::string_view>, 6> words = {{{ScopeLevel::organization, "organization"},
                                                                           {ScopeLevel::project, "project"},
                                                                           {ScopeLevel::environment, "environment"},
                                                                           {ScopeLevel::service, "service"},
                                                                           {ScopeLevel::previews, "previews"},
                                                                           {ScopeLevel::preview, "preview"}}};

}  // namespace

Scope organization_scope()
{
    return {ScopeLevel::organization};
}
Scope project_scope(const ProjectId& project)
{
    return {ScopeLevel::project, project};
}
Scope environment_scope(const ProjectId& project, const EnvironmentId& environment)
{
    return {ScopeLevel::environment, project, environment};
}
Scope service_scope(const ProjectId& project, const EnvironmentId& environment, std::string service)
{
    return {ScopeLevel::service, project, environment, std::move(service)};
}
Scope previews_scope(const ProjectId& project)
{
    return {ScopeLevel::previews, project};
}
Scope preview_scope(const ProjectId& project, const EnvironmentId& preview)
{
    return {ScopeLevel::preview, project, preview};
}

std::string key_of(const Scope& scope)
{
    const std::string level(to_string(scope.level));
    switch (scope.level) {
    case ScopeLevel::organization: return level;
    case ScopeLevel::project:
    case ScopeLevel::previews: return level + "/" + scope.project.str();
    case ScopeLevel::environment:
    case ScopeLevel::preview: return level + "/" + scope.environment.str();
    case ScopeLevel::service: return level + "/" + scope.environment.str() + "/" + scope.service;
    }
    return level;
}

std::string_view to_string(ScopeLevel level)
{
    for (const auto& [known, word] : words)
        if (known == level) return word;
    return "project";
}

ScopeLevel parse_scope_level(std::string_view word)
{
    for (const auto& [level, known] : words)
        if (known == word) return level;
    return ScopeLevel::project;
}

}  // namespace ramet::storage
