#include "targets/local/machine.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ramet::targets::local {

bool runs_as_root()
{
    return ::geteuid() == 0;
}

Path environment_directory(const Path& root, std::string_view environment)
{
    return root / "environments" / environment;
}

Path shim_directory(const Path& root, std::string_view environment, std::string_view name)
{
    return environment_directory(root, environment) / "shims" / name;
}

Path environment_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return environment_directory(machine.root, ref.mark.owner.str());
}

std::string_view last_part(std::string_view path)
{
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<int> ensure_port(const Machine& machine, const engine::ResourceRef& ref)
{
    return machine.allocations.ensure({.kind = "port",
                                       .owner = ref.mark.owner.str(),
                                       .path = ref.path,
                                       .first = first_port,
                                       .last = last_port,
                                       .is_usable = is_port_free});
}

Result<void> release_port(const Machine& machine, const engine::ResourceRef& ref)
{
    return machine.allocations.release("port", ref.mark.owner.str(), ref.path);
}

Result<bool> is_port_free(int port)
{
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return std::unexpected(os_error("making a socket for", fmt::format("port {}", port)));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    // On all addresses and without SO_REUSEADDR: whoever listens on any of them is noticed.
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

ShimSandbox project_sandbox(const Machine& machine, const SandboxRequest& request)
{
    ShimSandbox sandbox;
    sandbox.uid = request.uid;
    sandbox.gid = request.uid;
    sandbox.hidden = machine.root;
    if (!request.artefact.empty()) sandbox.read_only.push_back(request.artefact);
    sandbox.writable = {request.environment / "home", request.environment / "tmp"};
    // Programs that ask who they are find an entry, and the machine's own files stay as they are.
    for (const auto* file : {"passwd", "group"})
        sandbox.files_over[Path("/etc") / file] = request.environment / "etc" / file;
    for (const auto* place : {"/tmp", "/var/tmp"}) sandbox.directories_over[place] = request.environment / "tmp";
    return sandbox;
}

std::map<std::string, std::string> clean_environment(const Path& home, const Path& temporary)
{
    return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
            {"HOME", home.string()},
            {"TMPDIR", temporary.string()},
            {"LANG", "C.UTF-8"}};
}

}  // namespace ramet::targets::local
