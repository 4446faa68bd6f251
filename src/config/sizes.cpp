#include "config/sizes.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace ramet::config {
namespace {

struct Unit {
    std::string_view suffix;
    std::int64_t bytes;
};

constexpr std::array<Unit, 10> units = {{{"Ti", 1LL << 40},
                                         {"Gi", 1LL << 30},
                                         {"Mi", 1LL << 20},
                                         {"Ki", 1LL << 10},
                                         {"T", 1'000'000'000'000},
                                         {"G", 1'000'000'000},
                                         {"M", 1'000'000},
                                         {"K", 1'000},
                                         {"k", 1'000},
                                         {"", 1}}};

/// The whole number at the front of `text`, taken off; nothing when there is none or it is too large.
std::optional<std::int64_t> take_number(std::string_view& text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || text.starts_with('-')) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

}  // namespace

Result<std::int64_t> parse_byte_size(std::string_view text)
{
    auto rest = text;
    const auto count = take_number(rest);
    for (const auto& unit : units)
        if (count && rest == unit.suffix && *count <= std::numeric_limits<std::int64_t>::max() / unit.bytes)
            return *count * unit.bytes;
    return fail(ErrorKind::invalid, "'{}' is not a size; write it like 256Mi, 5Gi or 1000000", text.substr(0, 40));
}

std::string format_byte_size(std::int64_t bytes)
{
    for (const auto& unit : units)
        if (bytes != 0 && unit.suffix.ends_with('i') && bytes % unit.bytes == 0)
            return fmt::format("{}{}", bytes / unit.bytes, unit.suffix);
    return std::to_string(bytes);
}

Result<std::int64_t> parse_cpu_millis(std::string_view text)
{
    auto rest = text;
    const auto refuse = [&] {
        return fail(ErrorKind::invalid, "'{}' is not an amount of cores; write it like 500m, 2 or 0.5",
                    text.substr(0, 40));
    };
    const auto whole = take_number(rest);
    if (!whole || *whole > 1'000'000'000) return refuse();
    if (rest == "m") return *whole;
    if (rest.empty()) return *whole * 1000;
    if (!rest.starts_with('.') || rest.size() < 2 || rest.size() > 4) return refuse();
    auto digits = rest.substr(1);
    const auto places = digits.size();
    auto thousandths = take_number(digits);
    if (!thousandths || !digits.empty()) return refuse();
    for (auto i = places; i < 3; ++i) *thousandths *= 10;
    return *whole * 1000 + *thousandths;
}

}  // namespace ramet::config
