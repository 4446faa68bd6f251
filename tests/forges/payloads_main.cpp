// Reads each example payload of GitHub's webhooks as the adapter does, signed as GitHub signs. Arguments: a directory with files
// EVENT.N.json. Prints one line per file: its name, then the hint or the error.
#include "base/file.hpp"
#include "base/hash.hpp"
#include "forges/github/github.hpp"

#include <cstdio>

namespace ramet {

namespace {

std::string describe(const Result<forges::Hint>& hint)
{
    if (!hint) return fmt::format("error {} {}", to_string(hint.error().kind), hint.error().where);
    if (const auto* pull = std::get_if<forges::PullRequestHint>(&*hint))
        return fmt::format("pull {} {}", pull->repository.str(), pull->number);
    if (const auto* branch = std::get_if<forges::BranchHint>(&*hint))
        return fmt::format("branch {} {}", branch->repository.str(), branch->branch);
    if (const auto* comment = std::get_if<forges::CommentHint>(&*hint))
        return fmt::format("comment {} {} {}", comment->repository.str(), comment->number, comment->author);
    return "none";
}

}  // namespace

}  // namespace ramet

int main(int count, char** arguments)
{
    using namespace ramet;
    if (count != 2) return 2;
    net::CurlClient client;
    const forges::GitHub github(client, forges::Connection{"https://github.com", {}});
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
        const auto name = entry.path().filename().string();
        const auto body = read_file(entry.path());
        if (!body) return 1;
        const forges::Delivery delivery{{{"x-github-event", name.substr(0, name.find('.'))},
                                         {"x-hub-signature-256", "sha256=" + hmac_sha256_hex("secret", *body)}},
                                        *body};
        std::puts(fmt::format("{} {}", name, describe(github.parse_event(delivery, "secret"))).c_str());
    }
    return 0;
}
