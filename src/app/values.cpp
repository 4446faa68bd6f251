#include "app/values.hpp"

#include "app/audit.hpp"
#include "app/scoping.hpp"
#include "app/stored_values.hpp"
#include "base/hash.hpp"
#include "domain/interpolation.hpp"
#include "domain/names.hpp"

namespace ramet::app {

namespace {

Result<storage::Scope> resolve_scope(App& app, const Caller& caller, const ScopeName& name)
{
    using Level = ScopeName::Level;
    if (name.level == Level::organization) {
        TRY(require_whole_organization(caller));
        return storage::organization_scope();
    }
    if (name.level == Level::project || name.level == Level::previews) {
        const auto project = TRY(get_visible_project(app, caller, name.project));
        return name.level == Level::project ? storage::project_scope(project.id) : storage::previews_scope(project.id);
    }
    const auto found = TRY(get_visible_environment(app, caller, EnvironmentName{name.project, name.environment}));
    const bool is_preview = found.environment.origin == EnvironmentOrigin::preview;
    if (name.level == Level::preview || is_preview) {
        if (!is_preview) return fail(ErrorKind::invalid, "{} is no preview: use --env", name.environment);
        return storage::preview_scope(found.project.id, found.environment.id);
    }
    if (name.level == Level::service)
        return storage::service_scope(found.project.id, found.environment.id, name.service);
    return storage::environment_scope(found.project.id, found.environment.id);
}

AuditRecord record(const Caller& caller, std::string action, const storage::Scope& scope, const std::string& subject)
{
    return {caller.name, std::move(action), scope.project, subject, json::object{{"scope", to_string(scope.level)}}};
}

// The same rules as in the file: what is stored here is resolved with what stands there.
constexpr std::int64_t shortest_generated = 8;
constexpr std::int64_t longest_generated = 1024;

Result<DeclaredValue> read_text(std::string text)
{
    if (text.contains('\0'))
        return fail(ErrorKind::invalid, "the value holds a zero byte; no environment variable can");
    TRY(parse_interpolation_at(InterpolationPlace::value, text));
    return TextValue{std::move(text)};
}

Result<DeclaredValue> read_secret(std::string name)
{
    TRY(check_secret_name(name));
    return SecretValue{std::move(name)};
}

Result<DeclaredValue> read_alias(std::string target)
{
    TRY(check_variable_name(target));
    return AliasValue{std::move(target)};
}

Result<DeclaredValue> read_generated(const Json& value)
{
    const auto length = get_int(value, "length", 32);
    if (length < shortest_generated || length > longest_generated)
        return fail(ErrorKind::invalid, "a generated value has {} to {} characters, not {}", shortest_generated,
                    longest_generated, length);
    return GeneratedValue{static_cast<int>(length), get_bool(value, "secret")};
}

Result<DeclaredValue> read_value(const Json& value)
{
    if (value.is_string()) return read_text(std::string(value.as_string()));
    if (get_member(value, "secret").is_string()) return read_secret(get_string(value, "secret"));
    if (get_member(value, "alias").is_string()) return read_alias(get_string(value, "alias"));
    if (get_bool(value, "unset")) return UnsetValue{};
    if (get_string(value, "generate") == "random") return read_generated(value);
    return fail(ErrorKind::invalid,
                "a value is a text, or one of {{secret}}, {{alias}}, {{unset: true}}, {{generate: random}}");
}

std::string words_of(const DeclaredValue& value)
{
    struct Visitor {
        std::string operator()(const TextValue& text) const { return text.text; }
        std::string operator()(const SecretValue& secret) const { return "{secret: " + secret.secret + "}"; }
        std::string operator()(const AliasValue& alias) const { return "{alias: " + alias.target + "}"; }
        std::string operator()(const UnsetValue&) const { return "{unset: true}"; }
        std::string operator()(const GeneratedValue& generated) const
        {
            return fmt::format("{{generate: random, length: {}}}", generated.length);
        }
    };
    return std::visit(Visitor{}, value);
}

VariableView to_view(const storage::StoredVariable& variable)
{
    const auto words = words_of(variable.value);
    const auto set_by = set_by_words(variable.set_by, variable.set_at);
    const auto set_at = std::to_string(variable.set_at.time_since_epoch().count());
    return {variable.key, words, std::string(to_string(variable.scope.level)),
            set_by,       {},    short_hash({variable.key, words, variable.set_by, set_at})};
}

SecretView to_view(const storage::StoredSecret& secret, std::string_view level)
{
    const auto& newest = secret.versions.back();
    const auto set_at = std::to_string(newest.set_at.time_since_epoch().count());
    return {secret.name,
            std::string(level),
            newest.number,
            secret.is_protected,
            newest.set_by,
            to_rfc3339(newest.set_at),
            short_hash({secret.name, std::to_string(newest.number), newest.set_by, set_at})};
}

Result<void> check_variable(App& app, storage::Transaction& transaction, const storage::Scope& scope,
                            const std::string& key, const Precondition& precondition)
{
    if (precondition.kind == Precondition::Kind::none) return {};
    const auto stored = TRY(app.stores.variables.list(scope, &transaction));
    std::optional<std::string> version;
    for (const auto& variable : stored)
        if (variable.key == key) version = to_view(variable).version;
    return check_precondition(precondition, version, "the variable " + key);
}

Result<void> check_secret(App& app, storage::Transaction& transaction, const storage::Scope& scope,
                          const std::string& name, const Precondition& precondition)
{
    if (precondition.kind == Precondition::Kind::none) return {};
    const auto stored = TRY(app.stores.secrets.list(scope, &transaction));
    std::optional<std::string> version;
    for (const auto& secret : stored)
        if (secret.name == name) version = to_view(secret, to_string(scope.level)).tag;
    return check_precondition(precondition, version, "the secret " + name);
}

}  // namespace

Result<std::vector<VariableView>> list_variables(App& app, const Caller& caller, const ScopeName& name)
{
    const auto scope = TRY(resolve_scope(app, caller, name));
    const auto stored = TRY(app.stores.variables.list(scope));
    std::vector<VariableView> views;
    for (const auto& variable : stored) views.push_back(to_view(variable));
    return views;
}

Result<VariableView> get_variable(App& app, const Caller& caller, const ScopeName& name, const std::string& key)
{
    const auto views = TRY(list_variables(app, caller, name));
    for (const auto& view : views)
        if (view.key == key) return view;
    return fail(ErrorKind::not_found, "no variable is called {}", key);
}

Result<void> set_variable(App& app, const Caller& caller, const ScopeName& name, const std::string& key,
                          const Json& value, const Precondition& precondition)
{
    TRY(check_variable_name(key));
    const auto scope = TRY(resolve_scope(app, caller, name));
    const auto declared = TRY(read_value(value));
    const storage::StoredVariable variable{scope, key, declared, caller.name, app.clock.now()};
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(check_variable(app, transaction, scope, key, precondition));
        TRY(app.stores.variables.set(transaction, variable));
        return audit(app, transaction, record(caller, "variable.set", scope, key));
    });
}

Result<void> set_variables(App& app, const Caller& caller, const ScopeName& name,
                           const std::map<std::string, Json>& values, Write write)
{
    const auto scope = TRY(resolve_scope(app, caller, name));
    std::vector<storage::StoredVariable> variables;
    std::string faults;
    for (const auto& [key, value] : values) {
        const auto named = check_variable_name(key);
        const auto declared = read_value(value);
        if (!named) faults += named.error().message + "\n";
        if (!declared) faults += key + ": " + declared.error().message + "\n";
        if (named && declared) variables.push_back({scope, key, *declared, caller.name, app.clock.now()});
    }
    if (!faults.empty())
        return std::unexpected(
            Error{ErrorKind::invalid, "some variables cannot be set, so none was", faults, {}, "/values"});
    if (write == Write::no) return {};
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        for (const auto& variable : variables) {
            TRY(app.stores.variables.set(transaction, variable));
            TRY(audit(app, transaction, record(caller, "variable.set", scope, variable.key)));
        }
        return {};
    });
}

Result<void> unset_variable(App& app, const Caller& caller, const ScopeName& name, const std::string& key,
                            const Precondition& precondition)
{
    const auto scope = TRY(resolve_scope(app, caller, name));
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(check_variable(app, transaction, scope, key, precondition));
        TRY(app.stores.variables.unset(transaction, scope, key));
        return audit(app, transaction, record(caller, "variable.unset", scope, key));
    });
}

Result<std::vector<SecretView>> list_secrets(App& app, const Caller& caller, const ScopeName& name)
{
    const auto scope = TRY(resolve_scope(app, caller, name));
    const auto stored = TRY(app.stores.secrets.list(scope));
    std::vector<SecretView> views;
    for (const auto& secret : stored) views.push_back(to_view(secret, to_string(scope.level)));
    return views;
}

Result<SecretView> get_secret(App& app, const Caller& caller, const ScopeName& name, const std::string& secret)
{
    const auto views = TRY(list_secrets(app, caller, name));
    for (const auto& view : views)
        if (view.name == secret) return view;
    return fail(ErrorKind::not_found, "no secret is called {}", secret);
}

Result<SecretView> set_secret(App& app, const Caller& caller, const ScopeName& name, const std::string& secret,
                              SecretBytes value, bool is_protected, const Precondition& precondition)
{
    if (value.empty()) return fail(ErrorKind::invalid, "the secret {} has no value", secret);
    if (auto named = check_secret_name(secret); !named) {
        named.error().where = "/name";
        return std::unexpected(std::move(named).error());
    }
    const auto scope = TRY(resolve_scope(app, caller, name));
    const auto now = app.clock.now();
    const auto protection = is_protected ? storage::Protection::protected_ : storage::Protection::none;
    std::int64_t version = 0;
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(check_secret(app, transaction, scope, secret, precondition));
        const auto set = TRY(app.stores.secrets.set(transaction, {scope, secret, protection, caller.name, now}, value));
        version = set.version;
        return audit(app, transaction, record(caller, "secret.set", scope, secret));
    }));
    return SecretView{secret, std::string(to_string(scope.level)), version, is_protected, caller.name, to_rfc3339(now)};
}

Result<void> remove_secret(App& app, const Caller& caller, const ScopeName& name, const std::string& secret,
                           const Precondition& precondition)
{
    const auto scope = TRY(resolve_scope(app, caller, name));
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(check_secret(app, transaction, scope, secret, precondition));
        TRY(app.stores.secrets.remove(transaction, scope, secret));
        return audit(app, transaction, record(caller, "secret.delete", scope, secret));
    });
}

}  // namespace ramet::app
