#include "config/schema.hpp"

#include "base/file.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

using namespace ramet;
using namespace ramet::config;

TEST_CASE("the committed schema is the one that the table of keys gives")
{
    const auto path = std::filesystem::path(RAMET_SOURCE_DIR) / "schema/ramet.schema.json";
    const auto wanted = to_pretty_text(project_file_schema()) + "\n";
    if (std::getenv("RAMET_ACCEPT") != nullptr) std::ofstream(path) << wanted;
    CHECK(read_file(path).value_or("") == wanted);
}

TEST_CASE("every key of the format has a pattern")
{
    const auto patterns = all_key_patterns();
    for (const auto* pattern :
         {"version", "services.*.build.command", "previews.data.*.max_age", "targets.*.ingress.class", "vars.*.secret",
          "services.*.domains.*.preview", "notify.*.slack.secret", "previews.limits.min_free_disk"})
        CHECK_MESSAGE(std::ranges::count(patterns, pattern) == 1, pattern);
}
