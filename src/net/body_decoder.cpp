#include "net/body_decoder.hpp"

#include <algorithm>
#include <cstring>

namespace ramet::net {

namespace {

// Of one chunk's size line, and of all trailers: nobody sends more in good faith.
constexpr std::uint32_t framing_limit = 16U << 10U;

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_control(char c)
{
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

BodyDecoder BodyDecoder::of_request(const RequestHead& head)
{
    if (head.chunked) return {BodyKind::chunked, State::size_first, 0};
    if (head.content_length && *head.content_length > 0)
        return {BodyKind::length, State::counted, *head.content_length};
    return {};
}

BodyDecoder BodyDecoder::of_response(const ResponseHead& head, std::string_view method)
{
    if (method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) return {};
    if (head.chunked) return {BodyKind::chunked, State::size_first, 0};
    if (!head.content_length) return {BodyKind::until_close, State::endless, 0};
    return {BodyKind::length, *head.content_length > 0 ? State::counted : State::done, *head.content_length};
}

BodyDecoder::Step BodyDecoder::decode(char* data, std::size_t size)
{
    Step step;
    while (step.consumed < size && !is_done() && !is_bad()) {
        const bool is_content = state_ == State::counted || state_ == State::chunk || state_ == State::endless;
        if (!is_content) {
            step_framing(data[step.consumed++]);
            continue;
        }
        auto count = size - step.consumed;
        if (state_ != State::endless) {
            count = static_cast<std::size_t>(std::min<std::uint64_t>(count, left_));
            left_ -= count;
            if (left_ == 0) state_ = state_ == State::counted ? State::done : State::chunk_return;
        }
        if (step.content != step.consumed) std::memmove(data + step.content, data + step.consumed, count);
        step.content += count;
        step.consumed += count;
    }
    return step;
}

void BodyDecoder::step_framing(char c)
{
    if (++framing_bytes_ > framing_limit) {
        state_ = State::bad;
        return;
    }
    switch (state_) {
    case State::size_first:
    case State::size:
    case State::extension:
    case State::size_line_feed: step_size(c); break;
    case State::chunk_return: state_ = c == '\r' ? State::chunk_line_feed : State::bad; break;
    case State::chunk_line_feed:
        state_ = c == '\n' ? State::size_first : State::bad;
        framing_bytes_ = 0;
        break;
    default: step_trailer(c); break;
    }
}

void BodyDecoder::step_size(char c)
{
    if (state_ == State::size_line_feed) {
        state_ = c != '\n' ? State::bad : left_ == 0 ? State::trailer_first : State::chunk;
        return;
    }
    if (state_ == State::extension) {
        if (c == '\r')
            state_ = State::size_line_feed;
        else if (is_control(c))
            state_ = State::bad;
        return;
    }
    const int digit = hex_digit(c);
    if (digit >= 0) {
        // Beyond 2^56 no body is meant, and the next digit could overflow.
        left_ = state_ == State::size_first ? 0 : left_;
        state_ = left_ >> 56U ? State::bad : State::size;
        left_ = left_ << 4U | static_cast<std::uint64_t>(digit);
    } else if (state_ == State::size_first) {
        state_ = State::bad;
    } else {
        state_ = c == '\r' ? State::size_line_feed : c == ';' || c == ' ' || c == '\t' ? State::extension : State::bad;
    }
}

void BodyDecoder::step_trailer(char c)
{
    switch (state_) {
    case State::trailer_first:
        state_ = c == '\r' ? State::last_line_feed : is_control(c) || c == ' ' ? State::bad : State::trailer;
        break;
    case State::trailer:
        if (c == '\r')
            state_ = State::trailer_line_feed;
        else if (is_control(c))
            state_ = State::bad;
        break;
    case State::trailer_line_feed: state_ = c == '\n' ? State::trailer_first : State::bad; break;
    case State::last_line_feed: state_ = c == '\n' ? State::done : State::bad; break;
    default: state_ = State::bad;
    }
}

bool BodyDecoder::end_of_input()
{
    if (state_ == State::endless) state_ = State::done;
    return is_done();
}

}  // namespace ramet::net
