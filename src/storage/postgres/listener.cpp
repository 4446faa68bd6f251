#include "storage/postgres/listener.hpp"

#include "base/log.hpp"
#include "storage/postgres/error.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

namespace ramet::storage {
namespace {

constexpr int pause_before_again_ms = 500;
/// Without a word for so long, the connection is asked whether it lives.
constexpr int longest_silence_ms = 15'000;

Result<void> subscribe(PostgresConnection& connection)
{
    const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
        PQescapeIdentifier(connection.handle(), connection.channel().data(), connection.channel().size()), &PQfreemem);
    if (!quoted) return fail(ErrorKind::internal, "the channel {} cannot be quoted", connection.channel());
    return connection.execute_script(fmt::format("LISTEN {}", quoted.get()));
}

}  // namespace

Result<std::unique_ptr<PostgresListener>> PostgresListener::start(const PostgresPlace& place, Hear hear)
{
    auto wake = TRY(make_pipe());
    return std::unique_ptr<PostgresListener>(new PostgresListener(place, std::move(hear), std::move(wake)));
}

PostgresListener::PostgresListener(const PostgresPlace& place, Hear hear, Pipe wake)
    : place_(place), hear_(std::move(hear)), wake_(std::move(wake)),
      thread_([this](const std::stop_token& stop) { listen_until_stopped(stop); })
{
}

PostgresListener::~PostgresListener()
{
    thread_.request_stop();
    wake_.write.reset();
}

void PostgresListener::listen_until_stopped(const std::stop_token& stop)
{
    bool was_told = false;
    while (!stop.stop_requested()) {
        auto connection = PostgresConnection::open(place_, PostgresUse::reading);
        Result<void> ready = connection ? subscribe(**connection) : std::unexpected(connection.error());
        if (ready) {
            was_told = false;
            hear_("");
            listen(**connection, stop);
        } else if (!std::exchange(was_told, true)) {
            log::warning("news of other servers cannot be heard: {}", ready.error().message);
        }
        pollfd wake{wake_.read.get(), POLLIN, 0};
        if (!ready && !stop.stop_requested()) (void)::poll(&wake, 1, pause_before_again_ms);
    }
}

void PostgresListener::listen(PostgresConnection& connection, const std::stop_token& stop)
{
    const auto own = place_.server + " ";
    while (!stop.stop_requested()) {
        pollfd sources[] = {{PQsocket(connection.handle()), POLLIN, 0}, {wake_.read.get(), POLLIN, 0}};
        const int ready = ::poll(sources, 2, longest_silence_ms);
        if (ready == 0 && !connection.execute_script("SELECT 1")) return;
        if (PQconsumeInput(connection.handle()) == 0) return;
        for (auto* note = PQnotifies(connection.handle()); note != nullptr; note = PQnotifies(connection.handle())) {
            const std::unique_ptr<PGnotify, decltype(&PQfreemem)> owned(note, &PQfreemem);
            const std::string_view said = note->extra;
            if (said.starts_with(own)) continue;
            hear_(std::string(said.substr(std::min(said.size(), said.find(' ') + 1))));
        }
    }
}

}  // namespace ramet::storage
