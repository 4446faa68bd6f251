#include "config/need_cycle.hpp"

#include <algorithm>
#include <set>

namespace ramet::config {
namespace {

class Search {
public:
    explicit Search(const ProjectFile& file)
    {
        for (const auto& service : file.services) add("services." + service.name, service.name, service.needs);
        for (const auto& job : file.jobs) add("jobs." + job.name, job.name, job.needs);
    }

    NeedCycle run()
    {
        for (const auto& [name, needs] : needs_)
            if (visit(name)) break;
        return std::move(found_);
    }

private:
    void add(const std::string& path, const std::string& name, const std::map<std::string, Need>& needs)
    {
        path_of_[name] = path;
        for (const auto& [other, need] : needs) needs_[name].push_back(other);
    }

    bool visit(const std::string& name)
    {
        const auto open = std::ranges::find(open_, name);
        if (open != open_.end()) {
            found_.names.assign(open, open_.end());
            found_.names.push_back(name);
            found_.path = path_of_[open_.back()] + ".needs." + name;
            return true;
        }
        const auto needs = needs_.find(name);
        if (needs == needs_.end() || !done_.insert(name).second) return false;
        open_.push_back(name);
        const bool is_found = std::ranges::any_of(needs->second, [&](const auto& other) { return visit(other); });
        open_.pop_back();
        return is_found;
    }

    std::map<std::string, std::vector<std::string>> needs_{};
    std::map<std::string, std::string> path_of_{};
    std::vector<std::string> open_{};
    std::set<std::string> done_{};
    NeedCycle found_{};
};

}  // namespace

NeedCycle find_need_cycle(const ProjectFile& file)
{
    return Search(file).run();
}

}  // namespace ramet::config
