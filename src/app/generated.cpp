#include "app/generated.hpp"

namespace ramet::app {

namespace {

// Names of Ramet's own secrets begin so; they are listed nowhere.
std::string password_name(const std::string& database)
{
    return "ramet:database/" + database;
}

std::string generated_name(const std::string& path)
{
    return "ramet:generated/" + path;
}

// 190 bits: more than a password needs, and letters and digits only, so that it needs no escaping in a URL.
constexpr std::size_t password_length = 32;

storage::Scope scope_of(const Environment& environment)
{
    const bool is_preview = environment.origin == EnvironmentOrigin::preview;
    return is_preview ? storage::preview_scope(environment.project, environment.id)
                      : storage::environment_scope(environment.project, environment.id);
}

Result<SecretReference> make_secret(App& app, const Environment& environment, const std::string& name,
                                    std::size_t length)
{
    const SecretBytes value(random_password(length));
    SecretReference made;
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        made = TRY(app.stores.secrets.set(
            transaction, {scope_of(environment), name, storage::Protection::none, "ramet", app.clock.now()}, value));
        return {};
    }));
    return made;
}

/// Nothing when it is only thought of and was never made.
Result<std::optional<SecretReference>> ensure_secret(App& app, const Environment& environment, const std::string& name,
                                                     std::size_t length, Generating generating)
{
    const auto stored = TRY(app.stores.secrets.find(scope_of(environment), name));
    if (stored) return stored->newest();
    if (generating == Generating::imagined) return std::nullopt;
    return TRY(make_secret(app, environment, name, length));
}

Result<std::optional<std::string>> ensure_text(App& app, const Environment& environment,
                                               const variables::GeneratedWanted& wanted, Generating generating)
{
    const auto stored = TRY(app.stores.generated_values.find(environment.id, wanted.path));
    if (stored && std::holds_alternative<std::string>(*stored)) return std::get<std::string>(*stored);
    if (generating == Generating::imagined) return std::nullopt;
    auto text = random_password(static_cast<std::size_t>(wanted.declared.length));
    TRY(app.database.write([&](storage::Transaction& transaction) {
        return app.stores.generated_values.set(transaction, environment.id, wanted.path, text, app.clock.now());
    }));
    return text;
}

}  // namespace

Result<void> fill_generated(App& app, const Environment& environment, const clone::Cloned& cloned,
                            Generating generating, clone::StoredValues& stored)
{
    for (const auto& database : cloned.wanted_passwords) {
        const auto password =
            TRY(ensure_secret(app, environment, password_name(database), password_length, generating));
        if (password) stored.passwords[database] = *password;
    }
    for (const auto& wanted : cloned.wanted) {
        if (wanted.declared.secret) {
            const auto length = static_cast<std::size_t>(wanted.declared.length);
            const auto secret = TRY(ensure_secret(app, environment, generated_name(wanted.path), length, generating));
            if (secret) stored.generated[wanted.path] = *secret;
        } else {
            const auto text = TRY(ensure_text(app, environment, wanted, generating));
            if (text) stored.generated[wanted.path] = *text;
        }
    }
    return {};
}

}  // namespace ramet::app
