"""A check that cannot fail is a defect: each kind of leftover is planted, and must be found and named."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from leftovers import Process, Snapshot, Watch
from gitea import wait_for

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can plant this")
STRANGE_UID = 61234
SLEEP = "import sys, time; print(flush=True); time.sleep(600)"


@pytest.fixture
def data():
    path = pathlib.Path(tempfile.mkdtemp(prefix="leftovers-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def watch(data):
    return Watch([data], allowed_files=("ramet.db*", "builds/*"))


@contextlib.contextmanager
def running(*command, **options):
    """A process that has printed its first line, so that all of it is in place."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, **options)
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def found(watch, before):
    return "\n".join(watch.leftovers(before))


def test_nothing_is_found_where_nothing_was_planted(watch):
    assert watch.leftovers(watch.take()) == []


def test_what_was_there_before_is_no_leftover(watch, data):
    with running(sys.executable, "-c", SLEEP, cwd=data):
        assert watch.leftovers(watch.take()) == []


@pytest.mark.parametrize("trace", ["cwd", "environ", "cmdline", "fd"])
def test_a_process_is_found_by_any_trace_of_the_directory(watch, data, trace):
    before = watch.take()
    options = {"cwd": {"cwd": data}, "environ": {"env": {"D": str(data)}}, "cmdline": {}, "fd": {}}[trace]
    arguments = [str(data)] if trace == "cmdline" else []
    with contextlib.ExitStack() as stack:
        if trace == "fd":
            descriptor = os.open(data, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            options = {"pass_fds": [descriptor]}
        process = stack.enter_context(running(sys.executable, "-c", SLEEP, *arguments, **options))
        assert f"process {process.pid} of uid" in found(watch, before)


def test_a_child_that_shows_no_trace_is_found_by_its_parent(watch, data):
    before = watch.take()
    parent = ("import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], cwd='/', env={});"
              "print(p.pid, flush=True); sys.stdin.read(); p.kill(); p.wait()")
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=data, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child = int(process.stdout.readline())
        assert f"process {child} of uid" in found(watch, before)
    finally:
        process.communicate()


def test_an_unreaped_child_is_found(watch, data):
    before = watch.take()
    parent = "import os, time; pid = os.fork(); pid or os._exit(0); os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT); print(pid, flush=True); time.sleep(600)"
    with running(sys.executable, "-c", parent, cwd=data):
        assert "(zombie)" in found(watch, before)


def test_a_process_whose_parent_ended_is_still_the_same(watch, data):
    orphaning = ("import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
                 "print(p.pid, flush=True); sys.stdin.read()")
    parent = subprocess.Popen([sys.executable, "-c", orphaning], cwd=data, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())
    try:
        before = watch.take()
        parent.stdin.close()
        parent.wait()
        assert watch.leftovers(before) == []
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


@pytest.mark.parametrize("title, blamed", [("postgres: shop shop 127.0.0.1(5) idle", False), ("postgres", True)])
def test_a_client_of_a_database_server_that_stays_is_not_blamed_another_server_is(title, blamed):
    server = Process(10, 1, False, 1, 70000, "/usr/lib/postgresql/15/bin/postgres -D base")
    before, after = Snapshot(processes=frozenset({server})), Snapshot(processes=frozenset({server, Process(11, 2, False, 10, 70000, title)}))
    assert bool(after.minus(before)) == blamed


def test_a_database_server_with_its_own_workers_is_named_when_it_is_left():
    server, worker = Process(20, 1, False, 1, 7, "postgres -D preview"), Process(21, 1, False, 20, 7, "postgres: checkpointer")
    assert Snapshot(processes=frozenset({server, worker})).minus(Snapshot()) == ["process 20 of uid 7: postgres -D preview"]


@root_only
def test_a_process_without_any_trace_is_found_by_the_user_id_that_was_seen_at_work(watch, data):
    with running(sys.executable, "-c", SLEEP, cwd=data, user=STRANGE_UID, group=STRANGE_UID, extra_groups=[]):
        wait_for(lambda: watch.take() and STRANGE_UID in watch.uids, "the user id to be seen")
    before = watch.take()
    with running(sys.executable, "-c", SLEEP, cwd="/", env={}, user=STRANGE_UID, group=STRANGE_UID, extra_groups=[]) as process:
        assert f"process {process.pid} of uid {STRANGE_UID}" in found(watch, before)


@root_only
def test_a_stranger_under_an_unknown_user_id_is_not_blamed(watch):
    before = watch.take()
    with running(sys.executable, "-c", SLEEP, cwd="/", env={}, user=STRANGE_UID, group=STRANGE_UID, extra_groups=[]):
        assert watch.leftovers(before) == []


def test_a_listening_port_of_a_process_that_was_there_before_is_found(watch, data):
    listen_later = "import socket, sys; print(flush=True); sys.stdin.readline(); s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", listen_later], cwd=data, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        before = watch.take()
        process.stdin.write(b"\n")
        process.stdin.flush()
        port = int(process.stdout.readline())
        assert watch.leftovers(before) == [f"ports: 127.0.0.1:{port}"]
    finally:
        process.communicate()


def test_a_port_of_a_stranger_is_not_blamed(watch):
    before = watch.take()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))):
        assert watch.leftovers(before) == []


@root_only
def test_a_mount_is_found(watch, data):
    (data / "mounted").mkdir()
    before = watch.take()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", data / "mounted"], check=True)
    try:
        assert f"mounts: / {data}/mounted" in found(watch, before)
    finally:
        subprocess.run(["umount", data / "mounted"], check=True)


@root_only
def test_a_mount_in_another_namespace_is_found_and_so_is_its_process(watch, data):
    before = watch.take()
    (data / "passwd").write_text("")
    inside = f"mount --bind {data}/passwd /etc/passwd && cd / && echo && exec sleep 600"
    with running("unshare", "--mount", "sh", "-c", inside, env={"PATH": os.environ["PATH"]}) as process:
        lines = found(watch, before)
    assert f"process {process.pid} of uid" in lines
    assert "/etc/passwd" in lines and "in mnt:[" in lines


@root_only
def test_a_loop_device_is_found(watch, data):
    (data / "image").write_bytes(bytes(1 << 20))
    before = watch.take()
    device = subprocess.run(["losetup", "--find", "--show", data / "image"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        assert f"loops: {os.path.basename(device)} on {data}/image" in found(watch, before)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@contextlib.contextmanager
def control_group(*members):
    tree = next((path for path in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids", "/sys/fs/cgroup") if os.access(path, os.W_OK)), None)
    planted = pathlib.Path(tree or "/", f"ramet-leftovers-{os.getpid()}")
    try:
        planted.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        for process in members:
            (planted / "cgroup.procs").write_text(str(process.pid))
        yield planted
    finally:
        for process in members:
            process.kill()
            process.wait()
        wait_for(lambda: not (planted / "cgroup.procs").read_text(), f"{planted} to be empty")
        planted.rmdir()


@root_only
def test_an_empty_control_group_is_found(watch):
    before = watch.take()
    with control_group() as planted:
        assert f"cgroups: {planted}" in found(watch, before)


@root_only
def test_a_control_group_with_somebody_who_came_after_the_look_is_found(watch, data):
    with running(sys.executable, "-c", SLEEP, cwd=data) as known, running(sys.executable, "-c", SLEEP) as newcomer:
        with control_group(known, newcomer) as planted:
            assert str(planted) in watch.take().cgroups


@root_only
def test_a_control_group_of_strangers_is_not_blamed(watch):
    before = watch.take()
    with running(sys.executable, "-c", SLEEP) as stranger, control_group(stranger):
        assert watch.leftovers(before) == []


def test_a_file_in_dev_shm_is_found(watch):
    before = watch.take()
    with tempfile.NamedTemporaryFile(dir="/dev/shm", delete=False) as planted:
        pass
    try:
        assert f"shared_memory: {planted.name}" in found(watch, before)
    finally:
        os.unlink(planted.name)


def test_a_file_in_dev_shm_that_a_living_stranger_holds_is_not_blamed(watch):
    before = watch.take()
    with tempfile.NamedTemporaryFile(dir="/dev/shm"):
        assert watch.leftovers(before) == []


def test_a_system_v_segment_whose_creator_has_ended_is_found(watch):
    before = watch.take()
    made = subprocess.run(["ipcmk", "--shmem", "4096"], stdout=subprocess.PIPE, text=True, check=True).stdout
    identity = made.split()[-1]
    try:
        assert f"shared_memory: shm {identity} with key" in found(watch, before)
    finally:
        subprocess.run(["ipcrm", "--shmem-id", identity], check=True)


def test_files_folders_links_and_sockets_are_found(watch, data):
    before = watch.take()
    (data / "environments" / "pr-1").mkdir(parents=True)
    (data / "environments" / "pr-1" / "file").write_text("")
    (data / "dangling").symlink_to("/nowhere")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(data / "socket"))
    names = {"environments", "environments/pr-1", "environments/pr-1/file", "dangling", "socket"}
    assert set(watch.leftovers(before)) == {f"files: {data}/{name}" for name in names}


def test_the_servers_own_files_are_allowed(watch, data):
    before = watch.take()
    (data / "builds").mkdir()
    before = watch.take()
    for name in ("ramet.db", "ramet.db-wal", "builds/abc"):
        (data / name).write_text("")
    assert watch.leftovers(before) == []


def test_a_watched_file_in_an_allowed_folder_is_found(data):
    watch = Watch([data], allowed_files=("builds*",), watched_files=("builds/.references/*",))
    before = watch.take()
    (data / "builds" / ".references").mkdir(parents=True)
    (data / "builds" / "cached").write_text("")
    (data / "builds" / ".references" / "pr-1.json").write_text("")
    assert watch.leftovers(before) == [f"files: {data}/builds/.references/pr-1.json"]


def test_a_databases_directory_counts_as_one_thing(watch, data):
    before = watch.take()
    (data / "pg" / "base").mkdir(parents=True)
    (data / "pg" / "PG_VERSION").write_text("15\n")
    assert watch.leftovers(before) == [f"files: {data}/pg"]
    after = watch.take()
    (data / "pg" / "base" / "1").write_text("")
    assert watch.leftovers(after) == []


def test_a_new_account_is_found():
    before, after = Snapshot(accounts=frozenset({"a"})), Snapshot(accounts=frozenset({"a", "/etc/passwd: ramet-7"}))
    assert after.minus(before) == ["accounts: /etc/passwd: ramet-7"]


def test_accounts_are_read_from_the_machine(watch):
    assert "/etc/passwd: root" in watch.take().accounts


@root_only
def test_a_network_device_is_found(watch):
    name = f"rmt{os.getpid() % 100000}"
    before = watch.take()
    if subprocess.run(["ip", "link", "add", name, "type", "bridge"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no network device can be made here")
    try:
        assert found(watch, before) == f"network: device {name}"
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)
