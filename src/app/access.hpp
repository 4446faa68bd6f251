#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret_bytes.hpp"

#include <optional>

namespace ramet::app {

struct NewToken {
    std::string name;
    Role role = Role::deployer;
    std::string project{};
    std::optional<Milliseconds> valid_for{};
};
struct TokenView {
    std::string id;
    std::string name;
    Role role = Role::viewer;
    std::string project{};
    Time created_at{};
    std::optional<Time> expires_at{};
    std::optional<Time> last_used_at{};
};

/// Who a bearer token is; `unauthenticated` when unknown, expired or revoked.
Result<Caller> authenticate(App& app, std::string_view token);
/// The token's text is shown once and stored only as SHA-256.
Result<SecretBytes> create_token(App& app, const Caller& caller, const NewToken& token);
Result<std::vector<TokenView>> list_tokens(App& app, const Caller& caller);
Result<void> revoke_token(App& app, const Caller& caller, const std::string& id);

}  // namespace ramet::app
