#include "data/golden/record.hpp"

namespace ramet::data {

std::string golden_record(const Golden& golden)
{
    return to_pretty_text(json::object{{"golden", golden.id.str()},
                                       {"project", golden.source.project.str()},
                                       {"environment", golden.source.environment},
                                       {"database", golden.source.database},
                                       {"version", golden.version},
                                       {"schema_hash", golden.schema_hash},
                                       {"rules_hash", golden.rules_hash},
                                       {"made_at", to_rfc3339(golden.made_at)},
                                       {"size_bytes", golden.size_bytes}});
}

Result<Golden> parse_golden_record(std::string_view text)
{
    const auto record = parse_json(text);
    if (!record) return fail(ErrorKind::integrity, "the record of a golden is damaged: {}", record.error().message);
    const auto made_at = parse_rfc3339(get_string(*record, "made_at"));
    if (!made_at || get_string(*record, "golden").empty())
        return fail(ErrorKind::integrity, "the record of a golden lacks its id or its time");
    return Golden{.id = GoldenId(get_string(*record, "golden")),
                  .source = {ProjectId(get_string(*record, "project")), get_string(*record, "environment"),
                             get_string(*record, "database")},
                  .version = get_string(*record, "version"),
                  .schema_hash = get_string(*record, "schema_hash"),
                  .rules_hash = get_string(*record, "rules_hash"),
                  .made_at = *made_at,
                  .size_bytes = get_int(*record, "size_bytes")};
}

}  // namespace ramet::data
