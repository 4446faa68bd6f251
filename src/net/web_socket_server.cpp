#include "net/web_socket_server.hpp"

#include "base/text.hpp"
#include "net/beast_wire.hpp"
#include "net/upgrade.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <algorithm>

namespace ramet::net {

namespace {

namespace http = boost::beast::http;

/// "keep-alive, Upgrade" has the token "upgrade".
bool has_token(std::string_view list, std::string_view token)
{
    while (!list.empty()) {
        const auto part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), part.size() + 1));
        if (equals_ignoring_case(trim(part), token)) return true;
    }
    return false;
}

beast::string_view to_beast(std::string_view text)
{
    return {text.data(), text.size()};
}

}  // namespace

bool wants_web_socket(const Request& request)
{
    return request.method == "GET" && has_token(request.headers.get("Upgrade"), "websocket") &&
           has_token(request.headers.get("Connection"), "upgrade") && request.headers.contains("Sec-WebSocket-Key");
}

std::shared_ptr<Wire> accept_web_socket(tcp::socket socket, const Request& request, const WireOptions& options,
                                        std::function<void(bool)> on_open)
{
    http::request<http::empty_body> head(http::verb::get, to_beast(request.path), 11);
    for (const auto& [name, value] : request.headers) head.insert(to_beast(name), to_beast(value));
    auto wire = std::make_shared<BeastWire<tcp::socket>>(options, std::move(socket));
    wire->stream().set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set(http::field::server, "ramet"); }));
    wire->stream().async_accept(head, [wire, on_open = std::move(on_open)](ErrorCode error) { on_open(!error); });
    return wire;
}

}  // namespace ramet::net
