#!/usr/bin/env python3
"""Ramet's proxy against nginx: requests per second and CPU per request, at 1 and 64 connections with keep-alive.

Both stand before the same upstream (nginx, a 1 KB body), with the same number of workers, and are measured in turn, so
that what else the machine does hits both. The medians count, and of the ratios the median over the rounds. Prints one
JSON row per line: {name, measured, unit, bar, met, peer, ratio}.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOST = "web-pr-1.localhost"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_listening(port, process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"proxy_bench: {process.args[0]} ended with {process.returncode} before it listened")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit(f"proxy_bench: nothing listens on port {port}")


def start_nginx(template, name, directory, **values):
    port = free_port()
    text = (HERE / template).read_text()
    for key, value in {**values, "name": name, "dir": directory, "port": port}.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    path = pathlib.Path(directory) / f"{name}.conf"
    path.write_text(text)
    process = subprocess.Popen(["nginx", "-e", "stderr", "-p", directory, "-c", path], start_new_session=True)
    wait_until_listening(port, process)
    return process, port


def start_ramet(command, upstream, threads):
    process = subprocess.Popen(
        [*command, HOST, str(upstream), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    line = process.stdout.readline()
    if not line.strip().isdigit():
        sys.exit(f"proxy_bench: {command[0]} printed no port")
    return process, int(line)


def children_of(pid):
    found = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def cpu_seconds(pid):
    ticks = 0
    for each in children_of(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def load(process, port, connections, seconds):
    before = cpu_seconds(process.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-H", f"Host: {HOST}", f"http://127.0.0.1:{port}/"],
        check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(process.pid) - before
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    elapsed = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"proxy_bench: not every request was answered:\n{output}")
    return elapsed, used / requests * 1e6


def measure(proxies, connections, rounds, seconds):
    """Per proxy its (requests per second, microseconds of CPU per request) of each round."""
    results = {name: [] for name in proxies}
    for number in range(rounds):
        # Each is first in every other round: the second one finds warmer caches.
        order = list(proxies.items())
        for name, (process, port) in order if number % 2 else reversed(order):
            results[name].append(load(process, port, connections, seconds))
    return results


def row(name, unit, ours, peers, bar, holds):
    ratio = statistics.median(our / peer for our, peer in zip(ours, peers))
    return {"name": name, "measured": round(statistics.median(ours), 2), "unit": unit, "bar": bar, "met": holds(ratio),
            "peer": round(statistics.median(peers), 2), "ratio": round(ratio, 3)}


def rows(connections, results):
    our_rates, our_cpus = zip(*results["ramet"])
    peer_rates, peer_cpus = zip(*results["nginx"])
    where = f"{connections} connection{'s' if connections > 1 else ''}"
    yield row(f"proxy requests/s, {where}", "1/s", our_rates, peer_rates, "≥ 0.7× nginx", lambda ratio: ratio >= 0.7)
    yield row(f"proxy CPU per request, {where}", "µs", our_cpus, peer_cpus, "≤ 1.4× nginx", lambda ratio: ratio <= 1.4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ramet-proxy", required=True, metavar="CMD",
                        help="called with HOST UPSTREAM_PORT THREADS; prints the port it listens on")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            sys.exit(f"proxy_bench: {tool} is not installed: apt-get install {tool}")
    running = []
    with tempfile.TemporaryDirectory(prefix="ramet-proxy-bench-") as directory:
        # nginx's workers give up root, and must still reach their own files.
        os.chmod(directory, 0o755)
        try:
            upstream = start_nginx("proxy_upstream.conf", "upstream", directory, body="x" * 1024)
            running.append(upstream[0])
            nginx = start_nginx("proxy_nginx.conf", "proxy", directory, upstream=upstream[1], workers=options.workers)
            running.append(nginx[0])
            ramet = start_ramet(options.ramet_proxy.split(), upstream[1], options.workers)
            running.append(ramet[0])
            proxies = {"nginx": nginx, "ramet": ramet}
            measure(proxies, 8, 1, 1)  # Warm-up.
            for connections in (1, 64):
                for each in rows(connections, measure(proxies, connections, options.rounds, options.seconds)):
                    print(json.dumps(each, ensure_ascii=False), flush=True)
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
                process.wait(10)


if __name__ == "__main__":
    main()
