#pragma once

#include "clone/clone.hpp"

namespace ramet::clone {

/// What the last steps need: the services, jobs and databases are in `cloned.desired` already.
struct Assembly {
    const Surroundings& around;
    variables::ReaderKind kind = variables::ReaderKind::base;
    std::string base{};
    variables::SecretAccess secrets_access = variables::SecretAccess::allowed;
    Revision revision{};
    std::map<std::string, SharedInstance> shared{};
};

/// Gives every public service its hosts. Two services of one host are refused.
void assign_hosts(Cloned& cloned, const Assembly& assembly);

/// Leaves out jobs that have nothing to do here and needs of what is left out.
void drop_what_is_absent(Cloned& cloned);

/// Resolves the variables of all services and jobs that run in this environment.
void resolve(Cloned& cloned, const Assembly& assembly);

}  // namespace ramet::clone
