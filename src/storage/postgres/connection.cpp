#include "storage/postgres/connection.hpp"

#include "base/log.hpp"
#include "storage/postgres/error.hpp"
#include "storage/postgres/row.hpp"
#include "storage/postgres/statement.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <thread>

namespace ramet::storage {
namespace {

constexpr int oldest_server = 130000;  // pg_xact_status of 64-bit numbers
constexpr std::chrono::milliseconds pause_between_looks{50};
/// So few that their answers fit into the buffers of a socket: while they are sent nobody reads.
constexpr std::size_t most_posted = 128;

using ResultPointer = std::unique_ptr<PGresult, decltype(&PQclear)>;

ResultPointer owned(PGresult* result)
{
    return {result, &PQclear};
}

bool is_good(const PGresult* result)
{
    const auto status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

/// invalid_parameter_value: of a number that it has never given.
bool is_unknown_number(const PGresult* result)
{
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state != nullptr && std::string_view(state) == "22023";
}

std::int64_t count_changed(PGresult* result)
{
    const std::string_view changed = PQcmdTuples(result);
    std::int64_t number = 0;
    std::from_chars(changed.data(), changed.data() + changed.size(), number);
    return number;
}

/// A dead network is noticed within seconds; nobody waits for a lock or a statement for ever.
std::string session_options(const PostgresPlace& place, PostgresUse use)
{
    auto options = fmt::format("-c client_min_messages=error -c statement_timeout=30000 -c lock_timeout={}",
                               (2 * place.longest_pause).count());
    if (use == PostgresUse::writing)
        options += fmt::format(" -c idle_in_transaction_session_timeout={}", place.longest_pause.count());
    else
        options += " -c default_transaction_read_only=on";
    return options;
}

using Keywords = std::vector<std::pair<std::string, std::string>>;

PGconn* connect_with(Keywords keywords, const std::string& options)
{
    const Keywords defaults = {
        {"connect_timeout", "5"},      {"tcp_user_timeout", "10000"}, {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},  {"keepalives_count", "3"},     {"gssencmode", "disable"},
        {"application_name", "ramet"}, {"client_encoding", "UTF8"},   {"passfile", "/dev/null/none"}};
    std::string said;
    std::erase_if(keywords, [&](const auto& keyword) {
        if (keyword.first == "options") said = keyword.second + " ";
        return keyword.first == "options";
    });
    for (const auto& each : defaults)
        if (std::ranges::find(keywords, each.first, &Keywords::value_type::first) == keywords.end())
            keywords.push_back(each);
    const auto all_options = said + options;
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : keywords) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.insert(names.end(), {"options", nullptr});
    values.insert(values.end(), {all_options.c_str(), nullptr});
    return PQconnectdbParams(names.data(), values.data(), 0);
}

}  // namespace

/// Values in the form that libpq wants, which borrows them: numbers as text, text and bytes as they are.
struct PostgresConnection::Parameters {
    Parameters(const Value* all, std::size_t count)
    {
        numbers.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            std::visit([this](const auto& content) { add(content); }, all[i].content());
    }

    void add(std::nullptr_t) { add(nullptr, 0, 0); }
    void add(std::int64_t number) { add_number(fmt::format("{}", number)); }
    void add(double number) { add_number(fmt::format("{}", number)); }
    void add(std::string_view text) { add(text.empty() ? "" : text.data(), text.size(), 1); }
    void add(Blob blob) { add(blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(), 1); }
    void add_number(std::string text)
    {
        numbers.push_back(std::move(text));
        add(numbers.back().c_str(), numbers.back().size(), 0);
    }
    void add(const char* data, std::size_t size, int format)
    {
        values.push_back(data);
        lengths.push_back(static_cast<int>(size));
        formats.push_back(format);
    }

    std::vector<std::string> numbers;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

void PostgresConnection::Close::operator()(PGconn* connection) const
{
    PQfinish(connection);
}

PostgresConnection::~PostgresConnection() = default;

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const PostgresPlace& place, PostgresUse use)
{
    std::unique_ptr<PostgresConnection> connection(new PostgresConnection(place, use));
    TRY(connection->connect());
    return connection;
}

Result<void> PostgresConnection::connect()
{
    statements_.clear();
    posted_.clear();
    transaction_.clear();
    auto keywords = place_.address.keywords();
    const auto* password = place_.address.password();
    if (password != nullptr) keywords.emplace_back("password", password->reveal());
    handle_.reset(connect_with(std::move(keywords), session_options(place_, use_)));
    if (!handle_) return fail(ErrorKind::unavailable, "no memory for a connection to the store");
    if (PQstatus(handle_.get()) == CONNECTION_OK) return check_server();
    return std::unexpected(postgres_connect_error(handle_.get(), place_.address.text()));
}

/// What the promises of a store rest on.
Result<void> PostgresConnection::check_server()
{
    if (PQserverVersion(handle_.get()) < oldest_server)
        return fail(ErrorKind::refused, "the store is PostgreSQL {}, Ramet needs 13 or newer",
                    PQserverVersion(handle_.get()) / 10000);
    const auto result = owned(PQexec(handle_.get(), "SELECT current_schema(), pg_encoding_to_char(encoding), "
                                                    "current_setting('synchronous_commit') FROM pg_database "
                                                    "WHERE datname = current_database()"));
    if (!is_good(result.get()))
        return std::unexpected(postgres_error(result.get(), handle_.get(), "looking at the store"));
    if (PQgetisnull(result.get(), 0, 0) != 0)
        return std::unexpected(Error{ErrorKind::unavailable,
                                     "the search path of the store's user names no schema that exists", "",
                                     "create the schema, or ALTER ROLE … SET search_path"});
    const std::string_view encoding = PQgetvalue(result.get(), 0, 1);
    if (encoding != "UTF8")
        return std::unexpected(Error{ErrorKind::refused,
                                     fmt::format("the database of the store is encoded in {}", encoding), "",
                                     "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"});
    channel_ = "ramet." + std::string(PQgetvalue(result.get(), 0, 0));
    const std::string_view synchronous = PQgetvalue(result.get(), 0, 2);
    if (synchronous == "off") return execute_script("SET synchronous_commit = on");
    return {};
}

bool PostgresConnection::is_lost() const
{
    return !handle_ || PQstatus(handle_.get()) != CONNECTION_OK;
}

bool PostgresConnection::is_in_transaction() const
{
    if (is_lost()) return false;
    const auto status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

bool PostgresConnection::is_in_pipeline() const
{
    return handle_ && PQpipelineStatus(handle_.get()) != PQ_PIPELINE_OFF;
}

Result<void> PostgresConnection::ensure_connected()
{
    return is_lost() ? connect() : Result<void>{};
}

Result<void> PostgresConnection::execute_script(const std::string& sql)
{
    TRY(flush());
    const auto result = owned(PQexec(handle_.get(), sql.c_str()));
    if (is_good(result.get())) return {};
    return std::unexpected(postgres_error(result.get(), handle_.get(), "the store"));
}

Result<void> PostgresConnection::begin_writing()
{
    // The number is asked for now, as nobody can be asked after the answer to the commit was lost. Whatever isolation is the
    // database's own: what others wrote while this one waited for the lock has to be seen.
    constexpr auto* begin = "BEGIN ISOLATION LEVEL READ COMMITTED; "
                            "SELECT pg_advisory_xact_lock(1918987621, hashtext(current_schema())); "
                            "SELECT pg_current_xact_id()";
    is_in_doubt_ = false;
    for (bool again = !is_lost();; again = false) {
        TRY(ensure_connected());
        const auto result = owned(PQexec(handle_.get(), begin));
        if (is_good(result.get())) {
            transaction_ = PQgetvalue(result.get(), 0, 0);
            return {};
        }
        auto error = postgres_error(result.get(), handle_.get(), "the store");
        roll_back();
        // A session that the database ended while it was idle shows only now; nothing was written yet.
        if (!again || !is_lost()) return std::unexpected(std::move(error));
    }
}

Result<void> PostgresConnection::begin_reading()
{
    TRY(ensure_connected());
    auto begun = execute_script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (begun || !is_lost()) return begun;
    TRY(connect());
    return execute_script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

Result<void> PostgresConnection::commit()
{
    TRY(flush());
    const auto transaction = std::exchange(transaction_, {});
    const auto result = owned(PQexec(handle_.get(), "COMMIT"));
    if (!is_good(result.get())) {
        auto error = postgres_error(result.get(), handle_.get(), "the store");
        if (!is_lost() || transaction.empty()) return std::unexpected(std::move(error));
        log::warning("the answer to a commit was lost: {}", error.message);
        return settle(transaction);
    }
    // A transaction in which a statement failed answers a COMMIT with a ROLLBACK.
    if (std::string_view(PQcmdStatus(result.get())) == "COMMIT") return {};
    return fail(ErrorKind::internal, "the store took back a transaction in which a statement had failed");
}

/// What became of a commit whose answer was lost: only the database knows.
Result<void> PostgresConnection::settle(const std::string& transaction)
{
    const auto deadline = std::chrono::steady_clock::now() + place_.longest_doubt;
    Error last{ErrorKind::unavailable, "the store does not answer"};
    do {
        if (const auto connected = ensure_connected(); !connected) {
            last = connected.error();
        } else {
            const char* const number = transaction.c_str();
            const auto result = owned(PQexecParams(handle_.get(), "SELECT pg_xact_status($1::xid8)", 1, nullptr,
                                                   &number, nullptr, nullptr, 0));
            if (is_good(result.get())) {
                const std::string_view status =
                    PQgetisnull(result.get(), 0, 0) != 0 ? "" : PQgetvalue(result.get(), 0, 0);
                if (status == "committed") return {};
                if (status == "aborted")
                    return fail(ErrorKind::unavailable, "the store lost the connection before it committed");
            } else if (is_unknown_number(result.get())) {
                // A number that it has not given yet: this server was put back to an earlier state, in which nothing of it stands.
                return fail(ErrorKind::unavailable, "the store does not know the transaction any more");
            } else {
                last = postgres_error(result.get(), handle_.get(), "the store");
            }
        }
        std::this_thread::sleep_for(pause_between_looks);
    } while (std::chrono::steady_clock::now() < deadline);
    is_in_doubt_ = true;
    Error error{ErrorKind::unavailable, "the store was lost during a commit; whether it was written is not known"};
    error.evidence = last.message + (last.evidence.empty() ? "" : ": " + last.evidence);
    error.next_step = "see that the database is up; what was written is found when it is back";
    return std::unexpected(std::move(error));
}

void PostgresConnection::roll_back()
{
    transaction_.clear();
    // Nobody waits for these any more.
    for (auto& answer : posted_) answer = {};
    (void)flush();
    if (is_in_transaction()) (void)execute_script("ROLLBACK");
}

Result<void> PostgresConnection::announce(const std::string& news)
{
    TRY(execute("SELECT pg_notify(?, ?)", {channel_, place_.server + " " + news}));
    return {};
}

Result<Time> PostgresConnection::clock()
{
    const auto now = TRY(find("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", {},
                              [](const Row& row) { return row.time(0); }));
    return now.value_or(Time{});
}

Result<std::string> PostgresConnection::prepare(std::string_view sql)
{
    if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
    auto name = fmt::format("s{}", statements_.size());
    const auto text = number_parameters(sql);
    const auto result = owned(PQprepare(handle_.get(), name.c_str(), text.c_str(), 0, nullptr));
    if (!is_good(result.get()))
        return std::unexpected(postgres_error(result.get(), handle_.get(), "compiling " + std::string(sql)));
    statements_.emplace(sql, name);
    return name;
}

Result<std::int64_t> PostgresConnection::run(std::string_view sql, const Value* values, std::size_t count,
                                             const Visitor* visit)
{
    const Parameters parameters(values, count);
    if (is_in_transaction() || use_ == PostgresUse::writing) return run_once(sql, parameters, visit);
    TRY(ensure_connected());
    auto done = run_once(sql, parameters, visit);
    if (done || !is_lost()) return done;
    TRY(connect());
    return run_once(sql, parameters, visit);
}

/// Sent at once, in libpq's pipeline mode; the answers are taken together.
Result<void> PostgresConnection::run_later(std::string_view sql, const Value* values, std::size_t count, Answer answer)
{
    if (!statements_.contains(sql)) TRY(flush());  // In a pipeline nothing can be compiled.
    const auto name = TRY(prepare(sql));
    const Parameters parameters(values, count);
    const bool is_sent =
        PQenterPipelineMode(handle_.get()) == 1 &&
        PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(count), parameters.values.data(),
                            parameters.lengths.data(), parameters.formats.data(), 0) == 1;
    if (!is_sent) return std::unexpected(postgres_error(nullptr, handle_.get(), "the store"));
    posted_.push_back(std::move(answer));
    return posted_.size() < most_posted ? Result<void>{} : flush();
}

Result<void> PostgresConnection::take_answer(const Answer& answer, PGresult* result)
{
    if (!is_good(result)) {
        auto error = postgres_error(result, handle_.get(), "the store");
        return answer.counted ? answer.counted(std::unexpected(std::move(error))) : std::unexpected(std::move(error));
    }
    if (answer.counted) return answer.counted(count_changed(result));
    if (!answer.found) return {};
    if (PQntuples(result) == 0) return answer.found(nullptr);
    const PostgresRow row(result, 0);
    return answer.found(&row);
}

Result<void> PostgresConnection::flush()
{
    if (posted_.empty() && !is_in_pipeline()) return {};
    const auto answers = std::exchange(posted_, {});
    Result<void> all;
    if (PQpipelineSync(handle_.get()) != 1) return std::unexpected(postgres_error(nullptr, handle_.get(), "the store"));
    for (const auto& answer : answers) {
        // Those behind an error are not run: they are read all the same.
        const auto result = owned(PQgetResult(handle_.get()));
        if (all) all = take_answer(answer, result.get());
        if (is_lost()) return all ? fail(ErrorKind::unavailable, "the store was lost") : all;
        if (result) (void)owned(PQgetResult(handle_.get()));
    }
    (void)owned(PQgetResult(handle_.get()));  // the end of the pipeline
    if (PQexitPipelineMode(handle_.get()) == 1) return all;
    return all ? std::unexpected(postgres_error(nullptr, handle_.get(), "the store")) : all;
}

Result<std::int64_t> PostgresConnection::run_once(std::string_view sql, const Parameters& parameters,
                                                  const Visitor* visit)
{
    TRY(flush());
    const auto name = TRY(prepare(sql));
    const auto result =
        owned(PQexecPrepared(handle_.get(), name.c_str(), static_cast<int>(parameters.values.size()),
                             parameters.values.data(), parameters.lengths.data(), parameters.formats.data(), 0));
    if (!is_good(result.get())) return std::unexpected(postgres_error(result.get(), handle_.get(), "the store"));
    if (visit != nullptr)
        for (int row = 0; row < PQntuples(result.get()); ++row) TRY((*visit)(PostgresRow(result.get(), row)));
    return count_changed(result.get());
}

}  // namespace ramet::storage
