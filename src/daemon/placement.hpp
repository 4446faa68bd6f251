#pragma once

#include "targets/by_type.hpp"
#include "targets/kubernetes/attaching.hpp"
#include "targets/kubernetes/inspection.hpp"
#include "targets/kubernetes/kubernetes_target.hpp"
#include "targets/local/attaching.hpp"
#include "targets/local/inspection.hpp"
#include "targets/local/local_target.hpp"
#include "targets/target_table.hpp"

namespace ramet::daemon {

/// The targets of this version, and how each is looked at.
struct Placement {
    Placement(const targets::local::Machine& machine, targets::local::Offer offer,
              targets::kubernetes::Clusters& clusters)
        : local(machine, offer), cluster(clusters), local_inspector(machine), cluster_inspector(clusters),
          local_attacher(machine), cluster_attacher(clusters)
    {
    }

    targets::local::LocalTarget local;
    targets::kubernetes::KubernetesTarget cluster;
    targets::local::LocalInspector local_inspector;
    targets::kubernetes::KubernetesInspector cluster_inspector;
    targets::local::LocalAttacher local_attacher;
    targets::kubernetes::ClusterAttacher cluster_attacher;
    targets::TargetTable target{{{TargetType::local, &local}, {TargetType::kubernetes, &cluster}}};
    targets::InspectorTable inspector{
        {{TargetType::local, &local_inspector}, {TargetType::kubernetes, &cluster_inspector}}};
    targets::AttacherTable attacher{
        {{TargetType::local, &local_attacher}, {TargetType::kubernetes, &cluster_attacher}}};
};

}  // namespace ramet::daemon
