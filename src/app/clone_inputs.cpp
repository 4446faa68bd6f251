#include "app/clone_inputs.hpp"

#include "app/stored_values.hpp"
#include "clone/hosts.hpp"

namespace ramet::app {

namespace {

std::string ref_of(App& app, const storage::Project& project, const Environment& environment)
{
    if (environment.pull_request != 0)
        if (const auto forge = app.forges.open(project)) return (*forge)->pull_request_ref(environment.pull_request);
    return environment.branch.empty() ? std::string() : "refs/heads/" + environment.branch;
}

/// Trees of everything in `file` that is built, by service or job; two that are built alike are asked for once.
Result<clone::TreeHashes> tree_hashes(App& app, const GitSource& source, const CommitSha& commit,
                                      const ProjectFile& file)
{
    clone::TreeHashes hashes;
    if (source.url.empty() || commit.empty()) return hashes;
    const auto add = [&](const std::string& name, const std::optional<Build>& build,
                         const std::vector<std::string>& paths) -> Result<void> {
        if (!build) return {};
        auto hash = app.git.tree_hash(source, commit, build->context, paths);
        if (!hash && hash.error().kind != ErrorKind::not_found) return std::unexpected(hash.error());
        if (hash) hashes[name] = std::move(*hash);
        return {};
    };
    for (const auto& service : file.services) TRY(add(service.name, service.build, service.paths));
    for (const auto& job : file.jobs) {
        const auto* origin = file.find_service(job.from);
        TRY(add(job.name, job.build, origin == nullptr ? std::vector<std::string>() : origin->paths));
    }
    return hashes;
}

Result<clone::Surroundings> surroundings(App& app, const Wanted& wanted)
{
    clone::Surroundings around;
    around.id = wanted.environment.id;
    around.project = wanted.project.id;
    around.generation = wanted.environment.desired_generation + 1;
    around.power = wanted.environment.power;
    around.placement = wanted.project.target_here ? clone::Placement::here : clone::Placement::as_declared;
    around.public_address = {app.settings.proxy_scheme, app.settings.proxy_port};
    auto values = TRY(load_stored_values(app, wanted.environment, wanted.base ? &*wanted.base : nullptr));
    around.stored.variables = std::move(values.variables);
    around.stored.secrets = std::move(values.secrets);
    return around;
}

clone::Revision revision_of(const Wanted& wanted)
{
    clone::Revision revision{wanted.environment.commit, wanted.environment.branch, wanted.project.repository_url};
    if (wanted.environment.pull_request != 0)
        revision.pull_request =
            variables::PullRequestFacts{wanted.environment.pull_request, wanted.environment.created_by};
    return revision;
}

/// The file at the preview's commit; the trusted one where the commit has none.
Result<ProjectFile> proposed_file(App& app, const Wanted& wanted, const GitSource& source, const ProjectFile& trusted)
{
    const auto& name = wanted.project.file_name;
    const auto text = app.git.read_file(source, wanted.environment.commit, name);
    if (!text && text.error().kind == ErrorKind::not_found) return trusted;
    if (!text) return std::unexpected(text.error());
    return parse_file(*text, name);
}

std::string output(const std::vector<engine::ResourceView>& resources, const std::string& path, const std::string& name)
{
    for (const auto& resource : resources) {
        const auto found = resource.ref.outputs.find(name);
        if (resource.ref.path == path && resource.phase == engine::Phase::live && found != resource.ref.outputs.end())
            return found->second;
    }
    return {};
}

/// Addresses of the base's instances that the preview uses as they are.
Result<std::map<std::string, clone::SharedInstance>> shared_instances(App& app, const Wanted& wanted)
{
    std::map<std::string, clone::SharedInstance> shared;
    const auto base = TRY(load_desired(app, wanted.base->id));
    if (!base) return shared;
    const auto resources = TRY(app.engine.list_resources(engine::OwnerId(wanted.base->id.str())));
    for (const auto& service : base->services) {
        const auto path = "address/" + service.name;
        auto& instance = shared[service.name];
        instance.host = output(resources, path, "host");
        instance.port = output(resources, path, "port");
        if (!service.public_hosts.empty())
            instance.public_url = clone::public_url(public_address_of(app, *base), service.public_hosts.front());
    }
    for (const auto& database : base->databases) {
        const auto path = "database/" + database.name;
        shared[database.name] = {
            output(resources, path, "host"), output(resources, path, "port"), {}, database.password};
    }
    return shared;
}

}  // namespace

Result<GitSource> git_source(App& app, const storage::Project& project)
{
    GitSource source{project.repository_url};
    if (project.connection.forge.empty()) return source;
    const auto forge = TRY(app.forges.open(project));
    source.environment = forge->git_environment();
    return source;
}

Result<clone::BaseInput> base_input(App& app, const Wanted& wanted)
{
    clone::BaseInput input;
    input.file = TRY(parse_file(wanted.project.file_text, wanted.project.file_name));
    input.environment = wanted.environment.name;
    input.revision = revision_of(wanted);
    const auto source = TRY(git_source(app, wanted.project));
    if (!source.url.empty() && !wanted.environment.commit.empty())
        TRY(app.git.fetch_commit(source, wanted.environment.commit, ref_of(app, wanted.project, wanted.environment)));
    input.trees = TRY(tree_hashes(app, source, wanted.environment.commit, input.file));
    input.around = TRY(surroundings(app, wanted));
    return input;
}

Result<clone::CloneInput> preview_input(App& app, const Wanted& wanted)
{
    clone::CloneInput input;
    input.trusted = TRY(parse_file(wanted.project.file_text, wanted.project.file_name));
    const auto source = TRY(git_source(app, wanted.project));
    TRY(app.git.fetch_commit(source, wanted.environment.commit, ref_of(app, wanted.project, wanted.environment)));
    input.proposed = TRY(proposed_file(app, wanted, source, input.trusted));
    input.base = *wanted.base;
    input.name = wanted.environment.name;
    input.revision = revision_of(wanted);
    input.base_commit = wanted.base->commit;
    input.base_trees = TRY(tree_hashes(app, source, wanted.base->commit, input.trusted));
    input.preview_trees = TRY(tree_hashes(app, source, wanted.environment.commit, input.proposed));
    input.shared = TRY(shared_instances(app, wanted));
    input.without_golden = wanted.without_golden;
    input.around = TRY(surroundings(app, wanted));
    return input;
}

}  // namespace ramet::app
