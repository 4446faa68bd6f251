#include "api/log_feed.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::api {

namespace {

constexpr std::size_t read_size = 64U << 10U;
// Of one log at one beat: a log that is written faster than it is sent must not keep the other streams waiting.
constexpr std::size_t beat_bytes = 256U << 10U;
// Revocation closes streams within 5 seconds.
constexpr auto check_every = std::chrono::seconds(3);

}  // namespace

LogFeed::LogFeed(Options options, net::StreamWriter writer)
    : may_read_(std::move(options.may_read)), writer_(std::move(writer))
{
    const bool are_several = options.sources.size() > 1;
    for (auto& source : options.sources)
        tails_.push_back({.label = are_several ? source.name + " | " : std::string(),
                          .log = std::move(source.log),
                          .redact = options.make_redactor()});
}

Feed::State LogFeed::pump()
{
    for (auto& tail : tails_) is_open_ = is_open_ && send_new(tail);
    const bool are_over = std::ranges::all_of(tails_, &Tail::is_over);
    if (is_open_ && !are_over && is_still_allowed()) return State::open;
    end();
    return State::over;
}

bool LogFeed::is_still_allowed()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - last_checked_ < check_every) return true;
    last_checked_ = now;
    return !may_read_ || may_read_();
}

bool LogFeed::send_new(Tail& tail)
{
    for (std::size_t sent = 0; sent < beat_bytes && !tail.is_over;) {
        const auto text = tail.log->read(read_size);
        tail.is_over = !text;
        if (!text || text->empty()) return true;
        sent += text->size();
        if (!send_lines(tail, *text)) return false;
    }
    return true;
}

bool LogFeed::send_lines(Tail& tail, std::string_view text)
{
    // Nothing would mean the end to the redactor.
    if (text.empty()) return true;
    tail.partial += tail.redact(text);
    return send_whole_lines(tail);
}

bool LogFeed::send_whole_lines(Tail& tail)
{
    const auto end = tail.partial.rfind('\n');
    if (end == std::string::npos) return true;
    std::string out;
    for (const auto& line : split(std::string_view(tail.partial).substr(0, end), '\n')) out += tail.label + line + "\n";
    tail.partial.erase(0, end + 1);
    return writer_.write(out);
}

void LogFeed::end()
{
    for (auto& tail : tails_) {
        tail.partial += tail.redact({});
        if (!tail.partial.empty() && !tail.partial.ends_with('\n')) tail.partial += '\n';
        is_open_ = is_open_ && send_whole_lines(tail);
    }
    writer_.close();
}

}  // namespace ramet::api
