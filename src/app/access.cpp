#include "app/access.hpp"

#include "app/audit.hpp"
#include "app/context.hpp"
#include "base/hash.hpp"

namespace ramet::app {

namespace {

constexpr std::string_view token_prefix = "ramet_";
// 256 bits as letters and digits: log2(62) is 5.95.
constexpr std::size_t token_length = 43;
constexpr std::size_t shown_prefix = 12;
// `last_used_at` is for people: one write in a while is enough.
constexpr auto last_used_grain = std::chrono::minutes(5);

Result<std::string> project_name(App& app, const ProjectId& project)
{
    if (project.empty()) return std::string();
    const auto found = TRY(app.stores.projects.get(project));
    return found.name;
}

Result<ProjectId> project_id(App& app, const std::string& name)
{
    if (name.empty()) return ProjectId();
    const auto project = TRY(app.stores.projects.find_by_name(name));
    if (!project) return fail(ErrorKind::not_found, "no project is called {}", name);
    return project->id;
}

void note_use(App& app, const storage::Token& token)
{
    const auto now = app.clock.now();
    if (token.last_used_at && now - *token.last_used_at < last_used_grain) return;
    // A failure to note the use must not keep anybody out.
    (void)app.database.write(
        [&](storage::Transaction& transaction) { return app.stores.tokens.set_last_used(transaction, token.id, now); });
}

}  // namespace

Result<Caller> authenticate(App& app, std::string_view token)
{
    const auto unknown = [] {
        return std::unexpected(
            Error{ErrorKind::unauthenticated, "this needs a valid token", {}, "set RAMET_TOKEN, or: ramet login URL"});
    };
    if (!token.starts_with(token_prefix)) return unknown();
    const auto found = TRY(app.stores.tokens.find_valid(sha256_hex(token), app.clock.now()));
    if (!found) return unknown();
    note_use(app, *found);
    auto project = TRY(project_name(app, found->project));
    return Caller{found->name, parse_role(found->role), std::move(project)};
}

Result<SecretBytes> create_token(App& app, const Caller& caller, const NewToken& token)
{
    if (!caller.project.empty() && token.project != caller.project)
        return fail(ErrorKind::forbidden, "your token is for the project {} only", caller.project);
    if (!includes(caller.role, token.role))
        return fail(ErrorKind::forbidden, "a token may not do more than whoever makes it");
    if (token.name.empty()) return fail(ErrorKind::invalid, "a token needs a name");
    const auto text = std::string(token_prefix) + random_password(token_length);
    storage::Token row{.id = random_hex(app.random, 8),
                       .name = token.name,
                       .sha256 = sha256_hex(text),
                       .role = std::string(to_string(token.role))};
    row.prefix = text.substr(0, shown_prefix);
    row.project = TRY(project_id(app, token.project));
    row.created_by = caller.name;
    row.created_at = app.clock.now();
    if (token.valid_for) row.expires_at = row.created_at + *token.valid_for;
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.tokens.insert(transaction, row));
        return audit(
            app, transaction,
            {caller.name, "token.create", row.project, row.id, json::object{{"name", row.name}, {"role", row.role}}});
    }));
    return SecretBytes(text);
}

Result<std::vector<TokenView>> list_tokens(App& app, const Caller& caller)
{
    const auto project = TRY(project_id(app, caller.project));
    std::vector<TokenView> views;
    const auto tokens = TRY(app.stores.tokens.list(project));
    for (const auto& token : tokens) {
        auto name = TRY(project_name(app, token.project));
        views.push_back({token.id, token.name, parse_role(token.role), std::move(name), token.created_at,
                         token.expires_at, token.last_used_at});
    }
    return views;
}

Result<void> revoke_token(App& app, const Caller& caller, const std::string& id)
{
    const auto own = TRY(project_id(app, caller.project));
    const auto found = app.stores.tokens.get(id);
    if (!found && found.error().kind != ErrorKind::not_found) return std::unexpected(found.error());
    if (!found || (!own.empty() && found->project != own))
        return fail(ErrorKind::not_found, "there is no token {}", id);
    const auto& token = *found;
    return app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.tokens.revoke(transaction, id, app.clock.now()));
        return audit(app, transaction,
                     {caller.name, "token.revoke", token.project, id, json::object{{"name", token.name}}});
    });
}

}  // namespace ramet::app
