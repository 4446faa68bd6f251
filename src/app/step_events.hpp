#pragma once

#include "app/context.hpp"

#include <mutex>
#include <vector>

namespace ramet::app {

/// What the engine tells becomes events: collected on its thread, written in groups by the work queue, so that telling costs a
/// run nothing. What cannot be written now waits. Steps that were not written when the server dies are not missed: the run itself
/// is in the journal.
class StepEvents {
public:
    void add(const engine::Change& change);
    void flush(App& app);

private:
    void keep(App& app, std::vector<engine::Change> changes, const Error& error);

    std::mutex mutex_;
    std::vector<engine::Change> waiting_;
};

/// What follows a change of a run: its environment is settled when it has ended, those that wait for a golden copy look again.
void follow_change(App& app, const engine::Change& change);

}  // namespace ramet::app
