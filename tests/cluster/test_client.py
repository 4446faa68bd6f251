"""The product's own client keeps its promises to a real API server (api_client_contract.cpp)."""
import os
import subprocess

from cluster import Cluster


def test_the_client_keeps_its_contract_with_a_real_api_server():
    with Cluster() as cluster:
        done = subprocess.run([os.environ["RAMET_CLUSTER_CONTRACT"], "--no-version"], check=False, capture_output=True, text=True,
                              env={**os.environ, "RAMET_TEST_KUBECONFIG": str(cluster.kubeconfig)}, timeout=300)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        print(done.stdout.strip().splitlines()[-1])
