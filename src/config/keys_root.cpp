#include "config/keys.hpp"

#include "domain/names.hpp"

namespace ramet::config {
namespace {

Result<void> check_egress(std::string_view text)
{
    const auto colon = text.rfind(':');
    const auto port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (!port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos)
        return check_host(text.substr(0, colon));
    return fail(ErrorKind::invalid, "'{}' must be HOST:PORT", text.substr(0, 80));
}

const Object<Import>& import_object()
{
    static const auto table = [] {
        Object<Import> object("import");
        object.key("compose", "a compose file of the repository", text(relative_path_rule()), &Import::compose,
                   Presence::required);
        object.key("services", "which of its services; all when unsaid", list_of(text(name_rule())), &Import::services);
        return object;
    }();
    return table;
}

const Object<std::vector<std::string>>& network_object()
{
    static const auto table = [] {
        Object<std::vector<std::string>> object("network");
        object.key("egress", "HOST:PORT that services may reach beside their environment",
                   list_of(text({check_egress, "^(?!-)[A-Za-z0-9*\\[\\]:._-]+:[0-9]{1,5}$"})),
                   [](std::vector<std::string>& egress, std::vector<std::string> said) { egress = std::move(said); });
        return object;
    }();
    return table;
}

using Notification = std::map<std::string, std::string>;

const Object<Notification>& notification_object()
{
    static const auto table = [] {
        Object<Notification> object("notification");
        object.key(
            "slack", "secret that holds the address of the webhook", secret_reference_type(),
            [](Notification& notification, const std::string& secret) { notification["slack"] = secret; },
            Presence::required);
        object.key("on", "what is told", list_of(one_of<int>({{"ready", 0}, {"failed", 1}, {"expiring", 2}})),
                   [](Notification&, const std::vector<int>&) {});
        return object;
    }();
    return table;
}

/// Assigns to a member of the project file inside the draft.
template <typename V>
auto file_member(V ProjectFile::* member)
{
    return [member](Draft& draft, V value) { draft.file.*member = std::move(value); };
}

void add_program_keys(Object<Draft>& object)
{
    object.key("imports", "services taken over from other files", list_of(object_type(&import_object)),
               &Draft::imports);
    object.key("vars", "variables of the project", variables_type(), file_member(&ProjectFile::vars));
    object.key("services", "applications", named(service_type()), file_member(&ProjectFile::services));
    object.key("databases", "databases", named(database_type()), file_member(&ProjectFile::databases));
    object.key("jobs", "what runs to completion", named(job_type()), file_member(&ProjectFile::jobs));
    object.key("network", "what services may reach", object_type(&network_object), file_member(&ProjectFile::egress));
}

void add_placing_keys(Object<Draft>& object)
{
    object.key("environments", "bases", named(environment_type()), file_member(&ProjectFile::environments));
    object.key("targets", "where environments are placed; `here` is built in", named(target_type()),
               file_member(&ProjectFile::targets));
    object.key("previews", "how previews are made", previews_type(),
               [](Draft& draft, PreviewPolicy policy) { draft.file.previews = std::move(policy); });
    object.key("notify", "who is told what", list_of(notification_type()),
               [](Draft&, const std::vector<Notification>&) {});
}

}  // namespace

Type<std::map<std::string, std::string>> notification_type()
{
    return object_type(&notification_object);
}

const Object<Draft>& root_object()
{
    static const auto table = [] {
        Object<Draft> object("project");
        object.key("version", "of the format", integer(1, 1), [](Draft&, std::int64_t) {}, Presence::required);
        object.key(
            "project", "name of the project", text(name_rule()),
            [](Draft& draft, std::string name) { draft.file.project = std::move(name); }, Presence::required);
        add_program_keys(object);
        add_placing_keys(object);
        return object;
    }();
    return table;
}

}  // namespace ramet::config
