#include "secrets/redacting_stream.hpp"

#include <algorithm>

namespace ramet::secrets {

RedactingStream::RedactingStream(const Redactor& redactor)
    : redactor_(redactor), version_(redactor.version()), matchers_(redactor.snapshot()),
      states_(matchers_->size(), Matcher::start)
{
}

std::string RedactingStream::feed(std::string_view chunk)
{
    follow_registry();
    const auto from = held_.size();
    held_ += chunk;
    scan(from);
    return release(settled_end());
}

std::string RedactingStream::finish()
{
    follow_registry();
    auto rest = release(held_.size());
    std::ranges::fill(states_, Matcher::start);
    return rest;
}

void RedactingStream::follow_registry()
{
    const auto version = redactor_.version();
    if (version == version_) return;
    version_ = version;
    matchers_ = redactor_.snapshot();
    states_.assign(matchers_->size(), Matcher::start);
    scan(0);
}

void RedactingStream::scan(std::size_t from)
{
    for (std::size_t m = 0; m < matchers_->size(); ++m) {
        const Matcher& matcher = *(*matchers_)[m];
        auto state = states_[m];
        for (std::size_t i = from; i < held_.size(); ++i) {
            state = matcher.next(state, held_[i]);
            if (const auto length = matcher.match(state); length > 0) mark({i + 1 - length, i + 1});
        }
        states_[m] = state;
    }
}

void RedactingStream::mark(Interval found)
{
    // Almost always at the end; further in front when another automaton, or an earlier scan, has found something
    // behind.
    auto at = found_.end();
    while (at != found_.begin() && std::prev(at)->begin >= found.end) --at;
    auto first = at;
    while (first != found_.begin() && std::prev(first)->end > found.begin) {
        --first;
        found = {std::min(found.begin, first->begin), std::max(found.end, first->end)};
    }
    found_.insert(found_.erase(first, at), found);
}

std::size_t RedactingStream::settled_end() const
{
    auto end = held_.size();
    for (std::size_t m = 0; m < states_.size(); ++m)
        end = std::min(end, held_.size() - (*matchers_)[m]->depth(states_[m]));
    // A secret is shown as one mark, so one that is longer than what is settled waits as a whole.
    for (const auto& secret : found_)
        if (secret.begin < end && secret.end > end) end = secret.begin;
    return end;
}

std::string RedactingStream::release(std::size_t end)
{
    std::string out;
    std::size_t shown = 0;
    auto next = found_.begin();
    for (; next != found_.end() && next->end <= end; ++next) {
        out.append(held_, shown, next->begin - shown).append(redacted_mark);
        shown = next->end;
    }
    out.append(held_, shown, end - shown);
    held_.erase(0, end);
    found_.erase(found_.begin(), next);
    for (auto& secret : found_) secret = {secret.begin - end, secret.end - end};
    return out;
}

}  // namespace ramet::secrets
