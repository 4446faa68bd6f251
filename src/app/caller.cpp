#include "app/caller.hpp"

namespace ramet::app {

std::string_view to_string(Role role)
{
    switch (role) {
    case Role::viewer: return "viewer";
    case Role::deployer: return "deployer";
    case Role::secret_writer: return "secret-writer";
    case Role::approver: return "approver";
    case Role::admin: return "admin";
    }
    return "viewer";
}

Role parse_role(std::string_view word)
{
    using enum Role;
    for (const auto role : {deployer, secret_writer, approver, admin})
        if (to_string(role) == word) return role;
    return viewer;
}

bool includes(Role has, Role wanted)
{
    if (has == wanted || has == Role::admin || wanted == Role::viewer) return true;
    return wanted == Role::deployer && has != Role::viewer;
}

}  // namespace ramet::app
