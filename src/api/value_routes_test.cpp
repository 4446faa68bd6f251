#include "api/api_house.hpp"

namespace ramet::api {

using testing::ApiHouse;
using testing::body_of;

namespace {

std::size_t count_of(ApiHouse& house)
{
    return get_member(body_of(house.call("GET", "/api/v1/variables")), "variables").as_array().size();
}

}  // namespace

TEST_CASE("several variables are set all at once or not at all, and every one that cannot be is named")
{
    ApiHouse house;
    house.house.connect();
    struct Case {
        std::string story, body;
        int status;
        std::vector<std::string> faults;
    };
    const Case cases[] = {
        {"no values", "{}", 422, {}},
        {"values that are none", R"({"values":[1]})", 422, {}},
        {"names that are refused",
         R"({"values":{"A":"1","LD_PRELOAD":"x","BASH_ENV":"y"}})",
         422,
         {"LD_PRELOAD", "BASH_ENV"}},
        {"a value of no kind", R"({"values":{"A":"1","B":{"what":1}}})", 422, {"B: a value is a text"}},
        {"only looked at", R"({"values":{"A":"1"},"dry_run":true})", 200, {}},
    };
    for (const auto& [story, body, status, faults] : cases) {
        CAPTURE(story);
        const auto response = house.call("POST", "/api/v1/variables", {.body = body});
        CHECK(response.status == status);
        for (const auto& fault : faults) CHECK(get_string(body_of(response), "evidence").contains(fault));
        CHECK(count_of(house) == 0);
    }
    const std::string good = R"({"values":{"A":"1","B":{"secret":"b"},"C":{"alias":"A"}}})";
    CHECK(house.call("POST", "/api/v1/variables", {.body = good}).body == "{\"set\":3}\n");
    CHECK(count_of(house) == 3);
    const auto audited = house.house.audited();
    CHECK(std::ranges::count(audited, "variable.set B") == 1);
}

TEST_CASE("one variable and one secret are shown by name, and another project's are not there")
{
    ApiHouse house;
    house.house.connect();
    house.call("PUT", "/api/v1/variables/A", {.body = R"({"value":"1"})"});
    house.call("PUT", "/api/v1/secrets/s", {.body = "hunter2"});
    CHECK(get_string(body_of(house.call("GET", "/api/v1/variables/A")), "value") == "1");
    const auto secret = house.call("GET", "/api/v1/secrets/s");
    CHECK(get_int(body_of(secret), "version") == 1);
    CHECK_FALSE(secret.body.contains("hunter2"));
    for (const std::string path : {"/api/v1/variables/B", "/api/v1/secrets/t", "/api/v1/variables/A?project=blog",
                                   "/api/v1/secrets/s?project=blog", "/api/v1/variables/A?scope=organization"}) {
        CAPTURE(path);
        CHECK(house.call("GET", path).status == 404);
    }
}

}  // namespace ramet::api
