#pragma once

#include "base/json.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ramet::targets::kubernetes {

/// What the API server calls the objects of one kind.
struct Kind {
    std::string_view api_version;
    std::string_view kind;
    std::string_view plural;
    /// Its inventory may be asked for everywhere. Of secrets we may not: they are known by the ledger, and gone with their namespace.
    bool is_listed = true;
    bool is_namespaced = true;
    /// It becomes ready in time, and not by being there.
    bool is_awaited = false;
};

/// Every kind of object that we make ourselves: namespaces, and what is in them.
std::span<const Kind> known_kinds();
/// `refused` for one that we do not make.
Result<Kind> find_kind(std::string_view api_version, std::string_view kind);

/// "/apis/apps/v1/deployments": in all namespaces.
std::string path_of(const Kind& kind);
/// "/apis/apps/v1/namespaces/shop/deployments", or with "/NAME". Of a kind that is in no namespace, `space` says nothing.
std::string path_of(const Kind& kind, std::string_view space, std::string_view name = {});

}  // namespace ramet::targets::kubernetes
