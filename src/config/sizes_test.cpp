#include "config/sizes.hpp"

#include <doctest/doctest.h>

using namespace ramet::config;

TEST_CASE("sizes are read with their units")
{
    struct Case {
        std::string_view text;
        std::int64_t want;
    };
    const Case cases[] = {{"0", 0},
                          {"1024", 1024},
                          {"256Mi", 268'435'456},
                          {"5Gi", 5'368'709'120},
                          {"1G", 1'000'000'000},
                          {"1k", 1000},
                          {"2Ti", 2'199'023'255'552}};
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(parse_byte_size(text).value_or(-1) == want);
    }
    for (const std::string_view text : {"", "Mi", "-1Mi", "1.5Gi", "1 Gi", "1MiB", "9223372036854775807Ki", "1e3"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_byte_size(text).has_value());
    }
}

TEST_CASE("sizes are written so that they are read back")
{
    for (const std::int64_t bytes : {0LL, 1LL, 1000LL, 1024LL, 268'435'456LL, 5'368'709'120LL})
        CHECK(parse_byte_size(format_byte_size(bytes)) == bytes);
    CHECK(format_byte_size(268'435'456) == "256Mi");
}

TEST_CASE("cores are read in thousandths")
{
    CHECK(parse_cpu_millis("500m") == 500);
    CHECK(parse_cpu_millis("2") == 2000);
    CHECK(parse_cpu_millis("0.5") == 500);
    CHECK(parse_cpu_millis("0.125") == 125);
    for (const std::string_view text : {"", "m", "-1", "1.", "1.2345", "1.5m", "half"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_cpu_millis(text).has_value());
    }
}
