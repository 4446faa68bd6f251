#include "app/due_keys.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

constexpr std::size_t remembered_spaced = 1'000;
constexpr int widest_gap = 10;

}  // namespace

bool DueKeys::add(const std::string& key, Milliseconds due)
{
    const auto [found, is_new] = waiting_.emplace(key, due);
    if (is_new) return true;
    if (found->second <= due) return false;
    found->second = due;
    return true;
}

bool DueKeys::add_spaced(const std::string& key, Milliseconds spacing, Milliseconds now)
{
    return add(key, next_spaced(key, spacing, now));
}

Milliseconds DueKeys::next_spaced(const std::string& key, Milliseconds spacing, Milliseconds now)
{
    if (spaced_.size() >= remembered_spaced)
        std::erase_if(spaced_, [&](const auto& one) { return one.second.last + one.second.gap < now; });
    const auto [found, is_first] = spaced_.emplace(key, Spaced{now, spacing});
    auto& [last, gap] = found->second;
    if (is_first || last > now) return last;
    if (last + gap <= now) {
        found->second = {now, spacing};
    } else {
        last += gap;
        gap = std::min(2 * gap, widest_gap * spacing);
    }
    return last;
}

DueKeys::Next DueKeys::take(Milliseconds now)
{
    Next next;
    for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
        const auto& [key, due] = *waiting;
        if (running_.contains(key)) continue;  // It is looked for again when that has ended.
        if (due <= now) {
            next.key = key;
            running_.insert(key);
            waiting_.erase(waiting);
            return next;
        }
        next.at = std::min(next.at.value_or(due), due);
    }
    return next;
}

DueKeys::Load DueKeys::load(Milliseconds now) const
{
    Load load;
    for (const auto& [key, due] : waiting_) {
        if (due > now) continue;
        ++load.due;
        load.lag = std::max(load.lag, now - due);
    }
    return load;
}

}  // namespace ramet::app
