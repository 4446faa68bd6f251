#pragma once

#include "app/environments.hpp"

namespace ramet::app {

/// Where a variable or secret lives: the command line's --org | --env E [--service S] | --previews | --preview P, else the project.
struct ScopeName {
    enum class Level : unsigned char { organization, project, environment, service, previews, preview };
    Level level = Level::project;
    std::string project{};
    std::string environment{};  ///< environment, service; or the preview's name
    std::string service{};
};

struct VariableView {
    std::string key;
    std::string value;  ///< as declared; secrets as "{secret: NAME}"
    std::string scope;
    std::string set_by{};
    std::string where{};
    std::string version{};  ///< another one each time it is set
};

Result<std::vector<VariableView>> list_variables(App& app, const Caller& caller, const ScopeName& scope);
Result<VariableView> get_variable(App& app, const Caller& caller, const ScopeName& scope, const std::string& key);
/// `value` as the file would say it: text, or {secret|alias|unset|generate}.
Result<void> set_variable(App& app, const Caller& caller, const ScopeName& scope, const std::string& key,
                          const Json& value, const Precondition& precondition = {});
/// Several at once: all of them or none. `invalid` names every one that cannot be, in the evidence; with Write::no that is all.
enum class Write : unsigned char { no, yes };
Result<void> set_variables(App& app, const Caller& caller, const ScopeName& scope,
                           const std::map<std::string, Json>& values, Write write);
Result<void> unset_variable(App& app, const Caller& caller, const ScopeName& scope, const std::string& key,
                            const Precondition& precondition = {});

/// Every candidate for a key as a service reads it, where it stands, and which won; secrets by name and version only.
Result<Json> explain_variable(App& app, const Caller& caller, const EnvironmentName& name, const std::string& service,
                              const std::string& key);
/// All effective values of one service, secrets masked.
Result<Json> list_effective_variables(App& app, const Caller& caller, const EnvironmentName& name,
                                      const std::string& service);

struct SecretView {
    std::string name;
    std::string scope;
    std::int64_t version = 0;
    bool is_protected = false;
    std::string set_by{};
    std::string set_at{};
    std::string tag{};  ///< another one each time it is set, also after it was taken away and begins at version 1 again
};
Result<std::vector<SecretView>> list_secrets(App& app, const Caller& caller, const ScopeName& scope);
/// What may be known of it.
Result<SecretView> get_secret(App& app, const Caller& caller, const ScopeName& scope, const std::string& name);
Result<SecretView> set_secret(App& app, const Caller& caller, const ScopeName& scope, const std::string& name,
                              SecretBytes value, bool is_protected, const Precondition& precondition = {});
Result<void> remove_secret(App& app, const Caller& caller, const ScopeName& scope, const std::string& name,
                           const Precondition& precondition = {});
}  // namespace ramet::app
