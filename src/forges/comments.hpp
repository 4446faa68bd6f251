#pragma once

#include "forges/forge.hpp"
#include "forges/rest_client.hpp"

#include <array>
#include <mutex>

namespace ramet::forges {

/// The one comment per marker on a pull request. Only a comment that *begins* with the marker and was written by the token's
/// own user is Ramet's: people quote comments, and a fork's author could post one that carries the marker, to be edited by
/// Ramet now and by its author later.
class Comments {
public:
    Comments(RestClient& rest, std::string_view page_query) : rest_(rest), page_query_(page_query) {}

    Result<void> ensure(const RepositoryName& repository, std::int64_t number, std::string_view marker,
                        std::string_view text);

    /// Notes who the token's user is, from any object that it made: some tokens may write comments but not ask who they are.
    void learn_author(const Json& user);

private:
    struct Found {
        std::int64_t id = 0;
        std::string body{};
    };
    Result<Found> find(const RepositoryName& repository, std::int64_t number, std::string_view marker);
    Result<void> create(const RepositoryName& repository, std::int64_t number, const Json& body);
    /// The token's user; 0 when the token may not ask and nothing was learned yet.
    Result<std::int64_t> find_author();
    std::mutex& turn_of(const RepositoryName& repository, std::int64_t number);

    RestClient& rest_;
    std::string_view page_query_;
    std::mutex author_mutex_;
    std::int64_t author_ = 0;
    std::array<std::mutex, 16> turns_;  ///< two threads must not both find no comment and make two
};

}  // namespace ramet::forges
