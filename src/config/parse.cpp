#include "config/parse.hpp"

#include "config/checks.hpp"
#include "config/inherit.hpp"
#include "config/keys.hpp"

#include <algorithm>

namespace ramet::config {
namespace {

void add_built_in_target(ProjectFile& file)
{
    if (file.find_target("here") == nullptr)
        file.targets.push_back(TargetDeclaration{.name = "here", .type = TargetType::local});
}

void fill_defaults(ProjectFile& file)
{
    add_built_in_target(file);
    for (auto& environment : file.environments) {
        if (environment.target.empty()) environment.target = "here";
        if (!environment.adopted_namespace.empty()) environment.is_protected = true;
    }
    // A program that is run and comes from no image is built from the tree as it is.
    const auto give_build = [](auto& program) {
        if (program.run && !program.build && program.image.empty()) program.build = Build{};
    };
    std::ranges::for_each(file.services, give_build);
    std::ranges::for_each(file.jobs, give_build);
}

/// Line and column of "file:line:column", for sorting.
std::pair<int, int> position(const Error& error)
{
    const auto column = error.where.rfind(':');
    const auto line = column == std::string::npos ? column : error.where.rfind(':', column - 1);
    if (line == std::string::npos) return {};
    return {std::atoi(error.where.c_str() + line + 1), std::atoi(error.where.c_str() + column + 1)};
}

}  // namespace

std::expected<ProjectFile, std::vector<Error>> parse_project_file_fully(std::string_view text,
                                                                        std::string_view file_name)
{
    auto tree = parse_yaml(text, file_name);
    if (!tree.errors.empty()) return std::unexpected(std::move(tree.errors));

    Reading reading(file_name);
    Draft draft;
    read_object(reading, tree.root, root_object(), draft);
    draft.file.used_keys = std::move(reading.used_keys());
    auto errors = std::move(reading.errors());
    apply_from(draft.file, errors);
    fill_defaults(draft.file);
    check_references(draft, errors);
    if (errors.empty()) return std::move(draft.file);
    std::ranges::stable_sort(errors, {}, position);
    return std::unexpected(std::move(errors));
}

Result<ProjectFile> parse_project_file(std::string_view text, std::string_view file_name)
{
    auto file = parse_project_file_fully(text, file_name);
    if (file) return std::move(*file);
    auto& errors = file.error();
    if (errors.size() > 1)
        errors[0].evidence = fmt::format("and {} more; `ramet config validate` shows all", errors.size() - 1);
    return std::unexpected(std::move(errors[0]));
}

}  // namespace ramet::config
