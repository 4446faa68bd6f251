#include "app/audit.hpp"
#include "app/preparation.hpp"
#include "app/projects.hpp"
#include "app/scoping.hpp"
#include "app/work.hpp"
#include "base/text.hpp"

namespace ramet::app {

namespace {

constexpr std::string_view file_name = "ramet.yaml";

struct Opened {
    std::shared_ptr<forges::Forge> forge;
    forges::Repository repository;
    ProjectFile first;  ///< of the default branch: it only says which branch is trusted
    std::string trusted_branch;
    CommitSha trusted_commit;
    std::string trusted_text;
};

Result<RepositoryName> parse_repository(const std::string& text)
{
    const auto slash = text.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() ||
        text.find('/', slash + 1) != std::string::npos)
        return fail(ErrorKind::invalid, "a repository is given as OWNER/NAME, not \"{}\"", text);
    return RepositoryName{text.substr(0, slash), text.substr(slash + 1)};
}

Result<std::string> read_project_file(forges::Forge& forge, const RepositoryName& repository,
                                      const std::string& reference)
{
    auto text = forge.get_file(repository, file_name, reference);
    if (text || text.error().kind != ErrorKind::not_found) return text;
    return std::unexpected(
        Error{ErrorKind::not_found, fmt::format("{} has no {} on {}", repository.str(), file_name, reference),
              text.error().evidence, "commit one, then connect again; docs/guide shows how it looks"});
}

std::string base_branch(const ProjectFile& file, const std::string& fallback)
{
    if (!file.previews) return fallback;
    const auto* base = file.find_environment(file.previews->base);
    return base == nullptr || base->branch.empty() ? fallback : base->branch;
}

Result<Opened> open_repository(App& app, const ConnectRequest& request)
{
    Opened opened;
    const auto name = TRY(parse_repository(request.repository));
    opened.forge = TRY(app.forges.make(request.forge, request.url, request.token.clone()));
    opened.repository = TRY(opened.forge->get_repository(name));
    const auto text = TRY(read_project_file(*opened.forge, name, opened.repository.default_branch));
    opened.first = TRY(parse_file(text, std::string(file_name)));
    opened.trusted_branch = base_branch(opened.first, opened.repository.default_branch);
    opened.trusted_commit = TRY(opened.forge->get_branch_head(name, opened.trusted_branch));
    opened.trusted_text = TRY(read_project_file(*opened.forge, name, opened.trusted_commit.str()));
    return opened;
}

/// The same name in another repository is more often a copied file than a move: nobody's webhooks and token are replaced unasked.
Result<void> check_not_taken(const std::optional<storage::Project>& known, const ConnectRequest& request,
                             const Opened& opened)
{
    if (!known || known->connection.forge.empty()) return {};
    const auto& connection = known->connection;
    if (connection.forge == request.forge && connection.url == request.url &&
        connection.repository == opened.repository.name)
        return {};
    Error error{ErrorKind::conflict, fmt::format("the project {} is connected to {} of {} already", known->name,
                                                 connection.repository.str(), connection.url)};
    error.next_step =
        fmt::format("write another `project:` into its {}, or first: ramet project delete {}", file_name, known->name);
    return std::unexpected(std::move(error));
}

Result<storage::Project> save_connection(App& app, const Caller& caller, const ConnectRequest& request,
                                         const Opened& opened)
{
    const auto known = TRY(app.stores.projects.find_by_name(opened.first.project));
    TRY(check_not_taken(known, request, opened));
    storage::Project project = known.value_or(storage::Project{});
    project.name = opened.first.project;
    if (!known) project.id = ProjectId(random_hex(app.random, 8));
    if (!known) project.created_at = app.clock.now();
    project.repository_url = opened.repository.clone_url;
    project.trusted_branch = opened.trusted_branch;
    project.target_here = project.target_here || request.target_here;
    auto& connection = project.connection;
    if (connection.id.empty()) connection.id = random_hex(app.random, 8);
    connection.forge = request.forge;
    connection.url = request.url;
    connection.repository = opened.repository.name;
    const SecretBytes webhook_secret(random_password(40));
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        if (!known) TRY(app.stores.projects.insert(transaction, project));
        const auto scope = storage::project_scope(project.id);
        const auto now = app.clock.now();
        connection.token = TRY(app.stores.secrets.set(
            transaction, {scope, "ramet:forge-token", storage::Protection::protected_, caller.name, now},
            request.token));
        if (connection.webhook_secret.id.empty())
            connection.webhook_secret = TRY(app.stores.secrets.set(
                transaction, {scope, "ramet:webhook-secret", storage::Protection::protected_, caller.name, now},
                webhook_secret));
        TRY(app.stores.projects.update(transaction, project));
        return audit(app, transaction,
                     {caller.name, "project.connect", project.id, project.name,
                      json::object{{"repository", request.repository}}});
    }));
    return project;
}

/// Polling goes on in any case: a webhook only makes it quicker.
Result<void> install_webhook(App& app, storage::Project& project, const Opened& opened)
{
    const auto secret = TRY(app.stores.secrets.open(project.connection.webhook_secret));
    const auto url =
        fmt::format("{}/hooks/{}/{}", app.settings.public_url, project.connection.forge, project.connection.id);
    const auto installed = opened.forge->ensure_webhook(opened.repository.name, url, secret.reveal());
    project.connection.webhook_state =
        installed ? std::string("installed") : "polling only: " + installed.error().message;
    return app.database.write(
        [&](storage::Transaction& transaction) { return app.stores.projects.update(transaction, project); });
}

}  // namespace

Result<Started> connect_repository(App& app, const Caller& caller, ConnectRequest request)
{
    while (request.url.ends_with('/')) request.url.pop_back();
    const auto opened = TRY(open_repository(app, request));
    if (!may_see(caller, opened.first.project))
        return fail(ErrorKind::forbidden, "your token is for the project {} only", caller.project);
    auto project = TRY(save_connection(app, caller, request, opened));
    TRY(install_webhook(app, project, opened));
    std::vector<std::string> bases;
    if (opened.first.previews && !opened.first.previews->base.empty()) bases.push_back(opened.first.previews->base);
    auto started = TRY(take_over_trusted_file(app, caller, project, opened.trusted_text, opened.trusted_commit, bases));
    if (project.connection.webhook_state != "installed")
        started.notes.push_back("webhook: " + project.connection.webhook_state);
    app.work.add(std::string(everything_key));
    return started;
}

}  // namespace ramet::app
