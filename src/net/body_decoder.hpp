#pragma once
// Private to the server and the proxy.

#include "net/http_head.hpp"

#include <cstddef>
#include <cstdint>

namespace ramet::net {

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

/// Finds the end of a message's body as its bytes come in, and takes the chunk framing out (RFC 9112 §6, §7).
/// Trailers are checked and dropped.
class BodyDecoder {
public:
    BodyDecoder() = default;
    static BodyDecoder of_request(const RequestHead& head);
    /// `method` is that of the request: a response to HEAD has no body, whatever its head says.
    static BodyDecoder of_response(const ResponseHead& head, std::string_view method);

    /// Everything until the end of the connection: a tunnel.
    static BodyDecoder of_tunnel() { return {BodyKind::until_close, State::endless, 0}; }

    struct Step {
        /// Bytes of the input that belong to this message.
        std::size_t consumed = 0;
        /// Bytes of content, which now stand at the front of the input.
        std::size_t content = 0;
    };

    /// Eats from `data`, moving the content together at its front.
    Step decode(char* data, std::size_t size);

    BodyKind kind() const { return kind_; }
    bool is_done() const { return state_ == State::done; }
    bool is_bad() const { return state_ == State::bad; }
    /// For a body of kind `until_close`: the connection ended. False when that cuts the message off.
    bool end_of_input();

private:
    enum class State : std::uint8_t {
        done,
        bad,
        counted,
        endless,
        size_first,
        size,
        extension,
        size_line_feed,
        chunk,
        chunk_return,
        chunk_line_feed,
        trailer_first,
        trailer,
        trailer_line_feed,
        last_line_feed,
    };

    BodyDecoder(BodyKind kind, State state, std::uint64_t left) : kind_(kind), state_(state), left_(left) {}
    void step_framing(char c);
    void step_size(char c);
    void step_trailer(char c);

    BodyKind kind_ = BodyKind::none;
    State state_ = State::done;
    std::uint64_t left_ = 0;
    std::uint32_t framing_bytes_ = 0;
};

}  // namespace ramet::net
