#include "targets/local/postgres/marked_folder.hpp"

#include "support/temporary.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::targets::postgres;
using ramet::testing::TemporaryDirectory;

namespace {

engine::ResourceRef ref_of(const std::string& name, const std::string& nonce)
{
    engine::ResourceRef ref;
    ref.id = engine::ResourceId("r");
    ref.path = "data/db";
    ref.name = name;
    ref.mark = {"install-1", engine::OwnerId("e1"), nonce};
    return ref;
}

}  // namespace

TEST_CASE("a folder is made with its mark, found again, and removed")
{
    const TemporaryDirectory parent;
    const auto ref = ref_of("one", "n1");
    const MarkedFolder folder(parent.path(), ref);
    CHECK(folder.probe()->presence == engine::Presence::absent);
    const auto identity = folder.ensure(Time{}).value();
    CHECK(folder.ensure(Time{}).value() == identity);
    CHECK(folder.probe()->presence == engine::Presence::ours);
    CHECK(folder.probe()->identity == identity);
    CHECK(folder.check_removal().value() == folder.path());
    CHECK(folder.remove().has_value());
    CHECK(folder.remove().has_value());
    CHECK_FALSE(folder.check_removal().value().has_value());
}

TEST_CASE("what belongs to somebody else is neither used nor removed")
{
    struct Case {
        std::string story, install, nonce, mark;
    };
    const Case cases[] = {
        {"another incarnation", "install-1", "n2", ""},
        {"another installation", "install-2", "n1", ""},
        {"a folder without a mark", "install-1", "n1", "none"},
        {"a mark that is no record", "install-1", "n1", "rubbish"},
    };
    for (const auto& [story, install, nonce, mark] : cases) {
        CAPTURE(story);
        const TemporaryDirectory parent;
        const auto ours = ref_of("one", "n1");
        const MarkedFolder folder(parent.path(), ours);
        auto theirs = ref_of("one", nonce);
        theirs.mark.install = install;
        REQUIRE(MarkedFolder(parent.path(), theirs).ensure(Time{}).has_value());
        if (!mark.empty()) REQUIRE(std::filesystem::remove(folder.path() / "mark.json"));
        if (mark == "none") std::ofstream(folder.path() / "of somebody") << "else";
        if (mark == "rubbish") std::ofstream(folder.path() / "mark.json") << "rubbish";
        CHECK(folder.probe()->presence == engine::Presence::foreign);
        CHECK(folder.ensure(Time{}).error().kind == ErrorKind::conflict);
        CHECK(folder.check_removal().error().kind == ErrorKind::conflict);
    }
}

TEST_CASE("what a removal that was cut off after the mark has left is ours: it is removed, or made anew with its mark")
{
    for (const bool is_wanted_again : {false, true}) {
        CAPTURE(is_wanted_again);
        const TemporaryDirectory parent;
        auto ref = ref_of("one", "n1");
        ref.identity = MarkedFolder(parent.path(), ref).ensure(Time{}).value();
        const MarkedFolder folder(parent.path(), ref);
        REQUIRE(std::filesystem::remove(folder.path() / "mark.json"));
        CHECK(folder.probe()->presence == engine::Presence::ours);
        if (is_wanted_again) {
            CHECK(folder.ensure(Time{}).has_value());
            CHECK(std::filesystem::exists(folder.path() / "mark.json"));
        } else {
            CHECK(folder.check_removal().value() == folder.path());
            CHECK(folder.remove().has_value());
            CHECK(folder.probe()->presence == engine::Presence::absent);
        }
    }
}

TEST_CASE("another folder of the same name and mark is not the one that was made")
{
    const TemporaryDirectory parent;
    auto ref = ref_of("one", "n1");
    const MarkedFolder folder(parent.path(), ref);
    ref.identity = folder.ensure(Time{}).value();
    CHECK(folder.check_removal().has_value());
    REQUIRE(folder.remove().has_value());
    REQUIRE(folder.ensure(Time{}).has_value());
    CHECK(folder.check_removal().error().kind == ErrorKind::conflict);
}

TEST_CASE("an attempt that was cut off before the mark is begun anew, and is in the inventory once it has its mark")
{
    const TemporaryDirectory parent;
    const auto ref = ref_of("one", "n1");
    REQUIRE(ensure_directory(parent.path() / ".new-one").has_value());
    const MarkedFolder folder(parent.path(), ref);
    CHECK(list_marked_folders(parent.path(), "kind", "install-1")->empty());
    // It is to be removed as well where nobody goes on with it.
    CHECK(folder.probe()->presence == engine::Presence::ours);
    CHECK_FALSE(folder.check_removal().value().has_value());
    REQUIRE(folder.remove().has_value());
    CHECK(folder.probe()->presence == engine::Presence::absent);
    CHECK(std::filesystem::is_empty(parent.path()));
    REQUIRE(ensure_directory(parent.path() / ".new-one").has_value());
    REQUIRE(folder.ensure(Time{}).has_value());
    CHECK_FALSE(std::filesystem::exists(parent.path() / ".new-one"));

    std::filesystem::rename(folder.path(), parent.path() / ".new-one");
    const auto items = list_marked_folders(parent.path(), "kind", "install-1").value();
    REQUIRE(items.size() == 1);
    CHECK(items[0].name == "one");
    CHECK(items[0].mark == ref.mark);
    CHECK(list_marked_folders(parent.path(), "kind", "install-2")->empty());
    CHECK(list_marked_folders(parent.path() / "none", "kind", "install-1")->empty());
    REQUIRE(folder.remove().has_value());
    CHECK(std::filesystem::is_empty(parent.path()));
}

TEST_CASE("a folder that is removed while it is listed or looked at is absent, and no error")
{
    const TemporaryDirectory parent;
    const auto ref = ref_of("one", "n1");
    const MarkedFolder folder(parent.path(), ref);
    std::atomic<bool> is_over{false};
    std::thread other([&] {
        while (!is_over) {
            (void)folder.ensure(Time{});
            (void)folder.remove();
        }
    });
    int seen = 0;
    int unseen = 0;
    std::string failure;
    for (int look = 0; look < 100'000 && failure.empty() && (look < 5'000 || seen == 0 || unseen == 0); ++look) {
        const auto items = list_marked_folders(parent.path(), "kind", "install-1");
        const auto found = folder.probe();
        if (!items) failure = items.error().message;
        if (!found) failure = found.error().message;
        if (items) (items->empty() ? unseen : seen) += 1;
    }
    is_over = true;
    other.join();
    CHECK(failure == "");
    CHECK(seen > 0);
    CHECK(unseen > 0);
}

TEST_CASE("what a removal that was killed at any moment has left is still ours")
{
    constexpr int kills = 40;
    int cut_off = 0;
    for (int kill = 0; kill < kills; ++kill) {
        const TemporaryDirectory parent;
        const auto ref = ref_of("one", "n1");
        const MarkedFolder folder(parent.path(), ref);
        REQUIRE(folder.ensure(Time{}).has_value());
        std::filesystem::create_directories(folder.path() / "shim" / "logs");
        for (int file = 0; file < 400; ++file) std::ofstream(folder.path() / "shim" / "logs" / std::to_string(file));
        const auto remover = ::fork();
        if (remover == 0) ::_exit(folder.remove() ? 0 : 1);
        ::usleep(static_cast<useconds_t>(kill * 100));
        ::kill(remover, SIGKILL);
        int status = 0;
        ::waitpid(remover, &status, 0);
        cut_off += WIFSIGNALED(status) ? 1 : 0;
        CHECK(folder.probe()->presence != engine::Presence::foreign);
        CHECK(folder.remove().has_value());
        CHECK(std::filesystem::is_empty(parent.path()));
    }
    CHECK(cut_off > 0);
}
