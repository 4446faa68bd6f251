#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::app {

/// What a token may do; each role includes the ones before it, but `secret_writer` and `approver` stand beside each other.
enum class Role : std::uint8_t { viewer, deployer, secret_writer, approver, admin };

/// Who asks: written to the audit log and shown as `set_by` and `created_by`.
struct Caller {
    std::string name;
    Role role = Role::viewer;
    std::string project{};  ///< empty: the whole organization; else every other project answers not_found
};

std::string_view to_string(Role role);
/// Unknown words are `viewer`: what cannot be read grants nothing more.
Role parse_role(std::string_view word);
bool includes(Role has, Role wanted);

}  // namespace ramet::app
