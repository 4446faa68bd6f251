#include "target.hpp"

#include "base/file.hpp"
#include "config/parse.hpp"
#include "domain/names.hpp"

namespace ramet::fuzz {

namespace {

bool is_whole_text(std::string_view text)
{
    return !text.contains('\0');
}

void check_variables(const Variables& variables)
{
    for (const auto& variable : variables) {
        require(check_variable_name(variable.key).has_value(), "the variable {}", variable.key);
        if (const auto* text = std::get_if<TextValue>(&variable.value))
            require(is_whole_text(text->text), "a NUL in {}", variable.key);
        if (const auto* secret = std::get_if<SecretValue>(&variable.value))
            require(check_secret_name(secret->secret).has_value(), "the secret {}", secret->secret);
    }
}

bool leads_out(std::string_view path)
{
    return path.starts_with('/') || path.starts_with("../") || path.contains("/../") || path.ends_with("/..") ||
           path == "..";
}

void check_service(const Service& service)
{
    require(check_name(service.name).has_value(), "the service {}", service.name);
    require(service.image.empty() || check_argument(service.image).has_value(), "the image {}", service.image);
    if (service.build) require(!leads_out(service.build->context), "the context {}", service.build->context);
    for (const auto& volume : service.volumes)
        require(check_argument(volume.path).has_value(), "the volume {}", volume.path);
    require(service.replicas >= 0 && (!service.port || (*service.port > 0 && *service.port < 65536)), "a number of {}",
            service.name);
    check_variables(service.env);
}

/// What the rest of the product takes for granted about a file that was read.
void check_file(const ProjectFile& file)
{
    require(check_name(file.project).has_value(), "the project {}", file.project);
    check_variables(file.vars);
    for (const auto& service : file.services) check_service(service);
    for (const auto& job : file.jobs) check_variables(job.env);
    for (const auto& environment : file.environments) {
        require(check_name(environment.name).has_value(), "the environment {}", environment.name);
        require(environment.branch.empty() || check_branch(environment.branch).has_value(), "the branch {}",
                environment.branch);
        require(file.find_target(environment.target) != nullptr, "no target {}", environment.target);
    }
    if (!file.previews) return;
    require(file.find_environment(file.previews->base) != nullptr, "no base {}", file.previews->base);
    check_variables(file.previews->vars);
}

void run(std::string_view input)
{
    const auto file = config::parse_project_file_fully(input, "f");
    const auto again = config::parse_project_file_fully(input, "f");
    require(file.has_value() == again.has_value() && (!file || *file == *again), "read differently the second time");
    if (file) return check_file(*file);
    require(!file.error().empty(), "refused without an error");
    for (const auto& error : file.error()) {
        require(error.kind == ErrorKind::invalid && error.where.starts_with("f:") && !error.message.empty(),
                "an error without place: {}", error.message);
        require(is_whole_text(error.message), "a NUL in a message");
    }
}

std::vector<std::string> seeds()
{
    const std::filesystem::path root(RAMET_SOURCE_DIR);
    return {read_file(root / "tests/data/config/everything.yaml").value(),
            read_file(root / "examples/shop/ramet.yaml").value(),
            "version: 1\nproject: p\nservices: {web: {run: [a], port: 1}}\nenvironments: {s: {branch: main, target: "
            "here}}\n"};
}

}  // namespace

const Target& project_file_target()
{
    static const Target target{"project_file",
                               seeds,
                               {"{",
                                "}",
                                "[",
                                "]",
                                ": ",
                                "- ",
                                "\n  ",
                                "\"",
                                "'",
                                "${",
                                "$${",
                                "&a ",
                                "*a",
                                "!!x ",
                                "---\n",
                                "|\n",
                                "? ",
                                "<<: ",
                                "\t",
                                "\"\\0\"",
                                "\"\\x01\"",
                                "LD_PRELOAD: x",
                                "from: web",
                                "branch: -x",
                                "context: ../..",
                                "null",
                                "~",
                                "needs: {web: healthy}"},
                               run};
    return target;
}

}  // namespace ramet::fuzz
