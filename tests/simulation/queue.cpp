#include "simulation/queue.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

std::uint64_t SeededRandom::next()
{
    state_ += 0x9E3779B97F4A7C15ULL;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
}

void Trace::add(Milliseconds at, std::string_view line)
{
    const auto mix = [this](unsigned char byte) { hash_ = (hash_ ^ byte) * 1099511628211ULL; };
    for (auto time = at.count(); time > 0; time >>= 8U) mix(static_cast<unsigned char>(time & 0xFF));
    for (const auto letter : line) mix(static_cast<unsigned char>(letter));
    if (keeps_) lines_.push_back(fmt::format("{:9.3f}s  {}", static_cast<double>(at.count()) / 1000.0, line));
}

void EventQueue::add(Milliseconds when, Work work)
{
    events_.emplace(Key{std::max(when, steady_), ++arrivals_}, std::move(work));
}

bool EventQueue::run_next()
{
    if (events_.empty()) return false;
    const auto first = events_.begin();
    steady_ = first->first.first;
    const auto work = std::move(first->second);
    events_.erase(first);
    ++count_;
    work();
    return true;
}

}  // namespace ramet::simulation
