#include "targets/local/tidy.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::local {

TEST_CASE("what had no name yet when the server was killed is removed, and nothing else is")
{
    const testing::TemporaryDirectory data;
    data.write("environments/.new.1/home/file", "half");
    data.write("environments/e1/home/file", "whole");
    data.write("builds/.references/.e1.web.json.77", "half");
    data.write("builds/.references/e1.web.json", "whole");
    data.write("builds/.work/log", "whole");
    REQUIRE(remove_unfinished(data.path()).has_value());
    CHECK_FALSE(std::filesystem::exists(data / "environments/.new.1"));
    CHECK_FALSE(std::filesystem::exists(data / "builds/.references/.e1.web.json.77"));
    for (const auto* kept : {"environments/e1/home/file", "builds/.references/e1.web.json", "builds/.work/log"})
        CHECK_MESSAGE(std::filesystem::exists(data / kept), kept);
    CHECK(remove_unfinished(data / "nowhere").has_value());
}

}  // namespace ramet::targets::local
