#include "app/drift.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/preparation.hpp"
#include "app/work.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

Result<bool> is_mended(App& app, const Environment& environment)
{
    if (environment.origin != EnvironmentOrigin::preview || environment.state != EnvironmentState::ready) return false;
    const auto project = TRY(app.stores.projects.get(environment.project));
    const auto file = TRY(parse_file(project.file_text, project.file_name));
    return file.previews && file.previews->drift == DriftPolicy::mend;
}

/// Whoever changes it again and again will not be outdone by us: it is shown from then on.
constexpr std::size_t most_mends = 3;
constexpr std::string_view mender = "ramet: drift";

Result<bool> is_fought_over(App& app, const EnvironmentId& id)
{
    const auto runs = TRY(app.engine.list_runs(owner_of(id), most_mends));
    return runs.size() == most_mends &&
           std::ranges::all_of(runs, [&](const engine::RunView& run) { return get_string(run.note, "by") == mender; });
}

/// What people have asked for beside the file stays.
Result<DeployOptions> as_it_is(App& app, const EnvironmentId& id)
{
    DeployOptions options{.when = DeployOptions::When::always, .asked_by = std::string(mender)};
    const auto desired = TRY(load_desired(app, id));
    if (!desired) return options;
    for (const auto& service : desired->services) options.scale[service.name] = service.declared.replicas;
    return options;
}

}  // namespace

Result<std::vector<std::string>> list_drift(App& app, std::span<const engine::ResourceView> resources)
{
    std::vector<std::string> words;
    for (const auto& drift : TRY(app.inspector.find_drift(resources)))
        words.push_back(fmt::format("{}: {}", drift.resource, drift.what));
    return words;
}

Result<void> mend_drift(App& app, const EnvironmentId& id)
{
    return app.work.run_exclusive(environment_key(id), [&]() -> Result<void> {
        const auto environment = TRY(app.stores.environments.find(id));
        if (!environment || !TRY(is_mended(app, *environment))) return {};
        const auto drift = TRY(list_drift(app, TRY(app.engine.list_resources(owner_of(id)))));
        if (drift.empty()) return {};
        if (TRY(is_fought_over(app, id))) {
            log::warning(
                "{} was mended {} times and is changed again: it is left as it is until its next deployment: {}",
                environment->name, most_mends, join(drift, "; "));
            return {};
        }
        log::info("{} was changed by hand and is mended: {}", environment->name, join(drift, "; "));
        const auto deployed = TRY(deploy_environment(app, id, TRY(as_it_is(app, id))));
        if (deployed.outcome != Deployed::Outcome::started) return {};
        json::array what;
        for (const auto& words : drift) what.emplace_back(words);
        return audit(app, {"ramet", "environment.mend", environment->project, environment->name,
                           json::object{{"run", deployed.run}, {"drift", std::move(what)}}});
    });
}

}  // namespace ramet::app
