#pragma once

#include "app/access.hpp"
#include "app/deliveries.hpp"
#include "app/environments.hpp"
#include "app/maintenance.hpp"
#include "app/plans.hpp"
#include "app/projects.hpp"
#include "app/snapshots.hpp"
#include "app/values.hpp"
#include "base/json.hpp"
#include "engine/engine.hpp"

namespace ramet::api {

// The versioned contract of `-o json`: keys are only ever added. None of these types can hold a secret's plaintext.

Json to_json(const app::ProjectView& view);
Json to_json(const app::Started& started);
Json to_json(const app::EnvironmentView& view);
Json to_json(const app::ServiceView& view);
Json to_json(const app::DatabaseView& view);
Json to_json(const app::SnapshotView& view);
Json to_json(const app::SnapshotStarted& started);
Json to_json(const app::Explanation& explanation);
Json to_json(const app::PlanView& view);
Json to_json(const app::VariableView& view);
Json to_json(const app::SecretView& view);
Json to_json(const app::DeliveryView& view);
Json to_json(const app::TokenView& view);
Json to_json(const app::Check& check);
Json to_json(const app::AuditEntry& entry);
Json to_json(const app::EventView& event);
Json to_json(const engine::RunView& run);
Json to_json(const engine::StepView& step);
Json to_json(const engine::SweepReport& report);
/// {kind, message, evidence?, next_step?, where?}
Json error_to_json(const Error& error);

template <typename View>
Json list_to_json(std::string_view key, const std::vector<View>& views)
{
    json::array list;
    for (const auto& view : views) list.push_back(to_json(view));
    return json::object{{key, std::move(list)}};
}

}  // namespace ramet::api
