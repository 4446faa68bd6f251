#include "config/inherit.hpp"

#include "base/text.hpp"
#include "config/places.hpp"

#include <algorithm>

namespace ramet::config {
namespace {

template <typename Program>
void inherit(Program& program, const Service& origin)
{
    if (!program.build && program.image.empty()) {
        program.build = origin.build;
        program.image = origin.image;
    }
    if (!program.resources.cpu_millis) program.resources.cpu_millis = origin.resources.cpu_millis;
    if (!program.resources.memory_bytes) program.resources.memory_bytes = origin.resources.memory_bytes;
    for (const auto& variable : origin.env)
        if (std::ranges::find(program.env, variable.key, &Variable::key) == program.env.end())
            program.env.push_back(variable);
}

class Inheritance {
public:
    Inheritance(ProjectFile& file, std::vector<Error>& errors) : file_(file), errors_(errors) {}

    void apply()
    {
        for (const auto& service : file_.services)
            if (!service.from.empty()) next_[service.name] = service.from;
        for (auto& service : file_.services)
            if (is_usable("services." + service.name + ".from", service.name, service.from)) apply_to(service);
        for (auto& job : file_.jobs)
            if (is_usable("jobs." + job.name + ".from", job.from, job.from))
                inherit(job, *file_.find_service(job.from));
    }

private:
    bool is_usable(const std::string& path, const std::string& start, const std::string& from)
    {
        if (from.empty()) return false;
        const auto* origin = file_.find_service(from);
        if (origin == nullptr) return refuse(path, fmt::format("there is no service '{}'{}", from, suggestion(from)));
        if (origin->is_helm || origin->is_manifests)
            return refuse(path, fmt::format("'{}' is made of {}; it has nothing to copy", from,
                                            origin->is_helm ? "a chart" : "manifests"));
        const auto cycle = find_chain_cycle(next_, start);
        return cycle.empty() || refuse(path, "`from` goes round in a circle: " + cycle);
    }

    /// Origins first, so that what they copied themselves is copied on.
    void apply_to(Service& service)
    {
        if (service.from.empty() || !done_.insert(service.name).second) return;
        auto* origin = const_cast<Service*>(file_.find_service(service.from));
        if (origin == nullptr) return;
        apply_to(*origin);
        inherit(service, *origin);
    }

    std::string suggestion(const std::string& name) const
    {
        std::vector<std::string> names;
        for (const auto& service : file_.services) names.push_back(service.name);
        const auto meant = did_you_mean(name, names);
        return meant.empty() ? "" : "; did you mean '" + meant + "'?";
    }

    bool refuse(const std::string& path, std::string message)
    {
        errors_.push_back(error_at(file_, path, std::move(message)));
        return false;
    }

    ProjectFile& file_;
    std::vector<Error>& errors_;
    std::map<std::string, std::string> next_{};
    std::set<std::string> done_{};
};

}  // namespace

void apply_from(ProjectFile& file, std::vector<Error>& errors)
{
    Inheritance(file, errors).apply();
}

std::string find_chain_cycle(const std::map<std::string, std::string>& next, const std::string& start)
{
    std::vector<std::string> chain{start};
    for (auto at = next.find(start); at != next.end(); at = next.find(at->second)) {
        const bool is_known = std::ranges::count(chain, at->second) > 0;
        chain.push_back(at->second);
        if (is_known) return join(chain, " → ");
    }
    return {};
}

}  // namespace ramet::config
