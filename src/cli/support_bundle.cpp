#include "cli/support_bundle.hpp"

#include "base/subprocess.hpp"

#include <algorithm>

namespace ramet::cli {

namespace {

constexpr std::size_t longest_log = 1U << 20U;
constexpr std::size_t longest_name = 60;

/// Puts what was read into files, and what could not be read into one list.
class Collector {
public:
    Collector(ApiClient& api, std::string version) : api_(api) { add("versions.txt", versions(std::move(version))); }

    Json json(const std::string& name, const std::string& path)
    {
        auto reply = api_.get(path);
        if (!reply) return note(path, reply.error()), Json(nullptr);
        add(name, to_pretty_text(*reply) + "\n");
        return std::move(*reply);
    }

    void text(const std::string& name, const std::string& path)
    {
        std::string content;
        const auto read = api_.stream(path, [&](std::string_view chunk) {
            content += chunk.substr(0, longest_log - std::min(longest_log, content.size()));
            return content.size() < longest_log ? net::Flow::keep : net::Flow::stop;
        });
        if (!read) note(path, read.error());
        if (!content.empty()) add(name, std::move(content));
    }

    std::vector<TarFile> take()
    {
        if (!errors_.empty()) add("errors.txt", errors_);
        return std::move(files_);
    }

private:
    void add(const std::string& name, std::string content)
    {
        files_.push_back({"ramet-support/" + name, std::move(content)});
    }

    void note(const std::string& path, const Error& error)
    {
        errors_ += fmt::format("{}: {}: {}\n", path, to_string(error.kind), error.message);
    }

    static std::string versions(std::string version)
    {
        std::string text = "ramet " + std::move(version) + "\n";
        const std::vector<std::vector<std::string>> programs{
            {"uname", "-srm"}, {"git", "--version"}, {"psql", "--version"}, {"redis-server", "--version"}};
        for (const auto& arguments : programs) {
            const auto said = run_checked({.arguments = arguments, .timeout = std::chrono::seconds(5)});
            text += said ? *said : arguments.front() + ": " + said.error().message + "\n";
        }
        return text;
    }

    ApiClient& api_;
    std::vector<TarFile> files_;
    std::string errors_;
};

/// Project and environment as one part of a path: names are DNS labels, but a foreign server may say anything.
std::string file_name(const std::string& project, const std::string& name)
{
    auto text = (project + "-" + name).substr(0, longest_name);
    for (char& c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) c = '_';
    return text;
}

void collect_environment(Collector& collector, const Json& environment)
{
    const auto name = get_string(environment, "name");
    const auto project = get_string(environment, "project");
    const auto file = file_name(project, name);
    const auto one = "/api/v1/environments/" + segment(name);
    collector.json("why/" + file + ".json", with_query(one + "/why", {{"project", project}}));
    collector.json("runs/" + file + ".json", with_query("/api/v1/runs", {{"project", project}, {"environment", name}}));
    collector.text("logs/" + file + ".log", with_query(one + "/logs", {{"project", project}, {"tail", "200"}}));
}

}  // namespace

std::vector<TarFile> collect_support(ApiClient& api, const std::string& version)
{
    Collector collector(api, version);
    collector.json("doctor.json", "/api/v1/doctor");
    collector.text("metrics.txt", "/metrics");
    collector.json("projects.json", "/api/v1/projects");
    collector.json("deliveries.json", "/api/v1/deliveries");
    const auto reply = collector.json("environments.json", "/api/v1/environments");
    const auto& environments = get_member(reply, "environments");
    if (environments.is_array())
        for (const auto& environment : environments.as_array()) collect_environment(collector, environment);
    return collector.take();
}

}  // namespace ramet::cli
