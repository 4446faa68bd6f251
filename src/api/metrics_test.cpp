// Prometheus reads what /metrics says: its own Python client parses the text.
#include "api/api_house.hpp"

#include "base/subprocess.hpp"

namespace ramet::api {

using testing::ApiHouse;
using testing::must;

namespace {

/// "ok", or what is wrong with the text: names, types, histograms that do not add up.
constexpr auto parser = R"(
import sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
names = [family.name for family in families]
assert len(names) == len(set(names)), names
for family in families:
    assert family.documentation and family.type in ("gauge", "counter", "histogram"), family
    seen = set()
    buckets = {}
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, key
        seen.add(key)
        if family.type != "histogram":
            continue
        group = tuple(sorted((n, v) for n, v in sample.labels.items() if n != "le"))
        if sample.name.endswith("_bucket"):
            buckets.setdefault(group, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_count"):
            counts = [value for _, value in buckets[group]]
            assert counts == sorted(counts) and buckets[group][-1] == (float("inf"), sample.value), (family.name, group)
print(" ".join(sorted(names)))
)";

}  // namespace

TEST_CASE("Prometheus' own parser reads the metrics, and all families are there")
{
    ApiHouse house;
    house.house.connect();
    house.house.open_ready("feature");
    house.house.until([&] { return house.call("GET", "/metrics").body.contains("step_kind="); });
    house.call("POST", "/hooks/gitea/nobody", {.body = "{}", .token = "none"});
    const auto response = house.call("GET", "/metrics");
    CHECK(response.status == 200);
    CHECK(response.headers.get("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    const auto parsed =
        must(run_command({.arguments = {"/usr/bin/python3", "-c", parser}, .standard_input = response.body}));
    CHECK_MESSAGE(parsed.exit_code == 0, parsed.standard_error);
    CHECK(parsed.standard_output ==
          "ramet_build_info ramet_db_clone_bytes ramet_db_clone_duration_seconds ramet_orphans ramet_previews "
          "ramet_queue_depth ramet_reconcile_lag_seconds ramet_run_duration_seconds ramet_step_duration_seconds "
          "ramet_webhook_deliveries\n");
}

TEST_CASE("the metrics are for viewers of all projects")
{
    ApiHouse house;
    house.house.connect();
    struct Case {
        std::string story, token;
        int status;
    };
    const Case cases[] = {
        {"nobody", "none", 401},
        {"a viewer", house.token({.name = "prometheus", .role = app::Role::viewer}), 200},
        {"a viewer of one project", house.token({.name = "x", .role = app::Role::viewer, .project = "shop"}), 403},
        {"an administrator", "", 200},
    };
    for (const auto& [story, token, status] : cases) {
        CAPTURE(story);
        CHECK(house.call("GET", "/metrics", {.token = token}).status == status);
    }
}

TEST_CASE("a stranger cannot make labels")
{
    ApiHouse house;
    for (int i = 0; i < 5; ++i)
        CHECK(house.call("POST", fmt::format("/hooks/evil-{}/x", i), {.body = "{}", .token = "none"}).status == 404);
    const auto text = house.call("GET", "/metrics").body;
    CHECK(text.contains("ramet_webhook_deliveries_total{forge=\"other\",result=\"not_found\"} 5\n"));
    CHECK_FALSE(text.contains("evil"));
}

}  // namespace ramet::api
