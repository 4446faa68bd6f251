#include "cli/starter_file.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace ramet::cli {

namespace {

constexpr std::size_t file_limit = 1U << 20U;
constexpr std::size_t longest_name = 40;

std::string text_of(const Path& file)
{
    return read_file(file, file_limit).value_or(std::string());
}

/// A DNS label that begins with a letter, as names of projects and services are.
std::string name_of(std::string_view text, std::string_view fallback)
{
    auto name = to_slug(text).substr(0, longest_name);
    while (name.ends_with('-')) name.pop_back();
    const bool is_good = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
    return is_good ? name : std::string(fallback);
}

std::string in_quotes(std::string_view text)
{
    return to_text(Json(text));
}

std::string branch_of(const Path& directory)
{
    constexpr std::string_view head = "ref: refs/heads/";
    const auto text = text_of(directory / ".git" / "HEAD");
    return text.starts_with(head) ? std::string(trim(text.substr(head.size()))) : std::string();
}

/// "web: bundle exec …" lines, as Heroku's and foreman's files have them.
std::vector<Repository::Service> read_procfile(const Path& directory)
{
    std::vector<Repository::Service> services;
    for (const auto& line : split(text_of(directory / "Procfile"), '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.starts_with('#')) continue;
        const auto run = trim(std::string_view(line).substr(colon + 1));
        const auto name = name_of(trim(std::string_view(line).substr(0, colon)), "web");
        if (name == "release" || run.empty()) continue;
        services.push_back({name, {}, std::string(run), "Procfile", name == "web"});
    }
    return services;
}

std::vector<Repository::Service> read_package(const Path& directory)
{
    const auto package = parse_json(text_of(directory / "package.json"));
    if (!package || !package->is_object()) return {};
    const auto& scripts = get_member(*package, "scripts");
    if (get_string(scripts, "start").empty()) return {};
    std::error_code ignored;
    const bool is_locked = std::filesystem::exists(directory / "package-lock.json", ignored);
    std::string build = is_locked ? "npm ci" : "npm install";
    if (!get_string(scripts, "build").empty()) build += " && npm run build";
    return {{"web", build, "npm start", "package.json", true}};
}

std::vector<Repository::Service> read_languages(const Path& directory)
{
    std::error_code ignored;
    const auto exists = [&](const char* file) { return std::filesystem::exists(directory / file, ignored); };
    if (exists("go.mod")) return {{"web", "go build -o app .", "./app", "go.mod", true}};
    if (exists("Cargo.toml")) return {{"web", "cargo build --release", "cargo run --release", "Cargo.toml", true}};
    const std::string environment = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";
    if (exists("manage.py") && exists("requirements.txt"))
        return {{"web", environment, ".venv/bin/python manage.py runserver $HOST:$PORT", "manage.py", true}};
    if (exists("app.py") && exists("requirements.txt"))
        return {{"web", environment, ".venv/bin/python app.py", "app.py", true}};
    return {};
}

std::string service_lines(const Repository::Service& service, const Repository& repository)
{
    auto text =
        fmt::format("  {}:{}\n", service.name, service.found_in.empty() ? "" : "  # found in " + service.found_in);
    if (!service.build.empty())
        text += fmt::format("    build: {{context: ., command: {}}}\n", in_quotes(service.build));
    else
        text += "    build: {context: .}\n";
    text += fmt::format("    run: {}\n", in_quotes(service.run));
    if (service.has_port)
        text += "    port: 3000                       # told to the program as PORT; HOST is the address to listen on\n"
                "    public: true                     # gets a URL\n";
    std::string environment;
    if (repository.uses_postgres) environment += "      DATABASE_URL: \"${databases.db.url}\"\n";
    if (repository.uses_redis) environment += "      REDIS_URL: \"${databases.cache.url}\"\n";
    if (!environment.empty()) text += "    env:\n" + environment;
    return text;
}

std::string database_lines(const Repository& repository)
{
    if (!repository.uses_postgres && !repository.uses_redis) return {};
    std::string text = "\ndatabases:\n";
    if (repository.uses_postgres) text += "  db: {type: postgres, version: \"15\"}\n";
    if (repository.uses_redis) text += "  cache: {type: redis}\n";
    return text;
}

std::string data_lines(const Repository& repository)
{
    if (!repository.uses_postgres && !repository.uses_redis) return {};
    std::string text = "  data:\n";
    if (repository.uses_postgres)
        text += "    db: {strategy: clone}            # a copy of the base's rows; `empty` for none\n";
    if (repository.uses_redis) text += "    cache: {strategy: empty}\n";
    return text;
}

}  // namespace

Repository inspect_repository(const Path& directory)
{
    Repository found;
    // "shop/." and "." end with a slash when they are made normal.
    const auto whole = (std::filesystem::absolute(directory) / "").lexically_normal().parent_path();
    found.name = name_of(whole.filename().string(), "app");
    found.branch = branch_of(directory);
    for (auto* read : {read_procfile, read_package, read_languages})
        if (found.services.empty()) found.services = read(directory);
    for (const auto* file : {"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "package.json",
                             "requirements.txt", "Gemfile", "go.mod", "pyproject.toml", ".env.example"}) {
        const auto text = to_lower(text_of(directory / file));
        for (const auto* word : {"postgres", "psycopg", "jackc/pgx", "\"pg\"", "'pg'"})
            found.uses_postgres |= text.contains(word);
        found.uses_redis |= text.contains("redis");
    }
    return found;
}

std::string starter_file(const Repository& repository)
{
    auto services = repository.services;
    if (services.empty()) services.push_back({"web", {}, "./run", {}, true});
    std::string text = "# What belongs to this project, and what each pull request gets a copy of.\n"
                       "# `ramet config validate` checks it, `ramet plan -f ramet.yaml` shows what would happen.\n"
                       "version: 1\n";
    text += "project: " + repository.name + "\n\nservices:\n";
    if (repository.services.empty())
        text +=
            "  # Nothing here said how the program is started: say it under `run`, and how it is made under `build`.\n";
    for (const auto& service : services) text += service_lines(service, repository);
    text += database_lines(repository);
    text += fmt::format(
        "\nenvironments:\n  staging: {{branch: {}, target: here}}  # the base: what previews are copied from\n",
        in_quotes(repository.branch.empty() ? "main" : repository.branch));
    text += "\ntargets:\n  here: {type: local}                # this machine\n";
    text += "\npreviews:\n  base: staging\n  target: here\n  trigger: {on: [pull_request]}\n" + data_lines(repository);
    text += "  lifecycle: {ttl: 72h, destroy_on: [merged, closed]}\n  limits: {max_active: 10}\n";
    return text;
}

}  // namespace ramet::cli
