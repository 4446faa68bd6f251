"""What a preview left on the machine: found from /proc, /sys and the file system alone, without asking the product.

Take a `Snapshot` before, another after, and `leftovers()` names everything that the second has and the first had not.
A `Watch` remembers the user ids that it saw at work, so that a process that hides every other trace is still found.
"""
import fnmatch
import os
import pathlib
import pwd
from dataclasses import dataclass, field

PROC = pathlib.Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """The same one as long as pid and start agree; it may change its title, and its parent when that one ends."""
    pid: int
    started: int  # Clock ticks since boot: tells a reused pid apart.
    is_zombie: bool
    parent: int = field(compare=False)
    uid: int = field(compare=False)
    command: str = field(compare=False)

    def __str__(self):
        return f"process {self.pid} of uid {self.uid}: {self.command or '?'}{' (zombie)' if self.is_zombie else ''}"


@dataclass(frozen=True)
class Snapshot:
    """Each set holds texts that name one thing; `processes` holds Process."""
    processes: frozenset = frozenset()
    ports: frozenset = frozenset()
    mounts: frozenset = frozenset()
    loops: frozenset = frozenset()
    cgroups: frozenset = frozenset()
    shared_memory: frozenset = frozenset()
    accounts: frozenset = frozenset()
    network: frozenset = frozenset()
    files: frozenset = frozenset()

    def minus(self, before):
        """What is here and was not there, one readable line each."""
        lines = []
        for kind in self.__dataclass_fields__:
            new = getattr(self, kind) - getattr(before, kind)
            if kind == "processes":
                new = {process for process in new if not serves_connection(process, before.processes | self.processes)}
            lines += sorted(str(thing) if kind == "processes" else f"{kind}: {thing}" for thing in new)
        return lines


def serves_connection(process, known):
    """A database server that stays starts and ends such processes for each of its clients."""
    return process.command.startswith("postgres: ") and any(
        parent.pid == process.parent and "postgres" in parent.command for parent in known)


@dataclass
class Watch:
    """Looks after the directories of one installation. `allowed_files` are patterns of paths that may come and stay, except
    those that `watched_files` names."""
    roots: list
    allowed_files: tuple = ()
    watched_files: tuple = ()
    ignored_pids: set = field(default_factory=set)
    uids: set = field(default_factory=set)

    def __post_init__(self):
        self.roots = [str(pathlib.Path(root).resolve()) for root in self.roots]
        self._sources = [source_of(root) for root in self.roots]

    def take(self):
        processes = self.related_processes()
        self._remember_uids(processes)
        return Snapshot(
            processes=frozenset(process for process in processes.values() if process.pid not in self.ignored_pids),
            ports=frozenset(listening_ports(processes)),
            mounts=frozenset(self._mounts(processes)),
            loops=frozenset(self._loops()),
            cgroups=frozenset(cgroups_of(processes)),
            shared_memory=frozenset(shared_memory(processes)),
            accounts=frozenset(accounts()),
            network=frozenset(network_devices()),
            files=frozenset(self._files()),
        )

    def leftovers(self, before):
        return self.take().minus(before)

    def mentions(self, text):
        return any(root in text for root in self.roots)

    def _is_mounted_from_here(self, line):
        """A line of mountinfo: a root is where it is mounted, or what is mounted there lies in one."""
        device, source = line.split()[2:4]
        return self.mentions(line) or any(device == own and f"{source}/".startswith(f"{place}/") for own, place in self._sources)

    # -- processes

    def related_processes(self):
        """Those that mention a root, run under a user id that did, or descend from one of these; not this process or its ancestors."""
        everyone = all_processes()
        own = ancestors(os.getpid(), everyone)
        related = {pid for pid in everyone if pid not in own and self._is_related(everyone[pid])}
        children = {}
        for process in everyone.values():
            children.setdefault(process.parent, []).append(process.pid)
        waiting = list(related)
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in related and child not in own:
                    related.add(child)
                    waiting.append(child)
        return {pid: everyone[pid] for pid in related}

    def _is_related(self, process):
        return (process.uid in self.uids or self.mentions(traces_of(process.pid))
                or any(map(self._is_mounted_from_here, mounts_of_its_own(process.pid))))

    def _remember_uids(self, processes):
        known = {0, os.getuid()} | {entry.pw_uid for entry in pwd.getpwall()}
        self.uids |= {process.uid for process in processes.values()} - known

    # -- mounts, loop devices, files

    def _mounts(self, processes):
        """In this namespace those that mention a root; in the namespaces of related processes as well."""
        seen = set()
        for pid in ["self", *processes]:
            namespace = link(PROC / str(pid) / "ns" / "mnt")
            if namespace in seen or not namespace:
                continue
            seen.add(namespace)
            where = "" if pid == "self" else f" in {namespace}"
            for line in read(PROC / str(pid) / "mountinfo").splitlines():
                if self._is_mounted_from_here(line):
                    yield " ".join(line.split()[3:5] + line.split(" - ")[-1].split()[:2]) + where

    def _loops(self):
        for backing in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
            if self.mentions(read(backing)):
                yield f"{backing.parts[3]} on {read(backing).strip()}"

    def _files(self):
        for root in self.roots:
            for folder, folders, names in os.walk(root):
                if "PG_VERSION" in names:
                    folders.clear()  # A database's directory is one thing: what it holds is its server's affair.
                    continue
                for name in (*folders, *names):
                    path = os.path.join(folder, name)
                    if not self._is_allowed(path[len(root) + 1:]):
                        yield path

    def _is_allowed(self, relative):
        def matches(patterns):
            return any(fnmatch.fnmatch(relative, pattern) for pattern in patterns)
        return matches(self.allowed_files) and not matches(self.watched_files)


# -- reading the machine

def read(path):
    try:
        return pathlib.Path(path).read_bytes().decode(errors="replace")
    except OSError:
        return ""  # It ended meanwhile, or is not ours to read.


def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def all_processes():
    found = {}
    for folder in PROC.glob("[0-9]*"):
        process = read_process(int(folder.name))
        if process is not None:
            found[process.pid] = process
    return found


def read_process(pid):
    # The name may hold spaces and brackets: the fields begin after the last one.
    fields = read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    if not fields:
        return None
    try:
        uid = os.stat(PROC / str(pid)).st_uid
    except OSError:
        return None
    # A process that may not be traced belongs to root in /proc; its status tells the truth.
    for line in read(PROC / str(pid) / "status").splitlines():
        if line.startswith("Uid:"):
            uid = int(line.split()[1])
    command = read(PROC / str(pid) / "cmdline").replace("\0", " ").strip()
    return Process(pid, int(fields[19]), fields[0] == "Z", int(fields[1]), uid, command)


def ancestors(pid, everyone):
    found = set()
    while pid in everyone and pid not in found:
        found.add(pid)
        pid = everyone[pid].parent
    return found


def traces_of(pid):
    """Everything by which a process can be tied to a directory."""
    folder = PROC / str(pid)
    texts = [read(folder / "cmdline"), read(folder / "environ"), *(link(folder / name) for name in ("cwd", "exe", "root"))]
    try:
        texts += [link(entry) for entry in (folder / "fd").iterdir()]
    except OSError:
        pass
    return "\n".join(texts)


def mounts_of_its_own(pid):
    """In a mount namespace of its own, what is mounted tells; in everybody's namespace it tells nothing."""
    folder = PROC / str(pid)
    return read(folder / "mountinfo").splitlines() if link(folder / "ns" / "mnt") != link(PROC / "self" / "ns" / "mnt") else []


def source_of(path):
    """(device, path in its file system), as mountinfo names what is mounted from there."""
    mounts = [line.split()[2:5] for line in read(PROC / "self" / "mountinfo").splitlines()]
    holding = [mount for mount in mounts if f"{path}/".startswith(f"{mount[2].rstrip('/')}/")]
    device, root, point = max(reversed(holding), key=lambda mount: len(mount[2]))
    return device, os.path.normpath(f"{root.rstrip('/')}/{os.path.relpath(path, point)}")


def listening_ports(processes):
    """`127.0.0.1:8080` for each listening socket that a related process holds, whatever its network namespace."""
    for pid in processes:
        sockets = socket_inodes(pid)
        for table in ("tcp", "tcp6"):
            for line in read(PROC / str(pid) / "net" / table).splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and fields[9] in sockets:
                    yield readable_address(fields[1])


def socket_inodes(pid):
    try:
        links = [link(entry) for entry in (PROC / str(pid) / "fd").iterdir()]
    except OSError:
        return set()
    return {target[8:-1] for target in links if target.startswith("socket:[")}


def readable_address(text):
    address, port = text.split(":")
    if len(address) == 8:
        address = ".".join(str(int(address[i:i + 2], 16)) for i in (6, 4, 2, 0))
    return f"{address}:{int(port, 16)}"


def cgroups_of(processes):
    """Control groups that the product made: named after it, and empty or with somebody related in them. Who came into one since
    `processes` were looked at is no stranger there: without this, a group of the base could be missing before and be blamed afterwards."""
    for root, folders, _ in os.walk("/sys/fs/cgroup"):
        for name in list(folders):
            path = os.path.join(root, name)
            if "ramet" not in path:
                continue
            members = {int(pid) for below, _, _ in os.walk(path) for pid in read(os.path.join(below, "cgroup.procs")).split()}
            if not members or members & set(processes):
                yield path


def shared_memory(processes):
    """Segments, semaphores, queues and files of /dev/shm, without those that a living stranger holds."""
    for kind in ("shm", "sem", "msg"):
        lines = read(PROC / "sysvipc" / kind).splitlines()
        names = lines[0].split() if lines else []
        for line in lines[1:]:
            row = dict(zip(names, line.split()))
            creator = int(row.get("cpid", 0))
            if creator in processes or not (PROC / str(creator)).exists() or creator == 0:
                yield f"{kind} {row.get(names[1])} with key {row.get('key')} of uid {row.get('uid')}"
    for path in pathlib.Path("/dev/shm").glob("*"):
        if not held_by_strangers(path, processes):
            yield str(path)


def held_by_strangers(path, processes):
    return any(str(path) in read(folder / "maps") or any(link(entry) == str(path) for entry in entries(folder / "fd"))
               for folder in PROC.glob("[0-9]*") if int(folder.name) not in processes)


def entries(folder):
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def accounts():
    for name in ("/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid"):
        for line in read(name).splitlines():
            yield f"{name}: {line.split(':')[0]}"


def network_devices():
    # Of this network: /sys shows those of the network in which it was mounted.
    for line in read(PROC / "self" / "net" / "dev").splitlines()[2:]:
        yield f"device {line.partition(':')[0].strip()}"
    for path in pathlib.Path("/run/netns").glob("*"):
        yield f"namespace {path.name}"
