#pragma once

#include "config/scalars.hpp"
#include "config/type.hpp"
#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet::config {

/// Services taken over from a compose file: only their names are known here.
struct Import {
    std::string compose{};
    std::vector<std::string> services{};
};

/// The file as it was read, before references are checked, `from` is applied and defaults are filled in.
struct Draft {
    ProjectFile file{};
    std::vector<Import> imports{};
};

/// The whole format of ramet.yaml: the table that everything else is derived from.
const Object<Draft>& root_object();

// The parts of it, one file each.
Type<Variables> variables_type();
Type<std::string> secret_reference_type();
Type<ProjectCommand> command_type();
Type<bool> anything_type();
Type<Resources> resources_type();
Type<Service> service_type();
Type<Job> job_type();
Type<Database> database_type();
Type<TargetDeclaration> target_type();
Type<EnvironmentDeclaration> environment_type();
Type<PreviewPolicy> previews_type();
Type<std::map<std::string, std::string>> notification_type();

// Rules for texts that several parts use.
TextRule relative_path_rule();
TextRule cron_rule();
TextRule image_rule();

/// Services, databases, jobs, environments and targets: more of one kind than this is a mistake or an attack.
constexpr std::size_t most_names = 500;

/// Things with a name: a map of the file as a list in the order of the file.
template <typename T>
Type<std::vector<T>> named(Type<T> type)
{
    auto map = map_of(name_rule(), std::move(type));
    return {map.schema, [read = map.read](Reading& reading, const Node& node) -> std::optional<std::vector<T>> {
                if (node.entries.size() > most_names) {
                    reading.refuse(node.mark, fmt::format("more than {} of them", most_names));
                    return std::nullopt;
                }
                auto pairs = read(reading, node);
                if (!pairs) return std::nullopt;
                std::vector<T> things;
                for (auto& [name, thing] : *pairs) {
                    thing.name = name;
                    things.push_back(std::move(thing));
                }
                return things;
            }};
}

/// The same as a map by name.
template <typename V>
Type<std::map<std::string, V>> mapped(TextRule names, Type<V> type)
{
    auto map = map_of(std::move(names), std::move(type));
    return {map.schema,
            [read = map.read](Reading& reading, const Node& node) -> std::optional<std::map<std::string, V>> {
                auto pairs = read(reading, node);
                if (!pairs) return std::nullopt;
                return std::map<std::string, V>(std::make_move_iterator(pairs->begin()),
                                                std::make_move_iterator(pairs->end()));
            }};
}

}  // namespace ramet::config
