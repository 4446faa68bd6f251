#include "forges/rest_forge.hpp"

#include "base/hash.hpp"
#include "forges/events.hpp"
#include "forges/file_json.hpp"
#include "forges/paths.hpp"
#include "forges/plain_text.hpp"
#include "forges/pull_request_json.hpp"

#include <algorithm>

namespace ramet::forges {

namespace {

// Both forges cut longer descriptions or refuse them; GitHub documents 140 characters.
constexpr std::size_t description_limit = 140;

RestClient::Options rest_options(const Dialect& dialect, const Connection& connection, std::string api_url)
{
    RestClient::Options options{std::move(api_url), {}};
    if (!connection.token.empty())
        options.headers.set("Authorization",
                            fmt::format("{} {}", dialect.authorization_scheme, connection.token.reveal()));
    options.headers.set("Accept", dialect.accept);
    if (!dialect.api_version.empty()) options.headers.set("X-GitHub-Api-Version", dialect.api_version);
    return options;
}

std::string find_header(const Delivery& delivery, std::string_view name)
{
    const auto found = delivery.headers.find(std::string(name));
    return found == delivery.headers.end() ? std::string() : found->second;
}

// Nonsense instead of a word must not read as "no": a person would be told that they lost their right.
Result<bool> read_permission(const Json& object)
{
    const auto permission = get_string(object, "permission");
    if (permission == "write" || permission == "admin" || permission == "owner") return true;
    if (permission == "read" || permission == "none") return false;
    return fail(ErrorKind::unavailable, "the Git host's permission is \"{}\", which is none that Ramet knows",
                permission);
}

}  // namespace

Connection normalize(const Connection& connection)
{
    return Connection{connection.url.substr(0, connection.url.find_last_not_of('/') + 1), connection.token.clone()};
}

RestForge::RestForge(const Dialect& dialect, net::HttpClient& http, Connection connection, std::string api_url)
    : dialect_(dialect), connection_(std::move(connection)),
      rest_(http, rest_options(dialect_, connection_, std::move(api_url))), comments_(rest_, dialect_.page_query),
      webhooks_(rest_, dialect_.webhook, dialect_.page_query)
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
    if (read.name.name.empty() || read.default_branch.empty())
        return fail(ErrorKind::unavailable, "the Git host's description of {} lacks its name or branch",
                    repository.str());
    // Not the payload's `clone_url`: that could lead git anywhere, and the token is for this address only.
    read.clone_url =
        fmt::format("{}/{}/{}.git", connection_.url, encode_path(read.name.owner), encode_path(read.name.name));
    read.is_private = get_bool(object, "private");
    read.can_administer = get_bool(get_member(object, "permissions"), "admin");
    return read;
}

Result<PullRequest> RestForge::get_pull_request(const RepositoryName& repository, std::int64_t number)
{
    if (number <= 0) return fail(ErrorKind::invalid, "{} is not the number of a pull request", number);
    const auto object = TRY(rest_.get(fmt::format("{}/pulls/{}", repository_path(repository), number)));
    auto read = TRY(read_pull_request(object, repository));
    if (read.number != number)
        return fail(ErrorKind::unavailable, "the Git host answered with pull request {} when asked for {}", read.number,
                    number);
    return read;
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
    if (branch.empty()) return fail(ErrorKind::invalid, "a branch needs a name");
    const auto path = fmt::format("{}/branches/{}", repository_path(repository), encode_path(branch, Slash::keep));
    const auto object = TRY(rest_.get(path));
    const auto sha = get_string(get_member(object, "commit"), dialect_.commit_id_key);
    if (!is_commit_sha(sha))
        return fail(ErrorKind::unavailable, "the Git host's branch {} has no usable commit", branch);
    return CommitSha(sha);
}

Result<std::string> RestForge::get_file(const RepositoryName& repository, std::string_view path,
                                        std::string_view reference)
{
    if (reference.empty()) return fail(ErrorKind::invalid, "a file is read at a commit or branch");
    // Not Gitea's `/raw/`: for a reference that does not exist it gives the default branch's file.
    const auto place = fmt::format("{}/contents/{}?ref={}", repository_path(repository), encode_path(path, Slash::keep),
                                   encode_path(reference));
    return read_file_content(TRY(rest_.get(place)), path);
}

Result<bool> RestForge::may_write(const RepositoryName& repository, std::string_view login)
{
    if (login.empty()) return fail(ErrorKind::invalid, "a login needs a name");
    const auto path = fmt::format("{}/collaborators/{}/permission", repository_path(repository), encode_path(login));
    const auto object = rest_.get(path);
    if (!object && object.error().kind == ErrorKind::not_found) return false;
    if (!object) return std::unexpected(object.error());
    return read_permission(*object);
}

Result<void> RestForge::set_status(const RepositoryName& repository, const CommitStatus& status)
{
    json::object body{{"state", to_string(status.state)},
                      {"context", status.context},
                      {"description", cut_text(clean_text(status.description), description_limit)}};
    if (!status.target_url.empty()) body["target_url"] = status.target_url;
    const auto path = fmt::format("{}/statuses/{}", repository_path(repository), status.commit.str());
    const auto made = TRY(rest_.post(path, body));
    if (get_int(made, "id") <= 0)
        return fail(ErrorKind::unavailable, "the Git host's answer to POST {} is no status", path);
    comments_.learn_author(get_member(made, "creator"));
    return {};
}

Result<void> RestForge::ensure_comment(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                                       std::string_view text)
{
    return comments_.ensure(repository, number, marker, text);
}

Result<void> RestForge::ensure_webhook(const RepositoryName& repository, std::string_view url, std::string_view secret)
{
    // An empty one would make every delivery unverifiable.
    if (secret.empty()) return fail(ErrorKind::invalid, "a webhook needs a secret");
    return webhooks_.ensure(repository, {.url = url, .secret = secret});
}

Result<void> RestForge::remove_webhook(const RepositoryName& repository, std::string_view url)
{
    return webhooks_.remove(repository, url);
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
