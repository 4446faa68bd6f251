#include "config/checks.hpp"

#include "base/text.hpp"
#include "config/names_in_file.hpp"
#include "config/need_cycle.hpp"
#include "config/places.hpp"
#include "domain/interpolation.hpp"

#include <algorithm>
#include <set>

namespace ramet::config {
namespace {

class Checks {
public:
    Checks(const Draft& draft, std::vector<Error>& errors) : file_(draft.file), names_(draft), errors_(errors) {}

    void run()
    {
        check_unique_names();
        for (const auto& service : file_.services) check_service(service);
        for (const auto& job : file_.jobs) check_job(job);
        for (const auto& environment : file_.environments) check_environment(environment);
        check_variables("vars", file_.vars);
        check_local_targets();
        if (file_.previews) check_previews(*file_.previews);
        const auto cycle = find_need_cycle(file_);
        if (!cycle.names.empty()) refuse(cycle.path, "needs go round in a circle: " + join(cycle.names, " → "));
    }

private:
    void refuse(const std::string& path, std::string message)
    {
        if (errors_.size() < most_errors) errors_.push_back(error_at(file_, path, std::move(message)));
    }

    /// Looking for what was meant costs time, so a file made of mistakes is not looked through to its end.
    bool is_enough() const { return errors_.size() >= most_errors; }

    void check_unique_names()
    {
        std::map<std::string, std::string> seen;
        const auto check = [&](const std::string& group, const std::string& name) {
            const auto [first, is_new] = seen.emplace(name, group + "." + name);
            if (!is_new)
                refuse(group + "." + name, fmt::format("the name is taken by {} ({})", first->second,
                                                       to_string(place_of(file_, first->second))));
        };
        for (const auto& service : file_.services) check("services", service.name);
        for (const auto& database : file_.databases) check("databases", database.name);
        for (const auto& job : file_.jobs) check("jobs", job.name);
    }

    void check_service(const Service& service)
    {
        const auto path = "services." + service.name;
        if (service.is_helm || service.is_manifests)
            check_foreign(path, service);
        else if (!service.build && service.image.empty())
            refuse(path, "it says neither `run`, `build`, `image` nor `from`; there is nothing to start");
        if (service.is_public && !service.port) refuse(path + ".public", "a public service needs a `port`");
        if (service.health && !service.health->http_path.empty() && !service.port)
            refuse(path + ".health.http", "a health check by HTTP needs a `port`");
        std::set<std::string> volumes;
        for (const auto& volume : service.volumes)
            if (!volumes.insert(volume.name).second)
                refuse(path + ".volumes", "two volumes are called '" + volume.name + "'");
        check_needs(path, service.needs);
        check_variables(path + ".env", service.env);
    }

    void check_foreign(const std::string& path, const Service& service)
    {
        if (service.is_helm && service.is_manifests)
            refuse(path + ".manifests", "a service has `helm` or `manifests`, not both");
        if (service.run || service.build || !service.image.empty())
            refuse(path, "`helm` and `manifests` bring their own programs; `run`, `build`, `image` and `from` do not "
                         "go with them");
    }

    void check_job(const Job& job)
    {
        const auto path = "jobs." + job.name;
        if (!job.run) refuse(path, "the key 'run' is missing");
        check_needs(path, job.needs);
        check_variables(path + ".env", job.env);
    }

    void check_needs(const std::string& owner, const std::map<std::string, Need>& needs)
    {
        for (const auto& [name, need] : needs) {
            if (is_enough()) return;
            const auto path = owner + ".needs." + name;
            const auto* kind = names_.find(name);
            if (kind == nullptr)
                refuse(path, names_.missing("service, database or job", name));
            else if (*kind == NameKind::job && need != Need::completed)
                refuse(path,
                       fmt::format("'{}' is a job: it can be `completed`, not `{}`", name, ramet::to_string(need)));
            else if (*kind != NameKind::job && *kind != NameKind::imported && need == Need::completed)
                refuse(path, fmt::format("'{}' is no job: it can be `started` or `healthy`, not `completed`", name));
        }
    }

    void check_variables(const std::string& path, const Variables& variables)
    {
        for (const auto& variable : variables) {
            const auto* text = std::get_if<TextValue>(&variable.value);
            if (text == nullptr) continue;
            const auto pieces = parse_interpolation(text->text);
            if (!pieces) continue;  // Already refused where it was read.
            for (const auto& piece : *pieces)
                if (const auto* placeholder = std::get_if<Placeholder>(&piece))
                    check_placeholder(path + "." + variable.key, *placeholder);
        }
    }

    void check_placeholder(const std::string& path, const Placeholder& placeholder)
    {
        if (is_enough()) return;
        const auto* kind = names_.find(placeholder.name);
        if (placeholder.kind == PlaceholderKind::database_output && (kind == nullptr || *kind != NameKind::database))
            refuse(path, names_.missing("database", placeholder.name));
        if (placeholder.kind != PlaceholderKind::service_output) return;
        if (kind == nullptr || (*kind != NameKind::service && *kind != NameKind::imported))
            return refuse(path, names_.missing("service", placeholder.name));
        const auto* service = file_.find_service(placeholder.name);
        if (service == nullptr || service->is_helm || service->is_manifests) return;
        if (placeholder.output == "public_url" && !service->is_public)
            refuse(path, fmt::format("'{}' is not public, so it has no public_url", placeholder.name));
        else if (!service->port)
            refuse(path, fmt::format("'{}' has no port, so it has no {}", placeholder.name, placeholder.output));
    }

    void check_environment(const EnvironmentDeclaration& environment)
    {
        const auto path = "environments." + environment.name;
        if (environment.branch.empty() && environment.adopted_namespace.empty())
            refuse(path, "it needs a `branch` (or a `namespace`, when others made it)");
        if (file_.find_target(environment.target) == nullptr)
            refuse(path + ".target",
                   fmt::format("there is no target '{}'{}", environment.target, suggest_target(environment.target)));
        check_variables(path + ".vars", environment.vars);
    }

    std::string suggest_target(const std::string& name) const
    {
        std::vector<std::string> known;
        for (const auto& target : file_.targets) known.push_back(target.name);
        return "; declared are: " + join(known, ", ") +
               (did_you_mean(name, known).empty() ? "" : "; did you mean '" + did_you_mean(name, known) + "'?");
    }

    void check_local_targets()
    {
        const auto* here = file_.find_target("here");
        if (here != nullptr && here->type != TargetType::local)
            refuse("targets.here.type", "`here` is this machine; another target needs another name");
        for (const auto& target : file_.targets)
            if (target.other.contains("ingress.class") && target.other.contains("gateway.name"))
                refuse("targets." + target.name + ".gateway", "a target has an `ingress` or a `gateway`, not both");
    }

    void check_previews(const PreviewPolicy& policy)
    {
        const auto* base = file_.find_environment(policy.base);
        if (base == nullptr) refuse("previews.base", fmt::format("there is no environment '{}'", policy.base));
        if (!policy.target.empty() && file_.find_target(policy.target) == nullptr)
            refuse("previews.target",
                   fmt::format("there is no target '{}'{}", policy.target, suggest_target(policy.target)));
        for (const auto& [name, data] : policy.data) check_data("previews.data." + name, name, data);
        for (const auto& [name, said] : policy.services) {
            const auto path = "previews.services." + name;
            if (const auto* kind = names_.find(name);
                kind == nullptr || (*kind != NameKind::service && *kind != NameKind::imported))
                refuse(path, names_.missing("service", name));
            check_variables(path + ".env", said.env);
        }
        for (std::size_t i = 0; i < policy.share.size(); ++i)
            if (const auto* kind = names_.find(policy.share[i]); kind == nullptr || *kind == NameKind::job)
                refuse("previews.share", names_.missing("service or database", policy.share[i]));
        check_variables("previews.vars", policy.vars);
    }

    void check_data(const std::string& path, const std::string& database, const DataPolicy& data)
    {
        if (file_.find_database(database) == nullptr) refuse(path, names_.missing("database", database));
        const auto source = data.from.substr(0, data.from.find('@'));
        if (!source.empty() && file_.find_environment(source) == nullptr)
            refuse(path + ".from", fmt::format("there is no environment '{}'", source));
        if (data.fallback == DataStrategy::clone)
            refuse(path + ".fallback", "the fallback of a clone cannot be a clone");
    }

    const ProjectFile& file_;
    NamesInFile names_;
    std::vector<Error>& errors_;
};

}  // namespace

void check_references(const Draft& draft, std::vector<Error>& errors)
{
    Checks(draft, errors).run();
}

}  // namespace ramet::config
