#include "clone/builds.hpp"

#include "base/hash.hpp"

namespace ramet::clone {
namespace {

/// A text and a list of the same words are different commands.
std::string command_text(const std::optional<ProjectCommand>& command)
{
    if (!command) return "";
    if (const auto* line = std::get_if<std::string>(&*command)) return "sh " + *line;
    std::string text = "exec";
    for (const auto& word : std::get<std::vector<std::string>>(*command))
        text += "\n" + std::to_string(word.size()) + ":" + word;
    return text;
}

}  // namespace

std::string input_hash(const std::optional<Build>& build, const std::string& tree_hash, const CommitSha& commit)
{
    if (!build) return {};
    const auto tree = tree_hash.empty() ? "commit " + commit.str() : tree_hash;
    return short_hash({"build-1", tree, build->context, command_text(build->command), build->dockerfile.value_or("")},
                      32);
}

std::string tree_of(const TreeHashes& trees, const std::string& name)
{
    const auto found = trees.find(name);
    return found == trees.end() ? std::string() : found->second;
}

}  // namespace ramet::clone
