#pragma once

#include "domain/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::storage {

enum class ScopeLevel : std::uint8_t { organization, project, environment, service, previews, preview };

/// Where a variable or a secret lives. What a level does not need stays empty: `project` for the organization,
/// `environment` for organization, project and previews, `service` for all but service.
struct Scope {
    ScopeLevel level = ScopeLevel::project;
    ProjectId project{};
    EnvironmentId environment{};
    std::string service{};

    friend bool operator==(const Scope&, const Scope&) = default;
};

Scope organization_scope();
Scope project_scope(const ProjectId& project);
Scope environment_scope(const ProjectId& project, const EnvironmentId& environment);
Scope service_scope(const ProjectId& project, const EnvironmentId& environment, std::string service);
/// All previews of a project.
Scope previews_scope(const ProjectId& project);
/// One preview.
Scope preview_scope(const ProjectId& project, const EnvironmentId& preview);

/// Unique text of a scope: "organization", "project/ID", "environment/ID", "service/ID/NAME", "previews/ID",
/// "preview/ID".
std::string key_of(const Scope& scope);

std::string_view to_string(ScopeLevel level);
/// Unknown words are `project`; only what `to_string` wrote is ever read.
ScopeLevel parse_scope_level(std::string_view word);

}  // namespace ramet::storage
