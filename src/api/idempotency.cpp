#include "api/idempotency.hpp"

#include "api/problem.hpp"
#include "app/context.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

namespace ramet::api {

namespace {

using storage::IdempotencyKeys;
using Standing = IdempotencyKeys::Standing;

constexpr std::string_view header = "Idempotency-Key";
constexpr std::size_t longest_key = 255;

bool is_valid(std::string_view key)
{
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    return !key.empty() && key.size() <= longest_key && std::ranges::all_of(key, is_visible);
}

IdempotencyKeys::Key key_of(const Ask& ask)
{
    return {sha256_hex(bearer_token(ask.request)) + "/" + ask.caller.project,
            std::string(ask.request.headers.get(header))};
}

// A body may hold a secret (a Git host's token). Under the caller's own token as the key its hash tells nothing to whoever
// reads the database, which does not have that token.
std::string hash_of(const net::Request& request)
{
    std::string whole = request.method;
    const auto add = [&](std::string_view part) { whole += fmt::format(" {}:{}", part.size(), part); };
    for (const auto& part : request.segments) add(part);
    for (const auto& [name, value] : request.query) {
        add(name);
        add(value);
    }
    add(request.body);
    return hmac_sha256_hex(bearer_token(request), whole);
}

net::Response refuse(ErrorKind kind, std::string message, std::string next_step)
{
    return to_problem(Error{kind, std::move(message), {}, std::move(next_step), std::string(header)}, Understood::yes);
}

net::Response repeat(const Route& route, const IdempotencyKeys::Answer& answer)
{
    if (route.repetition == Repetition::gets_no_secret)
        return refuse(ErrorKind::conflict,
                      "this was done, and its answer holds a secret that is shown once and not kept",
                      "take back what was made and ask anew with another key: ramet token list");
    net::Response response{.status = answer.status, .body = answer.body};
    add_security_headers(response.headers);
    if (!answer.location.empty()) response.headers.set("Location", answer.location);
    if (!answer.body.empty()) response.headers.set("Content-Type", "application/json");
    response.headers.set("Idempotent-Replayed", "true");
    return response;
}

net::Response still_running()
{
    auto response = refuse(ErrorKind::conflict, "the first request with this key is still being worked on",
                           "ask again in a moment, with the same key");
    response.headers.set("Retry-After", "1");
    return response;
}

net::Response answer_repetition(const Route& route, const IdempotencyKeys::Claim& claim, std::string_view hash)
{
    if (claim.request_hash != hash)
        return refuse(ErrorKind::invalid, "this key was used for another request",
                      "use a key of its own for each request");
    switch (claim.standing) {
    case Standing::answered: return repeat(route, claim.answer);
    case Standing::interrupted:
        return refuse(ErrorKind::conflict,
                      "the server ended while it worked on the first request with this key: it may "
                      "be done or not, and is not done again",
                      "look at what is there (ramet preview list), then ask with another key if it is still wanted");
    default: return still_running();
    }
}

/// A claim that is ours. What was not answered when it goes (a failure, an exception) is free for another try.
class Claimed {
public:
    Claimed(app::App& app, const IdempotencyKeys::Key& key) : app_(app), key_(key) {}
    Claimed(const Claimed&) = delete;
    Claimed& operator=(const Claimed&) = delete;
    ~Claimed()
    {
        if (is_answered_) return;
        note(app_.database.write([&](storage::Transaction& transaction) {
            return app_.stores.idempotency_keys.release(transaction, key_);
        }));
    }

    void answer(const IdempotencyKeys::Answer& answer)
    {
        is_answered_ = true;
        note(app_.database.write([&](storage::Transaction& transaction) {
            return app_.stores.idempotency_keys.answer(transaction, key_, answer);
        }));
    }

private:
    // What was done stands: a repetition finds the claim, and does not do it again.
    static void note(const Result<void>& written)
    {
        if (!written) log::error("an answer could not be kept for its repetition: {}", written.error().message);
    }

    app::App& app_;
    const IdempotencyKeys::Key& key_;
    bool is_answered_ = false;
};

Result<IdempotencyKeys::Claim> claim_key(const Ask& ask, const IdempotencyKeys::Key& key, std::string_view hash)
{
    IdempotencyKeys::Claim claim;
    TRY(ask.app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        claim = TRY(ask.app.stores.idempotency_keys.claim(transaction, key, hash, ask.app.clock.now()));
        return {};
    }));
    return claim;
}

}  // namespace

bool has_idempotency_key(const Route& route, const net::Request& request)
{
    return route.method == "POST" && route.policy.kind == Policy::Kind::role &&
           route.repetition != Repetition::does_no_harm && request.headers.contains(header);
}

net::Response respond_once(const Route& route, const Ask& ask, const std::function<net::Response()>& respond)
{
    const auto key = key_of(ask);
    if (!is_valid(key.key))
        return refuse(ErrorKind::invalid, "a key is 1 to 255 visible ASCII characters", "use a random UUID");
    const auto hash = hash_of(ask.request);
    const auto claim = claim_key(ask, key, hash);
    if (!claim) return to_problem(claim.error(), Understood::yes);
    if (claim->standing != Standing::begun) return answer_repetition(route, *claim, hash);
    Claimed claimed(ask.app, key);
    auto response = respond();
    if (response.status >= 300) return response;
    const bool is_secret = route.repetition == Repetition::gets_no_secret;
    claimed.answer(
        {response.status, std::string(response.headers.get("location")), is_secret ? std::string() : response.body});
    return response;
}

}  // namespace ramet::api
