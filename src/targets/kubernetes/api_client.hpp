#pragma once

#include "base/json.hpp"
#include "net/http_client.hpp"
#include "net/web_socket_client.hpp"
#include "targets/kubernetes/credentials.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace ramet::targets::kubernetes {

/// The name under which fields that we set are ours (server-side apply).
inline constexpr std::string_view field_manager = "ramet";

struct Removal {
    std::string uid{};               ///< of the very object; empty: whichever has that name
    std::string resource_version{};  ///< of its very state
    std::string propagation{"Background"};
};

/// JSON with one API server, for any number of threads. What the server says of a failure (a Status) becomes an error: its words are the
/// evidence, beginning with its reason ("NotFound: …", see `has_reason`). An answer that is no Status is never "absent": something between us and
/// the server gave it, so that it is `unavailable`. A request that the server put off (429) is sent again when it says so, within the timeout.
class ApiClient {
public:
    struct Options {
        std::string server;  ///< without a trailing slash
        std::chrono::milliseconds timeout{20'000};
        std::int64_t page = 500;  ///< objects of a list that come at once
        /// For WebSockets, which do not go through `http`: as `ClusterAccess` has them.
        std::string authorities_pem{};
        std::string certificate_pem{};
        std::string key_pem{};
    };
    /// Both outlive it.
    ApiClient(net::HttpClient& http, Credentials& credentials, Options options);

    Result<Json> get(const std::string& path, std::stop_token stop = {});
    /// The same for who would rather wait: a cluster that does not answer is asked again for three seconds. Reading does no harm.
    Result<Json> get_patiently(const std::string& path, std::stop_token stop = {});
    Result<Json> create(const std::string& path, const Json& object, std::stop_token stop = {});
    /// Server-side apply: makes it, or changes the fields that it names and takes away those that we named before. Fields that others
    /// set are taken over.
    Result<Json> apply(const std::string& path, const Json& object, std::stop_token stop = {});
    /// What `create` made is owned as created; from now on as applied. `object` is as the server answered last; conflict when others have come to own
    /// or given up parts of it since.
    Result<Json> disown_creation(const std::string& path, const Json& object, std::stop_token stop = {});
    /// What is there afterwards, on its way or not; not_found when there was nothing, conflict when it was another one.
    Result<Json> remove(const std::string& path, const Removal& removal, std::stop_token stop = {});

    /// Every object of a list, with its kind, in pages, and the resource version of which it tells: watch from there. A page that fails is an error, also
    /// when the server has forgotten the list meanwhile ("Expired").
    Result<std::string> list(const std::string& path, const std::function<void(const Json&)>& each,
                             std::stop_token stop = {});

    enum class Continue : bool { no, yes };
    /// "ADDED", "MODIFIED", "DELETED", "BOOKMARK" and the object.
    using OnEvent = std::function<Continue(std::string_view type, const Json& object)>;
    /// Every change after `resource_version`, until the server ends the stream (some minutes), `on_event` says so, or it is stopped. "Expired" when
    /// the server does not know that version any more: list again.
    Result<void> watch(const std::string& path, const std::string& resource_version, const OnEvent& on_event,
                       std::stop_token stop);

    /// What a path gives that is no JSON, piece by piece until it ends: a container's log.
    Result<void> read_stream(const std::string& path, const net::OnChunk& on_chunk, std::stop_token stop);

    /// For the caller to open, at a path.
    Result<net::WebSocketRequest> prepare_web_socket(const std::string& path);
    /// What the server said in place of opening it.
    Error refusal_of(const net::WebSocketRequest& request, int status, std::string_view body) const;

private:
    Result<Json> call(net::HttpRequest request, const std::stop_token& stop);
    Result<net::HttpResponse> send(net::HttpRequest& request, const net::OnChunk* on_chunk,
                                   const std::stop_token& stop);
    Result<net::HttpResponse> send_once(net::HttpRequest& request, const net::OnChunk* on_chunk,
                                        const std::stop_token& stop);

    net::HttpClient& http_;
    Credentials& credentials_;
    Options options_;
};

/// Created by another operation than apply, its fields would be owned twice, and those that a later apply leaves out would stay.
bool is_owned_as_created(const Json& object);

/// Whether the API server gave that reason: "NotFound", "AlreadyExists", "Conflict", "Expired", …
bool has_reason(const Error& error, std::string_view reason);

}  // namespace ramet::targets::kubernetes
