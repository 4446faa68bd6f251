#include "api/log_feed.hpp"

#include "net/http_client.hpp"
#include "support/temporary.hpp"
#include "targets/local/file_log.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <mutex>

namespace ramet::api {

namespace {

using Follow = targets::LogRequest::Follow;

/// Replaces "secret" by stars, also when it comes in pieces: holds back what may be its beginning.
app::LogRedactor make_redactor()
{
    return [held = std::string()](std::string_view piece) mutable {
        constexpr std::string_view secret = "secret";
        held += piece;
        std::string out;
        while (true) {
            const auto at = held.find(secret);
            if (at == std::string::npos) break;
            out += held.substr(0, at) + "***";
            held.erase(0, at + secret.size());
        }
        std::size_t keep = piece.empty() ? 0 : std::min(held.size(), secret.size() - 1);
        while (keep > 0 && !secret.starts_with(std::string_view(held).substr(held.size() - keep))) --keep;
        out += held.substr(0, held.size() - keep);
        held.erase(0, held.size() - keep);
        return out;
    };
}

/// Serves one log feed over HTTP and collects what a client reads.
class LogReader {
public:
    using Sources = std::vector<std::pair<std::string, std::vector<std::string>>>;
    struct Wanted {
        Sources sources;
        std::size_t tail_lines = 100;
        Follow follow = Follow::no;
        std::function<bool()> may_read{};
    };
    explicit LogReader(const Wanted& wanted)
    {
        auto started = net::HttpServer::start({.workers = 1}, [this, wanted](const net::Request&,
                                                                             const net::Responder& responder) {
            LogFeed::Options options{.make_redactor = make_redactor, .may_read = wanted.may_read};
            for (const auto& [name, files] : wanted.sources)
                options.sources.push_back({name, std::make_unique<targets::local::FileLog>(
                                                     files, targets::LogRequest{wanted.tail_lines, wanted.follow})});
            pump_.add(std::make_unique<LogFeed>(std::move(options),
                                                responder.stream({.headers = {{"Content-Type", "text/plain"}}})));
        });
        REQUIRE(started);
        server_ = std::move(*started);
        thread_ = std::jthread([this](const std::stop_token& stop) {
            net::CurlClient client;
            std::ignore = client.send_streaming(
                {.url = fmt::format("http://127.0.0.1:{}/", server_->port())},
                [this](std::string_view chunk) {
                    const std::scoped_lock lock(mutex_);
                    text_ += chunk;
                    return net::Flow::keep;
                },
                stop);
            ended_ = true;
        });
    }

    std::string text() const
    {
        const std::scoped_lock lock(mutex_);
        return text_;
    }
    [[nodiscard]] bool reads(const std::string& want) const
    {
        return testing::wait_until([&] { return text() == want; });
    }
    [[nodiscard]] bool ends() const
    {
        return testing::wait_until([&] { return ended_.load(); });
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
    std::atomic<bool> ended_ = false;
    StreamPump pump_;
    std::unique_ptr<net::HttpServer> server_;
    std::jthread thread_;
};

struct Logs {
    testing::TemporaryDirectory directory;
    std::string path(const std::string& name) const { return (directory / name).string(); }
    void append(const std::string& name, std::string_view text) const
    {
        std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
    }
    LogReader::Sources::value_type source(const std::string& name) const { return {name, {path(name)}}; }
};

}  // namespace

TEST_CASE_FIXTURE(Logs, "without following, the last lines are sent and the stream ends")
{
    struct Case {
        std::string_view story, content;
        std::size_t lines;
        std::string want;
    };
    const Case cases[] = {
        {"fewer lines than asked for", "one\ntwo\n", 10, "one\ntwo\n"},
        {"more lines than asked for", "one\ntwo\nthree\n", 2, "two\nthree\n"},
        {"a begun last line is sent whole", "one\ntwo and a sec", 10, "one\ntwo and a sec\n"},
        {"no lines", "one\n", 0, ""},
        {"an empty log", "", 10, ""},
        {"a secret is not shown", "the secret is out\n", 10, "the *** is out\n"},
        {"empty lines stay", "one\n\n\ntwo\n", 10, "one\n\n\ntwo\n"},
    };
    for (const auto& [story, content, lines, want] : cases) {
        CAPTURE(story);
        directory.write("web", content);
        const LogReader reader({.sources = {source("web")}, .tail_lines = lines});
        CHECK(reader.ends());
        CHECK(reader.text() == want);
    }
}

TEST_CASE_FIXTURE(Logs, "a log that is not there yet is followed from when it is")
{
    const LogReader reader({.sources = {source("web")}, .follow = Follow::yes});
    append("web", "first\n");
    CHECK(reader.reads("first\n"));
}

TEST_CASE_FIXTURE(Logs, "old files come before the one that is being written")
{
    directory.write("web.1", "old\n");
    directory.write("web", "new\n");
    const LogReader reader({.sources = {{"web", {path("web.1"), path("web")}}}, .tail_lines = 10});
    CHECK(reader.ends());
    CHECK(reader.text() == "old\nnew\n");
}

TEST_CASE_FIXTURE(Logs, "a followed log sends whole lines, each once, also when they are written in pieces")
{
    directory.write("web", "begun ");
    const LogReader reader({.sources = {source("web")}, .follow = Follow::yes});
    append("web", "and ended\nnext");
    CHECK(reader.reads("begun and ended\n"));
    append("web", " line\n");
    CHECK(reader.reads("begun and ended\nnext line\n"));
}

TEST_CASE_FIXTURE(Logs, "a secret that is written in pieces is never shown, not even in part")
{
    directory.write("web", "begin\n");
    const LogReader reader({.sources = {source("web")}, .follow = Follow::yes});
    REQUIRE(reader.reads("begin\n"));
    for (const std::string_view piece : {"a sec", "re", "t\nb secrets\n", "c se", "t\n"}) {
        const auto before = reader.text();
        append("web", piece);
        CHECK_FALSE(before.contains("secre"));
    }
    CHECK(reader.reads("begin\na ***\nb ***s\nc set\n"));
}

TEST_CASE_FIXTURE(Logs, "a rotated log is followed into its new file without a gap, a truncated one from its start")
{
    directory.write("web", "one\n");
    const LogReader reader({.sources = {source("web")}, .follow = Follow::yes});
    CHECK(reader.reads("one\n"));
    append("web", "last of the old\n");
    std::filesystem::rename(path("web"), path("web.1"));
    append("web", "first of the new\n");
    CHECK(reader.reads("one\nlast of the old\nfirst of the new\n"));
    std::ofstream(path("web"), std::ios::trunc) << "x\n";
    CHECK(reader.reads("one\nlast of the old\nfirst of the new\nx\n"));
}

TEST_CASE_FIXTURE(Logs, "several logs are told apart by name")
{
    directory.write("web", "w\n");
    directory.write("api", "a\n");
    const LogReader reader({.sources = {source("web"), source("api")}, .follow = Follow::yes});
    CHECK(reader.reads("web | w\napi | a\n"));
    append("api", "b\n");
    CHECK(reader.reads("web | w\napi | a\napi | b\n"));
}

TEST_CASE_FIXTURE(Logs, "more than a beat's worth is sent completely and in order")
{
    directory.write("web", "begin\n");
    const LogReader reader({.sources = {source("web")}, .follow = Follow::yes});
    REQUIRE(reader.reads("begin\n"));
    std::string many;
    for (int i = 0; i < 50'000; ++i) many += fmt::format("line {}\n", i);
    append("web", many);
    CHECK(reader.reads("begin\n" + many));
}

TEST_CASE_FIXTURE(Logs, "a followed log ends when its reader may no longer read")
{
    directory.write("web", "one\n");
    std::atomic<bool> allowed = true;
    const LogReader reader(
        {.sources = {source("web")}, .follow = Follow::yes, .may_read = [&] { return allowed.load(); }});
    CHECK(reader.reads("one\n"));
    allowed = false;
    CHECK(reader.ends());
}

}  // namespace ramet::api
