#include "base/clock.hpp"

#include <cctype>
#include <optional>

namespace ramet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Reads from the left; what does not fit ends the parse.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool accept(char wanted)
    {
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<int> digit()
    {
        if (rest_.empty() || std::isdigit(static_cast<unsigned char>(rest_.front())) == 0) return std::nullopt;
        const int value = rest_.front() - '0';
        rest_.remove_prefix(1);
        return value;
    }

    std::optional<int> number(int digits)
    {
        int value = 0;
        for (int i = 0; i < digits; ++i) {
            const auto next = digit();
            if (!next) return std::nullopt;
            value = value * 10 + *next;
        }
        return value;
    }

private:
    std::string_view rest_;
};

std::optional<std::chrono::sys_days> read_date(Reader& reader)
{
    const auto year = reader.number(4);
    if (!year || !reader.accept('-')) return std::nullopt;
    const auto month = reader.number(2);
    if (!month || !reader.accept('-')) return std::nullopt;
    const auto day = reader.number(2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

std::optional<minutes> read_hours_minutes(Reader& reader)
{
    const auto hour = reader.number(2);
    if (!hour || *hour > 23 || !reader.accept(':')) return std::nullopt;
    const auto minute = reader.number(2);
    if (!minute || *minute > 59) return std::nullopt;
    return hours{*hour} + minutes{*minute};
}

/// ".123456" → 123 ms; digits beyond the third are dropped.
std::optional<Milliseconds> read_fraction(Reader& reader)
{
    if (!reader.accept('.')) return Milliseconds{0};
    int value = 0;
    int digits = 0;
    for (auto next = reader.digit(); next; next = reader.digit(), ++digits)
        if (digits < 3) value = value * 10 + *next;
    if (digits == 0) return std::nullopt;
    for (int i = digits; i < 3; ++i) value *= 10;
    return Milliseconds{value};
}

std::optional<Milliseconds> read_time_of_day(Reader& reader)
{
    const auto clock = read_hours_minutes(reader);
    if (!clock || !reader.accept(':')) return std::nullopt;
    const auto second = reader.number(2);
    if (!second || *second > 60) return std::nullopt;  // 60: a leap second, counted as the next minute's first.
    const auto fraction = read_fraction(reader);
    if (!fraction) return std::nullopt;
    return *clock + seconds{*second} + *fraction;
}

/// "Z" or "+02:00": how far the clock that was written is ahead of UTC.
std::optional<minutes> read_offset(Reader& reader)
{
    if (reader.accept('Z') || reader.accept('z')) return minutes{0};
    const bool ahead = reader.accept('+');
    if (!ahead && !reader.accept('-')) return std::nullopt;
    const auto offset = read_hours_minutes(reader);
    if (!offset) return std::nullopt;
    return ahead ? *offset : -*offset;
}

std::optional<Time> read_time(Reader& reader)
{
    const auto date = read_date(reader);
    if (!date || !(reader.accept('T') || reader.accept('t') || reader.accept(' '))) return std::nullopt;
    const auto clock = read_time_of_day(reader);
    if (!clock) return std::nullopt;
    const auto offset = read_offset(reader);
    if (!offset || !reader.at_end()) return std::nullopt;
    return Time{*date} + *clock - *offset;
}

}  // namespace

std::string to_rfc3339(Time time)
{
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<Time> parse_rfc3339(std::string_view text)
{
    Reader reader(text);
    if (const auto time = read_time(reader)) return *time;
    return fail(ErrorKind::invalid, "'{}' is not a time like 2026-11-23T10:00:00Z", text);
}

}  // namespace ramet
