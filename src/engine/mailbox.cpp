#include "engine/mailbox.hpp"

namespace ramet::engine {

bool removes(RunKind kind)
{
    return kind == RunKind::destroy || kind == RunKind::sweep;
}

namespace {

bool beats(RunKind arriving, RunKind other)
{
    return removes(arriving) || !removes(other);
}

}  // namespace

Admission admit(RunKind arriving, std::optional<RunKind> active, std::span<const RunKind> waiting)
{
    Admission admission;
    admission.starts_now = !active && waiting.empty();
    admission.supersedes_active = active && beats(arriving, *active);
    for (std::size_t index = 0; index < waiting.size(); ++index)
        if (beats(arriving, waiting[index])) admission.supersedes_waiting.push_back(index);
    return admission;
}

std::vector<std::optional<std::size_t>> find_overtaken(std::span<const RunKind> waiting)
{
    std::vector<std::optional<std::size_t>> overtaken(waiting.size());
    for (std::size_t index = 0; index < waiting.size(); ++index)
        for (auto later = index + 1; later < waiting.size() && !overtaken[index]; ++later)
            if (beats(waiting[later], waiting[index])) overtaken[index] = later;
    return overtaken;
}

RunStatus superseded_by(RunStatus status, const EngineRunId& by, Time at)
{
    status.state = RunState::superseded;
    status.superseded_by = by;
    status.ended_at = at;
    return status;
}

RunStatus cancelled(RunStatus status, Time at)
{
    status.state = RunState::cancelled;
    status.cancel = CancelRequest::requested;
    status.ended_at = at;
    return status;
}

}  // namespace ramet::engine
