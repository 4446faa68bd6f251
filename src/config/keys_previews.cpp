#include "config/keys.hpp"

#include "base/text.hpp"
#include "domain/interpolation.hpp"
#include "domain/names.hpp"

namespace ramet::config {
namespace {

Result<void> check_preview_name(std::string_view text)
{
    const auto pieces = parse_interpolation_at(InterpolationPlace::preview_name, text);
    if (!pieces) return std::unexpected(pieces.error());
    return text.empty() ? fail(ErrorKind::invalid, "the name of previews is empty") : Result<void>{};
}

/// One label below the domain, so that one wildcard certificate serves all.
Result<void> check_domain_pattern(std::string_view text)
{
    const auto pieces = parse_interpolation_at(InterpolationPlace::domain_pattern, text);
    if (!pieces) return std::unexpected(pieces.error());
    constexpr std::string_view end = ".${domain}";
    const auto label = text.ends_with(end) ? text.substr(0, text.size() - end.size()) : std::string_view();
    if (!label.empty() && label.find('.') == std::string_view::npos && label.find("${env}") != std::string_view::npos)
        return {};
    return fail(ErrorKind::invalid,
                "'{}' must be one label with ${{env}} below the domain, like ${{service}}-${{env}}.${{domain}}", text);
}

Result<void> check_data_source(std::string_view text)
{
    const auto at = text.find('@');
    if (at != std::string_view::npos && text.substr(at) == "@latest") return check_name(text.substr(0, at));
    return fail(ErrorKind::invalid, "'{}' is no source of data; write it like staging@latest", text);
}

/// A variable, or SERVICE.VARIABLE.
Result<void> check_reach_name(std::string_view text)
{
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return check_variable_name(text);
    TRY(check_name(text.substr(0, dot)));
    return check_variable_name(text.substr(dot + 1));
}

Result<void> check_repository(std::string_view text)
{
    TRY(check_url(text));
    const auto parts = split(text, '/');
    if (parts.size() == 2 && !parts[0].empty() && !parts[1].empty() && text.find(':') == std::string_view::npos)
        return {};
    return fail(ErrorKind::invalid, "'{}' is no repository; write it like owner/name", text);
}

const Object<Trigger>& trigger_object()
{
    static const auto table = [] {
        Object<Trigger> object("trigger");
        object.key("on", "what makes a preview", list_of(one_of<int>({{"pull_request", 1}})),
                   [](Trigger& trigger, const std::vector<int>& events) { trigger.on_pull_request = !events.empty(); });
        object.key("label", "only pull requests with this label", text(argument_rule()), &Trigger::label);
        object.key("drafts", "whether drafts get one", boolean(), &Trigger::drafts);
        object.key("branches", "globs of the pull request's target branch", list_of(text(argument_rule())),
                   &Trigger::branches);
        return object;
    }();
    return table;
}

struct Domains {
    std::optional<std::string> pattern{};
    std::optional<Access> access{};
};

const Object<Domains>& domains_object()
{
    static const auto table = [] {
        Object<Domains> object("previewDomains");
        object.key("pattern", "public hosts of previews: one label below the domain",
                   text({check_domain_pattern, "^[^.]*\\$\\{env\\}[^.]*\\.\\$\\{domain\\}$"}), &Domains::pattern);
        object.key("access", "who may open a preview",
                   one_of<Access>({{"public", Access::public_}, {"login", Access::login}, {"token", Access::token}}),
                   &Domains::access);
        return object;
    }();
    return table;
}

Type<DataStrategy> strategy_type()
{
    return one_of<DataStrategy>({{"clone", DataStrategy::clone},
                                 {"seed", DataStrategy::seed},
                                 {"empty", DataStrategy::empty},
                                 {"shared", DataStrategy::shared}});
}

const Object<DataPolicy>& data_object()
{
    static const auto table = [] {
        Object<DataPolicy> object("data");
        object.key("strategy", "where a preview's data come from", strategy_type(), &DataPolicy::strategy);
        object.key("from", "environment whose newest golden copy is used",
                   text({check_data_source, "^[a-z][a-z0-9-]*@latest$"}), &DataPolicy::from);
        object.key("max_age", "an older golden copy is made anew", duration(), &DataPolicy::max_age);
        object.key("refresh", "when golden copies are made", text(cron_rule()), &DataPolicy::refresh_cron);
        object.key("mask", "file of masking rules", text(relative_path_rule()), &DataPolicy::mask);
        object.key("on_push", "whether a push resets the data",
                   one_of<OnPush>({{"keep", OnPush::keep}, {"reset", OnPush::reset}}), &DataPolicy::on_push);
        object.key("fallback", "when there is nothing to clone", strategy_type(), &DataPolicy::fallback);
        return object;
    }();
    return table;
}

const Object<ServiceOverride>& override_object()
{
    static const auto table = [] {
        Object<ServiceOverride> object("serviceOverride");
        object.key("replicas", "instances in previews; 0 leaves the service out", integer(0, 100),
                   [](ServiceOverride& said, std::int64_t count) { said.replicas = static_cast<int>(count); });
        object.key("resources", "what it may use in previews", resources_type(), &ServiceOverride::resources);
        object.key("env", "variables of this service in previews", variables_type(), &ServiceOverride::env);
        return object;
    }();
    return table;
}

const Object<DeployPolicy>& deploy_object()
{
    static const auto table = [] {
        Object<DeployPolicy> object("deploy");
        object.key("changed_only", "services whose inputs are the base's are not built again", boolean(),
                   &DeployPolicy::changed_only);
        object.key("timeout", "of the whole run", duration(), &DeployPolicy::timeout);
        object.key(
            "on_failure", "what happens to an update that failed",
            one_of<OnFailure>({{"keep-last-good", OnFailure::keep_last_good}, {"roll-back", OnFailure::roll_back}}),
            &DeployPolicy::on_failure);
        object.key("keep_failed", "how long a first create that failed is kept for debugging", duration(),
                   &DeployPolicy::keep_failed);
        return object;
    }();
    return table;
}

enum class Ending : std::uint8_t { merged, closed };

const Object<Lifecycle>& lifecycle_object()
{
    static const auto table = [] {
        Object<Lifecycle> object("lifecycle");
        object.key("ttl", "how long a preview lives", duration(), &Lifecycle::ttl);
        object.key("extend_on_push", "a push starts the ttl anew", boolean(), &Lifecycle::extend_on_push);
        object.key("sleep_after", "idle time until it sleeps", duration(), &Lifecycle::sleep_after);
        object.key("wake", "what wakes it", one_of<int>({{"on-request", 1}, {"manual", 0}}),
                   [](Lifecycle& lifecycle, int on_request) { lifecycle.wake_on_request = on_request == 1; });
        object.key("destroy_on", "what ends it",
                   list_of(one_of<Ending>({{"merged", Ending::merged}, {"closed", Ending::closed}})),
                   [](Lifecycle& lifecycle, const std::vector<Ending>& endings) {
                       lifecycle.destroy_on_merged = std::ranges::count(endings, Ending::merged) > 0;
                       lifecycle.destroy_on_closed = std::ranges::count(endings, Ending::closed) > 0;
                   });
        return object;
    }();
    return table;
}

const Object<Limits>& limits_object()
{
    static const auto table = [] {
        Object<Limits> object("limits");
        const auto count = [](std::optional<int> Limits::* member) {
            return [member](Limits& limits, std::int64_t value) { limits.*member = static_cast<int>(value); };
        };
        object.key("max_active", "previews awake at a time", integer(0, 100'000), count(&Limits::max_active));
        object.key("max_per_user", "previews of one author", integer(0, 100'000), count(&Limits::max_per_user));
        object.key("cost_per_day", "in the installation's currency", number(), &Limits::cost_per_day);
        object.key("memory", "sum over awake previews", byte_size(), &Limits::memory_bytes);
        object.key("min_free_disk", "disk that previews leave free", byte_size(), &Limits::min_free_disk_bytes);
        return object;
    }();
    return table;
}

/// Linked pull requests of other repositories: validated and noted among the used keys, as no target serves them yet.
struct LinkedRepository {
    std::string repository{};
    std::string service{};
    int match = 0;
    int otherwise = 0;
};

const Object<LinkedRepository>& linked_object()
{
    static const auto table = [] {
        Object<LinkedRepository> object("linkedRepository");
        object.key("repo", "owner/name", text({check_repository, "^(?!-)[^/:\\u0000-\\u001f]+/[^/:\\u0000-\\u001f]+$"}),
                   &LinkedRepository::repository, Presence::required);
        object.key("service", "the service that comes from it", text(name_rule()), &LinkedRepository::service,
                   Presence::required);
        object.key("match", "how its pull request is found", one_of<int>({{"same-branch", 0}}),
                   &LinkedRepository::match);
        object.key("else", "what is used when there is none", one_of<int>({{"base", 0}, {"skip", 1}}),
                   &LinkedRepository::otherwise);
        return object;
    }();
    return table;
}

void add_placing_keys(Object<PreviewPolicy>& object)
{
    object.key("base", "environment that previews are cloned from", text(name_rule()), &PreviewPolicy::base,
               Presence::required);
    object.key("target", "where previews are placed; the base's when unsaid", text(name_rule()),
               &PreviewPolicy::target);
    object.key("trigger", "which pull requests get a preview", object_type(&trigger_object), &PreviewPolicy::trigger);
    object.key(
        "forks", "pull requests from forks",
        one_of<ForkPolicy>(
            {{"off", ForkPolicy::off}, {"approve", ForkPolicy::approve}, {"no-secrets", ForkPolicy::no_secrets}}),
        &PreviewPolicy::forks);
    object.key("name", "names of previews of pull requests", text({check_preview_name, "^.+$"}),
               &PreviewPolicy::name_pattern);
    object.key("domains", "public hosts", object_type(&domains_object), [](PreviewPolicy& policy, const Domains& said) {
        if (said.pattern) policy.domain_pattern = *said.pattern;
        if (said.access) policy.access = *said.access;
    });
    object.key("isolation", "what separates previews",
               one_of<Isolation>({{"process", Isolation::process},
                                  {"namespace", Isolation::namespace_},
                                  {"cluster", Isolation::cluster},
                                  {"vpc", Isolation::vpc},
                                  {"account", Isolation::account}}),
               &PreviewPolicy::isolation);
}

void add_content_keys(Object<PreviewPolicy>& object)
{
    object.key("data", "data of each database", mapped(name_rule(), object_type(&data_object)), &PreviewPolicy::data);
    object.key("vars", "variables of all previews", variables_type(), &PreviewPolicy::vars);
    object.key("services", "what differs in previews", mapped(name_rule(), object_type(&override_object)),
               &PreviewPolicy::services);
    object.key("share", "services and databases whose base instance is used", list_of(text(name_rule())),
               &PreviewPolicy::share);
    object.key("allow_reach", "variables that may reach a protected environment",
               list_of(text({check_reach_name, "^([a-z][a-z0-9-]*\\.)?[A-Za-z_][A-Za-z0-9_]*$"})),
               &PreviewPolicy::allow_reach);
    object.key("repos", "linked repositories", list_of(object_type(&linked_object)),
               [](PreviewPolicy&, const std::vector<LinkedRepository>&) {});
}

void add_running_keys(Object<PreviewPolicy>& object)
{
    object.key("deploy", "how previews are deployed", object_type(&deploy_object), &PreviewPolicy::deploy);
    object.key("drift", "what happens to changes made by others",
               one_of<DriftPolicy>({{"mend", DriftPolicy::mend}, {"show", DriftPolicy::show}}), &PreviewPolicy::drift);
    object.key("lifecycle", "how long previews live", object_type(&lifecycle_object), &PreviewPolicy::lifecycle);
    object.key("limits", "how many previews there may be", object_type(&limits_object), &PreviewPolicy::limits);
}

const Object<PreviewPolicy>& previews_object()
{
    static const auto table = [] {
        Object<PreviewPolicy> object("previews");
        add_placing_keys(object);
        add_content_keys(object);
        add_running_keys(object);
        return object;
    }();
    return table;
}

}  // namespace

Type<PreviewPolicy> previews_type()
{
    return object_type(&previews_object);
}

}  // namespace ramet::config
