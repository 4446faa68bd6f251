#include "forges/comments.hpp"

#include "forges/paths.hpp"
#include "forges/plain_text.hpp"

namespace ramet::forges {

namespace {

// GitHub refuses bodies of more than 65,536 characters; evidence may be long.
constexpr std::size_t text_limit = 60'000;

std::string compose(std::string_view marker, std::string_view text)
{
    auto body = clean_text(text);
    // Without its marker it would never be found again, and each report would make a new one.
    if (!body.starts_with(marker)) body = std::string(marker) + "\n" + body;
    if (body.size() > text_limit) body = std::string(cut_text(body, text_limit)) + "\n…";
    return body;
}

// Forges keep bodies as they are or trim their ends and line ends: that is no difference.
std::string without_line_ends(std::string_view text)
{
    std::string same;
    for (const char c : text)
        if (c != '\r') same += c;
    same.erase(same.find_last_not_of(" \n\t") + 1);
    return same;
}

}  // namespace

Result<void> Comments::ensure(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                              std::string_view text)
{
    if (marker.empty()) return fail(ErrorKind::internal, "a comment needs a marker");
    const std::scoped_lock turn(turn_of(repository, number));
    const auto found = TRY(find(repository, number, marker));
    const auto body = compose(marker, text);
    const Json request = json::object{{"body", body}};
    if (found.id == 0) return create(repository, number, request);
    if (without_line_ends(found.body) == without_line_ends(body)) return {};
    const auto edited =
        rest_.patch(fmt::format("{}/issues/comments/{}", repository_path(repository), found.id), request);
    // Somebody deleted it since it was found.
    if (!edited && edited.error().kind == ErrorKind::not_found) return create(repository, number, request);
    if (!edited) return std::unexpected(edited.error());
    return {};
}

void Comments::learn_author(const Json& user)
{
    const auto id = get_int(user, "id");
    const std::scoped_lock lock(author_mutex_);
    if (author_ == 0 && id > 0) author_ = id;
}

Result<Comments::Found> Comments::find(const RepositoryName& repository, std::int64_t number, std::string_view marker)
{
    const auto author = TRY(find_author());
    Found found;
    const auto path = fmt::format("{}/issues/{}/comments?{}", repository_path(repository), number, page_query_);
    TRY(rest_.for_each(path, [&](const Json& comment) {
        auto body = get_string(comment, "body");
        const bool is_ours =
            body.starts_with(marker) && (author == 0 || get_int(get_member(comment, "user"), "id") == author);
        if (!is_ours) return RestClient::Continue::yes;
        found = Found{get_int(comment, "id", -1), std::move(body)};
        return RestClient::Continue::no;
    }));
    if (found.id < 0)
        return fail(ErrorKind::unavailable, "the Git host's comment on {}#{} has no usable `id`", repository.str(),
                    number);
    return found;
}

Result<void> Comments::create(const RepositoryName& repository, std::int64_t number, const Json& body)
{
    const auto path = fmt::format("{}/issues/{}/comments", repository_path(repository), number);
    const auto made = TRY(rest_.post(path, body));
    if (get_int(made, "id") <= 0)
        return fail(ErrorKind::unavailable, "the Git host's answer to POST {} is no comment", path);
    learn_author(get_member(made, "user"));
    return {};
}

Result<std::int64_t> Comments::find_author()
{
    {
        const std::scoped_lock lock(author_mutex_);
        if (author_ != 0) return author_;
    }
    const auto user = rest_.get("/user");
    const bool may_not_ask =
        !user && (user.error().kind == ErrorKind::forbidden || user.error().kind == ErrorKind::not_found);
    if (!user && !may_not_ask) return std::unexpected(user.error());
    if (user && get_int(*user, "id") <= 0)
        return fail(ErrorKind::unavailable, "the Git host's user has no usable `id`");
    if (user) learn_author(*user);
    const std::scoped_lock lock(author_mutex_);
    return author_;
}

std::mutex& Comments::turn_of(const RepositoryName& repository, std::int64_t number)
{
    const auto hash = std::hash<std::string>()(repository.str()) + static_cast<std::size_t>(number);
    return turns_[hash % turns_.size()];
}

}  // namespace ramet::forges
