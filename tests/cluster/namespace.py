"""The machine inside the machine: namespaces of its own for network, mounts, processes and IPC. Whatever runs in there ends with its
first process, and nothing of it, no mount, address or rule, is ever seen outside."""
import ctypes
import os
import pathlib
import select
import signal
import subprocess
import sys

CLONE_NEWNET = 0x40000000
END_DEADLINE_S = 30
HERE = pathlib.Path(__file__).resolve().parent
_libc = ctypes.CDLL(None, use_errno=True)


def start(program, *arguments, log):
    """Runs a Python file as the first process of new namespaces. Ended by `end`, and by the kernel when the caller dies."""
    command = ["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private",
               sys.executable, str(HERE / program), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def first_process(started):
    """The id, seen from outside, of what `start` runs; None before it runs."""
    try:
        children = pathlib.Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    except OSError:
        return None  # It has ended.
    return int(children[0]) if children else None


def end(started):
    """All that runs in there, at once: the kernel ends what is left before the first process is gone."""
    first = first_process(started)
    watched = os.pidfd_open(first) if first else None
    started.send_signal(signal.SIGKILL)
    started.wait()
    if watched is not None:
        select.select([watched], [], [], END_DEADLINE_S)
        os.close(watched)


class Inside:
    """`with Inside(pid):` what this thread opens belongs to the network of that process: sockets keep it when they are used outside."""

    def __init__(self, pid):
        self._pid = pid

    def __enter__(self):
        self._own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        other = os.open(f"/proc/{self._pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(other)
        finally:
            os.close(other)

    def __exit__(self, *_):
        _enter(self._own)
        os.close(self._own)


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
