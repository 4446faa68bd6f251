#include "cli/session.hpp"
#include "cli/starter_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace ramet::cli {

namespace {

/// Makes the file, or `conflict`: what somebody wrote is never overwritten, not even in the instant between a look and a write.
Result<void> write_new(const Path& path, std::string_view text)
{
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file && errno == EEXIST)
        return std::unexpected(Error{ErrorKind::conflict,
                                     path.string() + " exists: nothing was written",
                                     {},
                                     "ramet config validate " + path.string()});
    if (!file) return std::unexpected(os_error("making", path));
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) return {};
    auto error = os_error("writing", path);
    ::unlink(path.c_str());
    return std::unexpected(std::move(error));
}

std::string words_of(const Repository& found)
{
    std::string services;
    for (const auto& service : found.services)
        services += (services.empty() ? "" : ", ") + service.name + " (" + service.found_in + ")";
    return fmt::format("found: {}{}{}", services.empty() ? "no program that it knows how to start" : services,
                       found.uses_postgres ? ", PostgreSQL" : "", found.uses_redis ? ", Redis" : "");
}

Result<int> init(Session& session, const Arguments& arguments)
{
    const Path directory(arguments.has("DIR") ? arguments.get("DIR") : std::string("."));
    const auto found = inspect_repository(directory);
    const auto path = (directory / "ramet.yaml").lexically_normal();
    TRY(write_new(path, starter_file(found)));
    session.tell(words_of(found));
    session.tell("next: look at " + path.string() + ", commit it, then: ramet apply -f " + path.string() + " --repo .");
    session.print_object(json::object{{"file", path.string()}, {"project", found.name}},
                         {{"wrote", "file"}, {"project", "project"}});
    return 0;
}

}  // namespace

Commands start_commands()
{
    using Count = PositionalSpec::Count;
    return {
        {"init",
         "write a first ramet.yaml for the repository here; never over one that is there",
         {{"DIR", "the repository; this directory when not given", Count::optional}},
         {},
         init},
    };
}

}  // namespace ramet::cli
