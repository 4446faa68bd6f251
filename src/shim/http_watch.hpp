#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::shim {

/// Finds where one HTTP/1 message ends in a stream of bytes (RFC 9112, section 6.3), without keeping its body.
class MessageReader {
public:
    enum class State : std::uint8_t {
        between,  ///< nothing of the next message has been seen
        head,
        body,  ///< `remaining_` bytes by Content-Length
        chunk_size,
        chunk_data,
        trailer,
        until_close,
        opaque,  ///< not HTTP/1, or no longer
    };
    enum class Direction : std::uint8_t { request, response };

    explicit MessageReader(Direction direction) : direction_(direction) {}

    /// Consumes from the front of `bytes` up to the end of the present message at most.
    void read(std::string_view& bytes);

    State state() const { return state_; }
    bool is_head_request() const { return is_head_; }
    /// A response to HEAD has no body whatever its head says.
    void expect_no_body(bool no_body) { no_body_ = no_body; }
    void give_up()
    {
        state_ = State::opaque;
        head_ = {};
    }

private:
    void read_head(std::string_view& bytes);
    void read_chunk_size(std::string_view& bytes);
    void read_trailer(std::string_view& bytes);
    void skip(std::string_view& bytes, State next);
    void judge_head();
    void judge_body(std::string_view head);

    Direction direction_;
    State state_ = State::between;
    bool is_head_ = false;
    bool no_body_ = false;
    std::uint64_t remaining_ = 0;
    std::string head_;  ///< also the line of a chunk's size and the trailer's present line
};

/// Watches one connection to know when nothing is in flight on it: then it may be led to another replica between two requests,
/// and a client that keeps its connection never notices that a new version has taken over.
class HttpWatch {
public:
    void feed_request(std::string_view bytes);
    void feed_response(std::string_view bytes);
    /// Whole requests were answered whole, or nothing was ever sent.
    bool is_idle() const;

private:
    void give_up();

    MessageReader request_{MessageReader::Direction::request};
    MessageReader response_{MessageReader::Direction::response};
    bool awaiting_response_ = false;
};

}  // namespace ramet::shim
