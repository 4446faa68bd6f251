#include "simulation/project.hpp"

#include <fmt/core.h>

#include <charconv>

namespace ramet::simulation {

using namespace engine;

namespace {

std::uint64_t number_of(const CommitSha& commit)
{
    std::uint64_t number = 0;
    std::from_chars(commit.str().data(), commit.str().data() + commit.str().size(), number);
    return number;
}

}  // namespace

Project::Project(std::uint64_t seed, std::int64_t most_nodes) : seed_(seed)
{
    SeededRandom random(seed);
    needs_.resize(static_cast<std::size_t>(random.between(1, most_nodes)));
    for (std::size_t node = 1; node < needs_.size(); ++node)
        for (std::size_t other = 0; other < node; ++other)
            if (random.once_in(3)) needs_[node].push_back(other);
    has_last_jobs_ = random.once_in(2);
}

Graph Project::render_before_delete() const
{
    if (!has_last_jobs_) return {};
    return {{Node{"job/export", "thing", json::object{{"shape", 1}}, {}, {"address"}},
             Node{"job/upload", "thing", json::object{{"shape", 1}}, {"job/export"}, {"address"}}}};
}

std::string Project::path_of(std::size_t node)
{
    return fmt::format("thing/{}", node);
}

Graph Project::render(const CommitSha& commit) const
{
    SeededRandom random(seed_ + number_of(commit));
    Graph graph;
    for (std::size_t number = 0; number < needs_.size(); ++number) {
        Node node{path_of(number), "thing", {}, {}, {"address"}};
        json::object spec{{"version", random.between(1, 2)}, {"shape", random.once_in(6) ? 2 : 1}};
        for (const auto need : needs_[number]) {
            node.needs.push_back(path_of(need));
            spec[path_of(need)] = json::object{{"$out", json::array{path_of(need), "address"}}};
        }
        if (number + 1 == needs_.size()) spec["commit"] = commit.str();
        node.spec = std::move(spec);
        graph.nodes.push_back(std::move(node));
    }
    return graph;
}

}  // namespace ramet::simulation
