"""An MPI whose ranks are threads of one process: messages are copied, windows are shared.

It has what mlptrain.system.ranks calls, so that jobs over several hosts are tested in a moment.
"""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np

from mlptrain.system import ranks as real

PATIENCE = 30
"""Seconds after which a rank that waits in vain fails."""


class Group:
    """What the ranks of a communicator share."""

    def __init__(self, size):
        self.said = [None] * size
        self.barrier = threading.Barrier(size)
        self.mail = defaultdict(SimpleQueue)


class Comm:
    def __init__(self, group, rank, host):
        self.group, self.rank, self.host = group, rank, host
        self.size = len(group.said)

    def all_say(self, value):
        self.group.said[self.rank] = value
        self.group.barrier.wait(PATIENCE)
        said = list(self.group.said)
        self.group.barrier.wait(PATIENCE)
        return said

    def Barrier(self):
        self.all_say(None)

    def Bcast(self, buffer, root=0):
        put(buffer, self.all_say(taken(buffer))[root])

    def Allgatherv(self, numbers, into):
        said = self.all_say(numbers.copy())
        assert [len(each) for each in said] == list(into[1])
        np.concatenate(said, out=into[0])

    def Split(self, color, key=0):
        said = self.all_say((color, key))
        members = sorted((key, rank) for rank, (other, key) in enumerate(said) if other == color)
        place = members.index((key, self.rank))
        group = Group(len(members)) if place == 0 else None
        return Comm(self.all_say(group)[members[0][1]], place, self.host)

    def Split_type(self, kind):
        return self.Split(self.host)

    def Free(self):
        pass

    def Isend(self, array, to):
        self.group.mail[self.rank, to].put(taken(array))

    def Irecv(self, array, source):
        return lambda: put(array, self.group.mail[source, self.rank].get(timeout=PATIENCE))

    def Send(self, array, to):
        self.Isend(array, to)

    def Recv(self, array, source):
        self.Irecv(array, source)()


def taken(buffer):
    """The bytes of an array or a bytearray."""
    return np.asarray(buffer).tobytes() if isinstance(buffer, np.ndarray) else bytes(buffer)


def put(buffer, data):
    view = np.frombuffer(data, getattr(buffer, "dtype", np.uint8))
    np.frombuffer(buffer, view.dtype)[...] = view


class Win:
    def __init__(self, pieces):
        self.pieces = pieces

    @classmethod
    def Allocate_shared(cls, nbytes, unit, comm):
        return cls(comm.all_say(bytearray(b"\xff" * nbytes)))  # NaN, until somebody writes

    def Shared_query(self, rank):
        return self.pieces[rank], 1

    def Lock_all(self, mode):
        pass

    def Sync(self):
        pass


class NoWatch:
    def __init__(self, *args):
        pass

    def waiting(self, what):
        return nullcontext()

    def end(self):
        pass

    def drain(self):
        pass


def over(hosts, work, monkeypatch):
    """What `work(ranks)` returns on each rank; `hosts` names the host of each."""
    monkeypatch.setattr(real, "Watch", NoWatch)
    group = Group(len(hosts))

    def run(rank):
        mpi = SimpleNamespace(
            COMM_WORLD=Comm(group, rank, hosts[rank]),
            COMM_TYPE_SHARED=0,
            MODE_NOCHECK=0,
            UNDEFINED=-1,
            Win=Win,
            Get_processor_name=lambda: str(hosts[rank]),
            Request=SimpleNamespace(Waitall=lambda all_: [each() for each in all_ if each]),
        )
        try:
            return work(real.Ranks(mpi, print))
        except BaseException:
            group.barrier.abort()
            raise

    with ThreadPoolExecutor(len(hosts)) as pool:
        return [each.result() for each in [pool.submit(run, rank) for rank in range(len(hosts))]]
