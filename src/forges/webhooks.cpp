#include "forges/webhooks.hpp"

#include "forges/paths.hpp"

namespace ramet::forges {

namespace {

std::string hooks_path(const RepositoryName& repository)
{
    return repository_path(repository) + "/hooks";
}

json::object describe(const WebhookDialect& dialect, const WebhookTarget& target)
{
    json::array events;
    for (const auto& event : dialect.events) events.emplace_back(event);
    return {{"active", true},
            {"events", std::move(events)},
            {"config", json::object{{"url", target.url}, {"content_type", "json"}, {"secret", target.secret}}}};
}

}  // namespace

Result<void> Webhooks::ensure(const RepositoryName& repository, const WebhookTarget& target)
{
    const auto present = TRY(find(repository, target.url));
    auto body = describe(dialect_, target);
    if (present.empty()) return create(repository, std::move(body));
    if (dialect_.secret_on_edit == SecretOnEdit::kept) {
        // The new one first: two deliveries of one event do no harm, none would.
        TRY(create(repository, std::move(body)));
        return remove_all(repository, present);
    }
    TRY(rest_.patch(fmt::format("{}/{}", hooks_path(repository), present.front()), body));
    return remove_all(repository, std::span(present).subspan(1));
}

Result<void> Webhooks::remove(const RepositoryName& repository, std::string_view url)
{
    return remove_all(repository, TRY(find(repository, url)));
}

Result<std::vector<std::int64_t>> Webhooks::find(const RepositoryName& repository, std::string_view url)
{
    std::vector<std::int64_t> ids;
    const auto path = fmt::format("{}?{}", hooks_path(repository), page_query_);
    const auto listed = rest_.for_each(path, [&](const Json& hook) {
        if (get_string(get_member(hook, "config"), "url") == url) ids.push_back(get_int(hook, "id"));
        return RestClient::Continue::yes;
    });
    // GitHub hides the webhooks of a repository that it shows: 404 to a token that may not see them.
    if (!listed && listed.error().kind == ErrorKind::not_found && rest_.get(repository_path(repository)))
        return std::unexpected(
            Error{ErrorKind::forbidden, fmt::format("the token may not see the webhooks of {}", repository.str()),
                  listed.error().evidence, "give the token the right to administer webhooks, or let Ramet poll"});
    if (!listed) return std::unexpected(listed.error());
    for (const auto id : ids)
        if (id <= 0)
            return fail(ErrorKind::unavailable, "the Git host's webhook of {} has no usable `id`", repository.str());
    return ids;
}

Result<void> Webhooks::create(const RepositoryName& repository, json::object body)
{
    body[dialect_.kind_key] = dialect_.kind;
    const auto made = TRY(rest_.post(hooks_path(repository), body));
    if (get_int(made, "id") <= 0)
        return fail(ErrorKind::unavailable, "the Git host's answer to POST {} is no webhook", hooks_path(repository));
    return {};
}

Result<void> Webhooks::remove_all(const RepositoryName& repository, std::span<const std::int64_t> ids)
{
    for (const auto id : ids) TRY(rest_.remove(fmt::format("{}/{}", hooks_path(repository), id)));
    return {};
}

}  // namespace ramet::forges
