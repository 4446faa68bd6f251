#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace ramet {
namespace {

struct Unit {
    std::string_view suffix;
    std::int64_t milliseconds;
};

constexpr std::array<Unit, 5> units = {{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

const Unit* find_unit(std::string_view suffix)
{
    for (const auto& unit : units)
        if (unit.suffix == suffix) return &unit;
    return nullptr;
}

/// `duration` written with the units whose bit is set in `chosen`; empty when that is not exact.
std::string format_with(std::int64_t duration, unsigned chosen)
{
    std::string text;
    for (std::size_t i = 0; i < units.size(); ++i) {
        if ((chosen & (1U << i)) == 0 || duration < units[i].milliseconds) continue;
        text += fmt::format("{}{}", duration / units[i].milliseconds, units[i].suffix);
        duration %= units[i].milliseconds;
    }
    return duration == 0 ? text : std::string();
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text)
{
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorKind::invalid, "'{}' is not a duration: {}; write it like 90s, 15m, 72h, 7d or 1h30m", text,
                    why);
    };
    if (text.empty()) return refuse("it is empty");
    std::int64_t total = 0;
    for (auto rest = text; !rest.empty();) {
        std::uint64_t count = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
        if (error == std::errc::result_out_of_range) return refuse("it is too long");
        if (error != std::errc()) return refuse("a number is missing");
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));

        const auto suffix = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
        const auto* unit = find_unit(suffix);
        if (unit == nullptr) return refuse("a unit (d, h, m, s, ms) is missing");
        rest.remove_prefix(suffix.size());

        const auto room = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - total);
        if (count > room / static_cast<std::uint64_t>(unit->milliseconds)) return refuse("it is too long");
        total += static_cast<std::int64_t>(count) * unit->milliseconds;
    }
    return Milliseconds{total};
}

std::string format_duration(Milliseconds duration)
{
    if (duration < Milliseconds{0}) return "-" + format_duration(-duration);
    if (duration == Milliseconds{0}) return "0s";
    std::string shortest;
    for (unsigned chosen = 1; chosen < (1U << units.size()); ++chosen) {
        auto text = format_with(duration.count(), chosen);
        if (!text.empty() && (shortest.empty() || text.size() < shortest.size())) shortest = std::move(text);
    }
    return shortest;
}

}  // namespace ramet
