import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("support", "gitea", "end_to_end"):
    sys.path.insert(0, str(HERE.parent / folder))

import postgres_image  # noqa: E402
from cluster import Cluster  # noqa: E402
from shop_on_cluster import ShopOnCluster  # noqa: E402
from skipped import pytest_sessionfinish  # noqa: E402, F401


@pytest.fixture(scope="module")
def shop(request):
    """The small shop with its base, on a cluster of its own. Its images are in the registry that the module's REGISTRY names."""
    with Cluster(images={postgres_image.NAME: postgres_image.make}) as cluster:
        cluster.add_volumes(20)
        made = ShopOnCluster(cluster, getattr(cluster, getattr(request.module, "REGISTRY", "registry")))
        try:
            yield made.start()
        finally:
            made.close()


def pytest_collection_modifyitems(items):
    """A node cannot be had without root: elsewhere the suite is skipped, and CI says so."""
    if os.getuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="a Kubernetes node needs root"))
