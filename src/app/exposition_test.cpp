#include "app/exposition.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace ramet::app;

TEST_CASE("a family reads like this")
{
    Exposition text;
    text.family("ramet_previews", Exposition::Type::gauge, "Living previews");
    text.sample({{"state", "ready"}}, 2);
    text.sample({{"state", "failed"}}, 0);
    text.family("ramet_queue_depth", Exposition::Type::gauge, "Waiting");
    text.sample({}, 1.5);
    Histogram histogram({0.5, 1, 10});
    for (const double value : {0.25, 0.5, 3.0, 100.0}) histogram.observe(value);
    text.family("ramet_run_duration_seconds", Exposition::Type::histogram, "Of runs");
    text.sample({{"kind", "apply"}}, histogram);
    text.family("ramet_orphans", Exposition::Type::gauge, "None were looked for yet");
    CHECK(text.take() == "# HELP ramet_previews Living previews\n"
                         "# TYPE ramet_previews gauge\n"
                         "ramet_previews{state=\"ready\"} 2\n"
                         "ramet_previews{state=\"failed\"} 0\n"
                         "# HELP ramet_queue_depth Waiting\n"
                         "# TYPE ramet_queue_depth gauge\n"
                         "ramet_queue_depth 1.5\n"
                         "# HELP ramet_run_duration_seconds Of runs\n"
                         "# TYPE ramet_run_duration_seconds histogram\n"
                         "ramet_run_duration_seconds_bucket{kind=\"apply\",le=\"0.5\"} 2\n"
                         "ramet_run_duration_seconds_bucket{kind=\"apply\",le=\"1\"} 2\n"
                         "ramet_run_duration_seconds_bucket{kind=\"apply\",le=\"10\"} 3\n"
                         "ramet_run_duration_seconds_bucket{kind=\"apply\",le=\"+Inf\"} 4\n"
                         "ramet_run_duration_seconds_sum{kind=\"apply\"} 103.75\n"
                         "ramet_run_duration_seconds_count{kind=\"apply\"} 4\n"
                         "# HELP ramet_orphans None were looked for yet\n"
                         "# TYPE ramet_orphans gauge\n");
}

TEST_CASE("numbers and texts are written as the format has them")
{
    struct Case {
        double value;
        std::string want;
    };
    const Case cases[] = {
        {0, "0"},
        {1, "1"},
        {0.1, "0.1"},
        {1048576, "1048576"},
        {1e21, "1e+21"},
        {std::numeric_limits<double>::infinity(), "+Inf"},
        {-0.25, "-0.25"},
        {-std::numeric_limits<double>::infinity(), "-Inf"},
        {1.0 / 3, "0.3333333333333333"},
    };
    for (const auto& [value, want] : cases) {
        Exposition text;
        text.sample({}, value);
        CHECK(text.take() == " " + want + "\n");
    }
    Exposition text;
    text.family("x", Exposition::Type::counter, "a \"quoted\" back\\slash\nand a line");
    text.sample({{"a", "say \"hi\"\n\\"}, {"b", ""}}, 1);
    CHECK(text.take() == "# HELP x a \"quoted\" back\\\\slash\\nand a line\n# TYPE x counter\n"
                         "x{a=\"say \\\"hi\\\"\\n\\\\\",b=\"\"} 1\n");
}
