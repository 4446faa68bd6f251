#include "forges/rest_forge.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "forges/pull_request_json.hpp"

namespace ramet::forges {

namespace {

// Both forges cut longer descriptions or refuse them; GitHub documents 140 characters.
constexpr std::size_t description_limit = 140;

std::string repository_path(const RepositoryName& repository)
{
    return fmt::format("/repos/{}/{}", encode_path(repository.owner), encode_path(repository.name));
}

RestClient::Options rest_options(const Dialect& dialect, const Connection& connection, std::string api_url)
{
    RestClient::Options options{std::move(api_url), {}};
    if (!connection.token.empty())
        options.headers.set("Authorization", fmt::format("{} {}", dialect.authorization_scheme, connection.token.reveal()));
    options.headers.set("Accept", dialect.accept);
    return options;
}

std::string find_header(const Delivery& delivery, std::string_view name)
{
    const auto found = delivery.headers.find(std::string(name));
    return found == delivery.headers.end() ? std::string() : found->second;
}

// Cuts between characters, not inside one: both forges refuse broken UTF-8.
std::string_view cut_text(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
    return text.substr(0, limit);
}

}  // namespace

RestForge::RestForge(const Dialect& dialect, net::HttpClient& http, Connection connection, std::string api_url)
    : dialect_(dialect), connection_(std::move(connection)), rest_(http, rest_options(dialect_, connection_, std::move(api_url)))
{
}

Result<Hint> RestForge::parse_event(const Delivery& delivery, std::string_view webhook_secret) const
{
    const auto signature = find_header(delivery, dialect_.signature_header);
    const auto expected = std::string(dialect_.signature_prefix) + hmac_sha256_hex(webhook_secret, delivery.body);
    if (webhook_secret.empty() || !equal_constant_time(signature, expected))
        return fail(ErrorKind::unauthenticated, "the delivery's signature ({}) is {}", dialect_.signature_header,
                    signature.empty() ? "missing" : "wrong");
    const auto event = find_header(delivery, dialect_.event_header);
    const auto payload = TRY(parse_json(delivery.body));
    if (!payload.is_object()) return fail(ErrorKind::invalid, "the event's payload is not an object");
    if (std::ranges::find(dialect_.pull_request_events, event) != dialect_.pull_request_events.end())
        return read_pull_request_event(payload);
    if (event == "push") return read_push_event(payload);
    if (event == "issue_comment") return read_comment_event(payload);
    return NoHint{event.empty() ? "the delivery names no event" : "the event " + event + " changes nothing here"};
}

std::string RestForge::delivery_id(const Delivery& delivery) const
{
    return find_header(delivery, dialect_.delivery_header);
}

Result<Repository> RestForge::get_repository(const RepositoryName& repository)
{
    const auto object = TRY(rest_.get(repository_path(repository)));
    Repository read;
    read.name = read_repository_name(object);
    read.default_branch = get_string(object, "default_branch");
    read.clone_url = get_string(object, "clone_url");
    if (read.name.name.empty() || read.default_branch.empty() || read.clone_url.empty())
        return fail(ErrorKind::unavailable, "the Git host's description of {} lacks its name, branch or clone URL", repository.str());
    read.is_private = get_bool(object, "private");
    read.can_administer = get_bool(get_member(object, "permissions"), "admin");
    return read;
}

Result<PullRequest> RestForge::get_pull_request(const RepositoryName& repository, std::int64_t number)
{
    const auto object = TRY(rest_.get(fmt::format("{}/pulls/{}", repository_path(repository), number)));
    return read_pull_request(object, repository);
}

Result<std::vector<PullRequest>> RestForge::list_open_pull_requests(const RepositoryName& repository)
{
    std::vector<PullRequest> open;
    Result<void> readable;
    const auto path = fmt::format("{}/pulls?state=open&{}", repository_path(repository), dialect_.page_query);
    TRY(rest_.for_each(path, [&](const Json& object) {
        auto read = read_pull_request(object, repository);
        if (!read) {
            readable = std::unexpected(read.error());
            return RestClient::Continue::no;
        }
        open.push_back(std::move(*read));
        return RestClient::Continue::yes;
    }));
    TRY(std::move(readable));
    return open;
}

Result<CommitSha> RestForge::get_branch_head(const RepositoryName& repository, std::string_view branch)
{
    const auto path = fmt::format("{}/branches/{}", repository_path(repository), encode_path(branch, Slash::keep));
    const auto object = TRY(rest_.get(path));
    const auto sha = get_string(get_member(object, "commit"), dialect_.commit_id_key);
    if (!is_commit_sha(sha)) return fail(ErrorKind::unavailable, "the Git host's branch {} has no usable commit", branch);
    return CommitSha(sha);
}

Result<std::string> RestForge::get_file(const RepositoryName& repository, std::string_view path, std::string_view reference)
{
    return rest_.get_raw(fmt::format("{}/{}/{}?ref={}", repository_path(repository), dialect_.file_path,
                                     encode_path(path, Slash::keep), encode_path(reference)),
                         {{"Accept", std::string(dialect_.file_accept)}});
}

Result<bool> RestForge::may_write(const RepositoryName& repository, std::string_view login)
{
    const auto path = fmt::format("{}/collaborators/{}/permission", repository_path(repository), encode_path(login));
    const auto object = rest_.get(path);
    if (!object && object.error().kind == ErrorKind::not_found) return false;
    if (!object) return std::unexpected(object.error());
    const auto permission = get_string(*object, "permission");
    return permission == "write" || permission == "admin" || permission == "owner";
}

Result<void> RestForge::set_status(const RepositoryName& repository, const CommitStatus& status)
{
    const json::object body{{"state", to_string(status.state)},
                            {"context", status.context},
                            {"description", cut_text(status.description, description_limit)},
                            {"target_url", status.target_url}};
    TRY(rest_.post(fmt::format("{}/statuses/{}", repository_path(repository), status.commit.str()), body));
    return {};
}

Result<RestForge::Found> RestForge::find_comment(const RepositoryName& repository, std::int64_t number, std::string_view marker)
{
    Found found;
    const auto path = fmt::format("{}/issues/{}/comments?{}", repository_path(repository), number, dialect_.page_query);
    TRY(rest_.for_each(path, [&](const Json& comment) {
        auto body = get_string(comment, "body");
        // At the start only: a person who quotes the comment must not take it over.
        if (!body.starts_with(marker)) return RestClient::Continue::yes;
        found = Found{get_int(comment, "id"), std::move(body)};
        return RestClient::Continue::no;
    }));
    return found;
}

Result<void> RestForge::ensure_comment(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                                       std::string_view text)
{
    const std::scoped_lock lock(comments_);
    const auto found = TRY(find_comment(repository, number, marker));
    const json::object body{{"body", text}};
    if (found.id == 0) {
        TRY(rest_.post(fmt::format("{}/issues/{}/comments", repository_path(repository), number), body));
    } else if (found.body != text) {
        TRY(rest_.patch(fmt::format("{}/issues/comments/{}", repository_path(repository), found.id), body));
    }
    return {};
}

Result<std::int64_t> RestForge::find_webhook(const RepositoryName& repository, std::string_view url)
{
    std::int64_t id = 0;
    const auto path = fmt::format("{}/hooks?{}", repository_path(repository), dialect_.page_query);
    TRY(rest_.for_each(path, [&](const Json& hook) {
        if (get_string(get_member(hook, "config"), "url") != url) return RestClient::Continue::yes;
        id = get_int(hook, "id");
        return RestClient::Continue::no;
    }));
    return id;
}

Result<void> RestForge::ensure_webhook(const RepositoryName& repository, std::string_view url, std::string_view secret)
{
    json::array events;
    for (const auto& event : dialect_.hook_events) events.emplace_back(event);
    json::object body{{"active", true},
                      {"events", std::move(events)},
                      {"config", json::object{{"url", url}, {"content_type", "json"}, {"secret", secret}}}};
    const auto id = TRY(find_webhook(repository, url));
    if (id != 0) {
        TRY(rest_.patch(fmt::format("{}/hooks/{}", repository_path(repository), id), body));
        return {};
    }
    body[dialect_.hook_kind_key] = dialect_.hook_kind;
    TRY(rest_.post(repository_path(repository) + "/hooks", body));
    return {};
}

Result<void> RestForge::remove_webhook(const RepositoryName& repository, std::string_view url)
{
    const auto id = TRY(find_webhook(repository, url));
    if (id == 0) return {};
    return rest_.remove(fmt::format("{}/hooks/{}", repository_path(repository), id));
}

std::string RestForge::pull_request_ref(std::int64_t number) const
{
    return fmt::format("refs/pull/{}/head", number);
}

std::map<std::string, std::string> RestForge::git_environment() const
{
    if (connection_.token.empty()) return {};
    // Git over HTTP takes the token as a password; both forges ignore the user name. As configuration in the environment it
    // shows neither in the process list nor in the mirror's files, and it is bound to this host.
    const auto basic = to_base64(fmt::format("x-access-token:{}", connection_.token.reveal()));
    return {{"GIT_CONFIG_COUNT", "1"},
            {"GIT_CONFIG_KEY_0", fmt::format("http.{}/.extraHeader", connection_.url)},
            {"GIT_CONFIG_VALUE_0", "Authorization: Basic " + basic}};
}

}  // namespace ramet::forges
