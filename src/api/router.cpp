#include "api/router.hpp"

#include "api/conditional.hpp"
#include "api/idempotency.hpp"
#include "api/problem.hpp"
#include "app/access.hpp"
#include "base/text.hpp"

#include <charconv>
#include <set>

namespace ramet::api {

namespace {

bool is_parameter(std::string_view segment)
{
    return segment.starts_with('{') && segment.ends_with('}');
}

std::vector<std::string> segments_of(std::string_view pattern)
{
    std::vector<std::string> segments;
    for (auto& part : split(pattern, '/'))
        if (!part.empty()) segments.push_back(std::move(part));
    return segments;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& segments)
{
    if (pattern.size() != segments.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (!is_parameter(pattern[i]) && pattern[i] != segments[i]) return false;
    return true;
}

// Literal segments beat parameters: "/tokens/self" must not be taken for "/tokens/{id}".
std::size_t literals_in(const std::vector<std::string>& pattern)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(pattern, [](const auto& part) { return !is_parameter(part); }));
}

void add_once(std::vector<std::string>& words, const std::string& word)
{
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
}

Result<app::Caller> admit(app::App& app, const Route& route, const net::Request& request)
{
    if (route.policy.kind == Policy::Kind::open) return app::Caller{};
    auto caller = TRY(app::authenticate(app, bearer_token(request)));
    if (!app::includes(caller.role, route.policy.role))
        return fail(ErrorKind::forbidden, "this needs a token with the role {}; yours is {}",
                    to_string(route.policy.role), to_string(caller.role));
    return caller;
}

Result<Json> read_body(const Route& route, const net::Request& request)
{
    if (!route.reads_json || request.body.empty()) return Json(nullptr);
    auto body = TRY(parse_json(request.body));
    if (!body.is_object()) return fail(ErrorKind::invalid, "the body must be a JSON object");
    return body;
}

// A body that is no JSON is 400; one that was understood and cannot be accepted is 422. Whether a raw body (a webhook's) could
// be understood is the use case's word: it says where.
net::Response refuse(const Route& route, const Error& error)
{
    const bool was_understood = route.reads_json || !error.where.empty();
    return to_problem(error, was_understood ? Understood::yes : Understood::no);
}

net::Response respond(const Route& route, const Ask& ask)
{
    const auto reply = route.handle(ask);
    return reply ? with_tag(ask.request, to_response(*reply), reply->version) : refuse(route, reply.error());
}

Result<void> answer(app::App& app, StreamPump& pump, const Router& router, const net::Request& request,
                    const net::Responder& responder)
{
    auto match = TRY(router.find(request.method, request.segments));
    if (match.route == nullptr) {
        responder.send(to_method_problem(request.method, match.allowed));
        return {};
    }
    const auto& route = *match.route;
    auto caller = TRY(admit(app, route, request));
    auto body = TRY(read_body(route, request));
    const Ask ask{app, pump, request, std::move(caller), std::move(match.path), std::move(body)};
    if (route.handle_stream) {
        const auto taken = route.handle_stream(ask, responder);
        if (!taken) responder.send(refuse(route, taken.error()));
    } else if (has_idempotency_key(route, request)) {
        responder.send(respond_once(route, ask, [&] { return respond(route, ask); }));
    } else {
        responder.send(respond(route, ask));
    }
    return {};
}

}  // namespace

std::string Ask::path_value(std::string_view name) const
{
    const auto found = path.find(name);
    return found == path.end() ? std::string() : found->second;
}

Result<std::int64_t> Ask::query_number(std::string_view name, std::int64_t fallback) const
{
    const auto text = request.query_value(name);
    if (text.empty()) return fallback;
    std::int64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || rest != end || number < 0)
        return fail(ErrorKind::invalid, "the query parameter {} must be a number, not \"{}\"", name, text);
    return number;
}

std::string bearer_token(const net::Request& request)
{
    constexpr std::string_view scheme = "Bearer ";
    const auto value = request.headers.get("authorization");
    return value.starts_with(scheme) ? std::string(value.substr(scheme.size())) : std::string();
}

Result<Router> Router::make(std::vector<Route> routes)
{
    Router router;
    std::set<std::string> seen;
    for (const auto& route : routes) {
        const auto call = route.method + " " + route.pattern;
        if (route.policy.kind == Policy::Kind::unset)
            return fail(ErrorKind::internal, "the route {} has no policy", call);
        if (!route.handle == !route.handle_stream)
            return fail(ErrorKind::internal, "the route {} needs one handler", call);
        if (!seen.insert(call).second) return fail(ErrorKind::internal, "the route {} stands twice", call);
        router.patterns_.push_back(segments_of(route.pattern));
    }
    router.routes_ = std::move(routes);
    return router;
}

Result<Router::Match> Router::find(std::string_view method, const std::vector<std::string>& segments) const
{
    // The server leaves the body out.
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const Route* best = nullptr;
    std::size_t best_literals = 0;
    Match wrong_method;
    const std::vector<std::string>* pattern = nullptr;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!matches(patterns_[i], segments)) continue;
        if (routes_[i].method != wanted) {
            add_once(wrong_method.allowed, routes_[i].method);
            if (routes_[i].method == "GET") add_once(wrong_method.allowed, "HEAD");
            continue;
        }
        if (best != nullptr && literals_in(patterns_[i]) <= best_literals) continue;
        best = &routes_[i];
        best_literals = literals_in(patterns_[i]);
        pattern = &patterns_[i];
    }
    if (best == nullptr && wrong_method.allowed.empty())
        return fail(ErrorKind::not_found, "there is nothing at this address");
    if (best == nullptr) return wrong_method;
    Match match{.route = best};
    for (std::size_t i = 0; i < pattern->size(); ++i) {
        const auto& part = (*pattern)[i];
        if (is_parameter(part)) match.path.emplace(part.substr(1, part.size() - 2), segments[i]);
    }
    return match;
}

void serve(app::App& app, StreamPump& pump, const Router& router, const net::Request& request,
           const net::Responder& responder)
{
    const auto answered = answer(app, pump, router, request, responder);
    if (!answered) responder.send(to_problem(answered.error(), Understood::no));
}

}  // namespace ramet::api
