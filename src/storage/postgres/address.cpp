#include "storage/postgres/address.hpp"

#include "base/text.hpp"

#include <libpq-fe.h>
#include <sys/stat.h>

#include <array>
#include <memory>

namespace ramet::storage {
namespace {

constexpr std::size_t longest_password = 4096;

/// What would carry a password, or take one from a place that nobody thinks of.
constexpr std::array<std::string_view, 3> secret_keywords = {"password", "passfile", "sslpassword"};

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// Debian's bundle of all authorities that this machine trusts.
constexpr const char* authorities_of_machine = "/etc/ssl/certs/ca-certificates.crt";

Result<Options> parse_options(const std::string& url)
{
    char* words = nullptr;
    Options options(PQconninfoParse(url.c_str(), &words), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(words, &PQfreemem);
    if (options) return options;
    Error error{ErrorKind::invalid, "this is no address of a PostgreSQL database"};
    error.evidence = words == nullptr ? "" : std::string(trim(words));
    error.next_step = "ramet up --store postgres://USER@HOST:PORT/DATABASE --store-password-file FILE";
    return std::unexpected(std::move(error));
}

Result<SecretBytes> read_password(const Path& file)
{
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0) return std::unexpected(os_error("reading", file));
    if (!is_private(found.st_mode, {found.st_uid, found.st_gid}, {::geteuid(), ::getegid()})) {
        Error error{ErrorKind::refused,
                    fmt::format("others than its owner may read the password file {}", file.string())};
        error.evidence = fmt::format("its mode is {:04o}", found.st_mode & 07777U);
        error.next_step = fmt::format("chmod 600 {}", file.string());
        return std::unexpected(std::move(error));
    }
    const auto text = TRY(read_file(file, longest_password));
    const auto line = std::string_view(text).substr(0, text.find_first_of("\r\n"));
    if (line.empty()) return fail(ErrorKind::invalid, "the password file {} is empty", file.string());
    return SecretBytes(line);
}

}  // namespace

bool is_private(unsigned mode, const UserAndGroup& owner, const UserAndGroup& self)
{
    constexpr unsigned of_others = 077;
    constexpr unsigned group_reads = 040;
    const auto beside_owner = mode & of_others;
    const bool is_for_own_group = owner.user == 0 && self.user != 0 && owner.group == self.group;
    return beside_owner == 0 || (beside_owner == group_reads && is_for_own_group);
}

Result<PostgresAddress> PostgresAddress::parse(const std::string& url, const std::optional<Path>& password_file)
{
    if (!url.starts_with("postgres://") && !url.starts_with("postgresql://"))
        return std::unexpected(Error{ErrorKind::invalid, "--store takes the address of a PostgreSQL database", "",
                                     "ramet up --store postgres://USER@HOST:PORT/DATABASE"});
    const auto options = TRY(parse_options(url));
    PostgresAddress address;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        if (std::ranges::find(secret_keywords, option->keyword) != secret_keywords.end())
            return std::unexpected(
                Error{ErrorKind::invalid,
                      fmt::format("the address of the store must not say {}: everybody on this machine "
                                  "could read it in the list of processes",
                                  option->keyword),
                      "",
                      "put the password alone into a file that only you can read (mode 0600), and name it "
                      "with --store-password-file"});
        address.keywords_.emplace_back(option->keyword, option->val);
    }
    if (address.value_of("dbname").empty())
        return std::unexpected(Error{ErrorKind::invalid, "the address of the store names no database", "",
                                     "postgres://USER@HOST:PORT/DATABASE"});
    // libpq 15 looks for them in a person's home only, where a server has none.
    if (address.value_of("sslmode").starts_with("verify-") && address.value_of("sslrootcert").empty())
        address.keywords_.emplace_back("sslrootcert", authorities_of_machine);
    if (password_file) address.password_ = TRY(read_password(*password_file));
    return address;
}

std::string PostgresAddress::value_of(std::string_view keyword) const
{
    for (const auto& [name, value] : keywords_)
        if (name == keyword) return value;
    return {};
}

std::string PostgresAddress::text() const
{
    const auto user = value_of("user");
    const auto port = value_of("port");
    return (user.empty() ? "" : user + "@") + value_of("host") + (port.empty() ? "" : ":" + port) + "/" +
           value_of("dbname");
}

}  // namespace ramet::storage
