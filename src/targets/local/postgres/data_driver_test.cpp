#include "targets/local/postgres/data_driver.hpp"

#include "base/json.hpp"
#include "support/local_postgres.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace ramet;
using namespace ramet::testing;

namespace {

engine::ResourceRef data_ref(const LocalPostgres& place, const postgres::DatabaseSpec& spec)
{
    return place.ref_of(postgres::data_node(spec), spec.environment.str(), spec.incarnation);
}

engine::ResourceRef empty_data(const LocalPostgres& place, const std::string& environment)
{
    return data_ref(place, spec_of(environment, DataStrategy::empty));
}

uid_t owner_of(const Path& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_uid;
}

void must_bring_up(LocalPostgres& place, engine::ResourceRef& ref)
{
    const auto made = place.bring_up(ref);
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
}

}  // namespace

TEST_CASE("an empty database is a clone of a template that initdb has made once")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    auto first = empty_data(place, "e1");
    auto second = empty_data(place, "e2");
    must_bring_up(place, first);
    must_bring_up(place, second);
    CHECK(first.outputs["golden"].empty());
    CHECK(parse_rfc3339(first.outputs["made_at"]).has_value());
    CHECK(std::stoll(first.outputs["bytes_copied"]) >= 0);
    for (const auto* ref : {&first, &second})
        CHECK(read_file(Path(ref->outputs.at("directory")) / "PG_VERSION").value() == "15\n");
    CHECK_FALSE(std::filesystem::exists(place.options().store.templates() / "15/work"));
    if (is_root()) {
        CHECK(owner_of(first.outputs["directory"]) != owner_of(second.outputs["directory"]));
        CHECK(owner_of(place.options().store.templates() / "15/data/PG_VERSION") == 0);
    }
    REQUIRE(place.take_down(first).has_value());
    REQUIRE(place.take_down(second).has_value());
    CHECK(place.presence(first) == engine::Presence::absent);
    CHECK(place.take_down(first).has_value());
    CHECK(std::filesystem::is_empty(place.options().store.databases()));
    CHECK(place.allocations.size() == 0);
}

TEST_CASE("applying again changes nothing that is there")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    auto ref = empty_data(place, "e1");
    must_bring_up(place, ref);
    const auto before = ref;
    std::ofstream(Path(ref.outputs["directory"]) / "written") << "since";
    must_bring_up(place, ref);
    CHECK(ref.identity == before.identity);
    CHECK(ref.outputs == before.outputs);
    CHECK(std::filesystem::exists(Path(ref.outputs["directory"]) / "written"));
}

TEST_CASE("a half-made copy is recognised and made anew, but never data that a base has served")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    struct Case {
        std::string story;
        postgres::Durability durability;
        bool served, redone;
    };
    const Case cases[] = {
        {"a clone that was cut off", postgres::Durability::disposable, false, true},
        {"a clone that lost its marker with the machine", postgres::Durability::disposable, true, true},
        {"a base that was cut off", postgres::Durability::durable, false, true},
        {"a base that has served", postgres::Durability::durable, true, false},
    };
    for (const auto& [story, durability, served, redone] : cases) {
        CAPTURE(story);
        auto spec = spec_of("e-" + to_slug(story), DataStrategy::empty);
        spec.durability = durability;
        auto ref = data_ref(place, spec);
        must_bring_up(place, ref);
        const auto data = Path(ref.outputs["directory"]);
        REQUIRE(std::filesystem::remove(data.parent_path() / "made.json"));
        REQUIRE(std::filesystem::remove(data / "global/pg_control"));
        if (served) std::ofstream(data / "postmaster.opts") << "postgres";
        const auto again = place.bring_up(ref);
        CHECK(again.has_value() == redone);
        CHECK(std::filesystem::exists(data / "global/pg_control") == redone);
        if (!again) CHECK(again.error().kind == ErrorKind::integrity);
        CHECK(place.take_down(ref).has_value());
    }
}

TEST_CASE("data of somebody else is neither used nor removed, and of another incarnation neither")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    auto ref = empty_data(place, "e1");
    must_bring_up(place, ref);
    auto thief = ref;
    thief.mark.nonce = "another";
    CHECK(place.presence(thief) == engine::Presence::foreign);
    CHECK(place.apply(thief).error().kind == ErrorKind::conflict);
    CHECK(place.take_down(thief).error().kind == ErrorKind::conflict);
    auto stale = ref;
    stale.identity = "1:1.0";
    CHECK(place.take_down(stale).error().kind == ErrorKind::conflict);
    CHECK(place.presence(ref) == engine::Presence::ours);
    const auto items = place.data.inventory(LocalPostgres::call(), "install-1").value();
    REQUIRE(items.size() == 1);
    CHECK(items[0].mark == ref.mark);
    CHECK(items[0].name == ref.name);
    CHECK(place.data.inventory(LocalPostgres::call(), "install-2")->empty());
}

TEST_CASE("five empty databases at once share one initdb")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    std::vector<engine::ResourceRef> refs;
    for (int index = 0; index < 5; ++index) refs.push_back(empty_data(place, fmt::format("e{}", index)));
    std::vector<Result<engine::Outputs>> made(refs.size());
    {
        std::vector<std::jthread> threads;
        for (std::size_t index = 0; index < refs.size(); ++index)
            threads.emplace_back([&, index] { made[index] = place.bring_up(refs[index]); });
    }
    std::set<std::string> directories;
    for (const auto& one : made) {
        if (!one) FAIL(one.error().message);
        directories.insert(one->at("directory"));
    }
    CHECK(directories.size() == 5);
    for (const auto& ref : refs) CHECK(place.take_down(ref).has_value());
}

TEST_CASE("what cannot be cloned is told in words and leaves nothing after removal")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    struct Case {
        std::string story, version, golden, words;
        ErrorKind kind;
    };
    const Case cases[] = {
        {"a golden that is not there", "15", "gone", "golden", ErrorKind::not_found},
        {"a version that is not installed", "9", "gone", "apt-get install postgresql-9", ErrorKind::not_found},
        {"a version that leads elsewhere", "../15", "gone", "not installed", ErrorKind::not_found},
        {"a golden's name that leads elsewhere", "15", "../x", "golden", ErrorKind::invalid},
    };
    for (const auto& [story, version, golden, words, kind] : cases) {
        CAPTURE(story);
        auto spec = spec_of("e1", DataStrategy::clone);
        spec.version = version;
        spec.golden = GoldenId(golden);
        auto ref = data_ref(place, spec);
        const auto made = place.bring_up(ref);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().kind == kind);
        CHECK((made.error().message + made.error().next_step).contains(words));
        ref.spec.as_object()["golden"] = "";
        CHECK(place.take_down(ref).has_value());
        CHECK(std::filesystem::is_empty(place.options().store.databases()));
    }
}

TEST_CASE("only a new incarnation or version replaces data")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    using Change = engine::Driver::Change;
    struct Case {
        std::string story;
        std::function<void(postgres::DatabaseSpec&)> change;
        Change want;
    };
    const Case cases[] = {
        {"nothing", [](auto&) {}, Change::keep},
        {"a newer golden", [](auto& spec) { spec.golden = GoldenId("g2"); }, Change::keep},
        {"another strategy", [](auto& spec) { spec.strategy = DataStrategy::empty; }, Change::keep},
        {"a reset", [](auto& spec) { spec.incarnation = 2; }, Change::replace},
        {"another version", [](auto& spec) { spec.version = "16"; }, Change::replace},
    };
    for (const auto& [story, change, want] : cases) {
        CAPTURE(story);
        auto spec = spec_of("e1", DataStrategy::clone);
        const auto before = postgres::data_node(spec).spec;
        change(spec);
        CHECK(place.data.classify_change(before, postgres::data_node(spec).spec) == want);
    }
}
