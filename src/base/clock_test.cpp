#include "base/clock.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;
using namespace std::chrono_literals;

namespace {

Time at(std::int64_t milliseconds)
{
    return Time{Milliseconds{milliseconds}};
}

}  // namespace

TEST_CASE("a time is written with milliseconds in UTC")
{
    CHECK(to_rfc3339(at(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(at(1'795'428'000'000)) == "2026-11-23T10:00:00.000Z");
    CHECK(to_rfc3339(at(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times that Git hosts and providers write are understood")
{
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const Case cases[] = {
        {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"},
        {"2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"},
        {"2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:00.123Z"},
        {"2026-11-23T10:00:00.000+02:00", "2026-11-23T08:00:00.000Z"},
        {"2026-11-23T22:30:00-05:30", "2026-11-24T04:00:00.000Z"},
        {"2026-11-23 10:00:00z", "2026-11-23T10:00:00.000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        const auto time = parse_rfc3339(text);
        REQUIRE(time);
        CHECK(to_rfc3339(*time) == want);
    }
}

TEST_CASE("what is not a time is refused and quoted")
{
    for (const std::string_view text :
         {"", "2026", "2026-11-23", "2026-11-23T10:00:00", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
          "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z", "2026-11-23T10:00:61Z", "2026-11-23T10:00:00.Z",
          "2026-11-23T10:00:00Zx", "2026-11-23T10:00:00+2:00", "+026-11-23T10:00:00Z", "2026-1-23T10:00:00Z"}) {
        CAPTURE(text);
        const auto time = parse_rfc3339(text);
        REQUIRE(!time);
        CHECK(time.error().kind == ErrorKind::invalid);
        CHECK(time.error().message.contains(text));
    }
}

TEST_CASE("every time of ten thousand years is read back as it was written")
{
    CHECK(rc::check([] {
        const auto time = at(*rc::gen::inRange<std::int64_t>(-62'135'596'800'000, 253'402'300'800'000));
        RC_ASSERT(parse_rfc3339(to_rfc3339(time)).value() == time);
    }));
}

TEST_CASE("durations are sums of counted units")
{
    struct Case {
        std::string_view text;
        Milliseconds want;
    };
    const Case cases[] = {{"250ms", 250ms},
                          {"90s", 90s},
                          {"15m", 15min},
                          {"72h", 72h},
                          {"7d", 168h},
                          {"1h30m", 90min},
                          {"1d2h3m4s5ms", 93784005ms},
                          {"0s", 0ms},
                          {"007m", 7min},
                          {"1m1m", 2min}};
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(parse_duration(text).value() == want);
    }
}

TEST_CASE("what is not a duration is refused with an example")
{
    for (const std::string_view text : {"", "5", "m", "-5m", "1.5h", "5 m", "5M", "5w", "5mm", "9223372036854775807s",
                                        "99999999999999999999s", "9223372036854775807ms1ms"}) {
        CAPTURE(text);
        const auto duration = parse_duration(text);
        REQUIRE(!duration);
        CHECK(duration.error().kind == ErrorKind::invalid);
        CHECK(duration.error().message.contains("1h30m"));
    }
}

TEST_CASE("a duration is written in its shortest exact form")
{
    struct Case {
        Milliseconds duration;
        std::string_view want;
    };
    const Case cases[] = {{0ms, "0s"},   {1ms, "1ms"},       {90s, "90s"},
                          {60s, "1m"},   {90min, "90m"},     {72h, "3d"},
                          {36h, "36h"},  {1500ms, "1500ms"}, {86'400'001ms, "1d1ms"},
                          {-90s, "-90s"}};
    for (const auto& [duration, want] : cases) CHECK(format_duration(duration) == want);
}

TEST_CASE("every duration is read back as it was written")
{
    CHECK(rc::check([] {
        const Milliseconds duration{*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60)};
        RC_ASSERT(parse_duration(format_duration(duration)).value() == duration);
    }));
}

TEST_CASE("the clocks of the machine move forward")
{
    SystemClock clock;
    const auto before = clock.monotonic();
    CHECK(clock.monotonic() >= before);
    CHECK(clock.now() > parse_rfc3339("2020-01-01T00:00:00Z").value());
}
