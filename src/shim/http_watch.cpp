#include "shim/http_watch.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace ramet::shim {
namespace {

constexpr std::size_t head_limit = 64U << 10U;

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trim(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

/// The value of the first field called `name` in the lines of `head`.
std::optional<std::string_view> find_field(std::string_view head, std::string_view name)
{
    while (true) {
        const auto end = head.find('\n');
        const auto line = head.substr(0, end);
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name))
            return trim(line.substr(colon + 1));
        if (end == std::string_view::npos) return std::nullopt;
        head.remove_prefix(end + 1);
    }
}

bool starts_like_a_request(std::string_view head)
{
    constexpr std::array<std::string_view, 7> methods = {"GET ",    "HEAD ",    "POST ", "PUT ",
                                                         "DELETE ", "OPTIONS ", "PATCH "};
    return std::ranges::any_of(methods, [&](std::string_view method) { return head.starts_with(method); });
}

std::optional<std::uint64_t> parse_number(std::string_view text, int base)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

}  // namespace

void MessageReader::read(std::string_view& bytes)
{
    if (state_ == State::between && !bytes.empty()) state_ = State::head;
    while (!bytes.empty()) {
        switch (state_) {
        case State::between: return;
        case State::head: read_head(bytes); break;
        case State::body: skip(bytes, State::between); break;
        case State::chunk_size: read_chunk_size(bytes); break;
        case State::chunk_data: skip(bytes, State::chunk_size); break;
        case State::trailer: read_trailer(bytes); break;
        case State::until_close:
        case State::opaque: bytes = {}; break;
        }
    }
}

void MessageReader::read_head(std::string_view& bytes)
{
    const auto before = head_.size();
    head_ += bytes;
    const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
        bytes = {};
        if (head_.size() > head_limit) give_up();
        return;
    }
    bytes.remove_prefix(end + 4 - before);
    head_.resize(end);
    judge_head();
    head_ = {};
}

void MessageReader::judge_head()
{
    if (direction_ == Direction::request) {
        if (!starts_like_a_request(head_)) return give_up();
        is_head_ = head_.starts_with("HEAD ");
        return judge_body(head_);
    }
    if (!head_.starts_with("HTTP/1.") || head_.size() < 12) return give_up();
    const auto status = std::string_view(head_).substr(9, 3);
    if (status == "101") return give_up();
    if (status.front() == '1') {
        state_ = State::head;  // An interim answer: the final one follows.
        return;
    }
    if (no_body_ || status == "204" || status == "304")
        state_ = State::between;
    else
        judge_body(head_);
}

void MessageReader::judge_body(std::string_view head)
{
    if (const auto coding = find_field(head, "transfer-encoding")) {
        if (!equals_ignoring_case(*coding, "chunked")) return give_up();
        state_ = State::chunk_size;
        return;
    }
    const auto length = find_field(head, "content-length");
    if (!length) {
        state_ = direction_ == Direction::request ? State::between : State::until_close;
        return;
    }
    const auto bytes = parse_number(*length, 10);
    if (!bytes) return give_up();
    remaining_ = *bytes;
    state_ = remaining_ == 0 ? State::between : State::body;
}

void MessageReader::skip(std::string_view& bytes, State next)
{
    const auto count = std::min<std::uint64_t>(remaining_, bytes.size());
    bytes.remove_prefix(count);
    remaining_ -= count;
    if (remaining_ == 0) state_ = next;
}

void MessageReader::read_chunk_size(std::string_view& bytes)
{
    const auto end = bytes.find('\n');
    head_ += bytes.substr(0, end);
    if (head_.size() > 1024) return give_up();
    if (end == std::string_view::npos) {
        bytes = {};
        return;
    }
    bytes.remove_prefix(end + 1);
    // The line break that ends a chunk's data comes as an empty line before the next size.
    const auto line = trim(head_);
    const auto size = parse_number(line, 16);
    if (!size && !line.empty()) return give_up();
    if (size) {
        remaining_ = *size;
        state_ = *size == 0 ? State::trailer : State::chunk_data;
    }
    head_ = {};
}

void MessageReader::read_trailer(std::string_view& bytes)
{
    const auto end = bytes.find('\n');
    head_ += bytes.substr(0, end);
    if (head_.size() > head_limit) return give_up();
    if (end == std::string_view::npos) {
        bytes = {};
        return;
    }
    bytes.remove_prefix(end + 1);
    if (trim(head_).empty()) state_ = State::between;
    head_ = {};
}

void HttpWatch::feed_request(std::string_view bytes)
{
    using State = MessageReader::State;
    while (!bytes.empty() && request_.state() != State::opaque) {
        // A request behind one that is not answered yet (pipelining) is too rare to be followed.
        if (request_.state() == State::between && awaiting_response_) return give_up();
        if (request_.state() == State::between) awaiting_response_ = true;
        request_.read(bytes);
        response_.expect_no_body(request_.is_head_request());
    }
    if (request_.state() == State::opaque) give_up();
}

void HttpWatch::feed_response(std::string_view bytes)
{
    using State = MessageReader::State;
    while (!bytes.empty() && response_.state() != State::opaque) {
        if (!awaiting_response_) return give_up();  // Whoever speaks first does not speak HTTP.
        response_.read(bytes);
        if (response_.state() == State::between) awaiting_response_ = false;
    }
    if (response_.state() == State::opaque) give_up();
}

bool HttpWatch::is_idle() const
{
    using State = MessageReader::State;
    return !awaiting_response_ && request_.state() == State::between && response_.state() == State::between;
}

void HttpWatch::give_up()
{
    request_.give_up();
    response_.give_up();
}

}  // namespace ramet::shim
