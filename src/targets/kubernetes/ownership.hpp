#pragma once

#include "base/json.hpp"

#include <string>
#include <vector>

namespace ramet::targets::kubernetes {

/// A field that we applied and do not own any more: somebody set it otherwise, or took it away.
struct LostField {
    std::string path;  ///< "spec.template.spec.containers[web].image"
    std::string by{};  ///< the field manager that owns it now ("kubectl-edit"); empty where it was taken away
    friend bool operator==(const LostField&, const LostField&) = default;
};

/// What of `applied`, an object as we sent it, is not ours any more by what the cluster says of who owns what: `owners`, its managedFields. Whoever
/// changes a value becomes its owner in place of who had it (kubernetes.io, "Server-Side Apply"), so that nothing that servers write beside ours
/// and no other way to write a quantity is taken for a change. What others add beside ours is not looked at. Pure.
std::vector<LostField> find_lost_fields(const Json& applied, const json::array& owners);

}  // namespace ramet::targets::kubernetes
