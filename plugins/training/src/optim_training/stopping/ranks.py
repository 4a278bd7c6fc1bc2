"""A process of a run that dies ends the others, with a message that names it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies.launchers import subprocess_script

from optim_core import OptimError
from optim_core.plugin_tools import said
from optim_training.stopping.signals import StoppedError

__all__ = ["RankWatch"]

# So long may a process take to end by itself, when it knows that another one is gone.
_GRACE = 10.0
_PAUSE = 0.5
_PATIENCE = 120.0
_LEAVES = "leaves"


class RankWatch(Callback):
    """Watches over the processes of a run, each by a connection that the system closes when its process ends.

    Promises: where a process dies, by whatever signal or error, all others say which one it was, and end within 30
    seconds, with a status that is not 0; also while they wait for it in a collective, and also where it dies before the
    processes have found each other. Processes that have left in order are not missed.

    It takes the place of Lightning's observer, which ends the first process with SIGKILL and says nothing.

    Example:
        >>> from optim_training.stopping.ranks import RankWatch
        >>> watch = RankWatch()
    """

    def __init__(self) -> None:
        self._children: Sequence[subprocess.Popen[bytes]] = ()
        self._left: set[int] = set()
        self._peers: dict[socket.socket, int] = {}
        self._is_over = False
        self._lock = threading.Lock()
        self._lost = ""
        self._is_told = threading.Event()
        setattr(subprocess_script, "_launch_process_observer", self._watch_children)  # noqa: B010 - it is private
        started_by_run = not any(name in os.environ for name in ("TORCHELASTIC_RUN_ID", "SLURM_PROCID"))
        if started_by_run and int(os.environ.get("LOCAL_RANK", "0")) > 0:
            _start(self._watch_parent, os.getppid())

    # -- processes of one machine, from the beginning ------------------------------------------------------------------

    def _watch_children(self, children: Sequence[subprocess.Popen[bytes]]) -> None:
        self._children = children
        _start(self._poll_children)

    def _poll_children(self) -> None:
        while not self._is_over:
            for number, child in enumerate(self._children, start=1):
                if child.poll() and number not in self._left:
                    self._end(number)
            time.sleep(_PAUSE)

    def _watch_parent(self, parent: int) -> None:
        """End with the process that has started this one, which may be before they are connected."""
        while not self._is_over:
            if os.getppid() != parent:
                self._end(0)
            time.sleep(_PAUSE)

    # -- all processes, once they have found each other ----------------------------------------------------------------

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Connect the processes."""
        if stage != "fit" or trainer.world_size == 1 or self._peers:
            return
        from torch import distributed

        rank = trainer.global_rank
        address: list[Any] = [None]
        with socket.create_server(("", 0)) as server:
            if rank == 0:
                host = "127.0.0.1" if trainer.num_nodes == 1 else socket.gethostname()
                address = [(host, server.getsockname()[1])]
            distributed.broadcast_object_list(address, src=0)
            if rank == 0:
                self._accept(server, trainer.world_size - 1)
            else:
                peer = socket.create_connection(address[0], timeout=_PATIENCE)
                peer.settimeout(None)
                peer.sendall(f"{rank}\n".encode())
                self._peers[peer] = 0
        # The workers that load data are copies of this process, and would keep the connections open.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close)
        _start(self._listen)

    def _accept(self, server: socket.socket, peers: int) -> None:
        server.settimeout(_PATIENCE)
        for _ in range(peers):
            peer, _address = server.accept()
            peer.settimeout(_PATIENCE)
            self._peers[peer] = int(peer.makefile("rb").readline())
            peer.settimeout(None)

    def _close(self) -> None:
        for peer in self._peers:
            peer.close()

    def _listen(self) -> None:
        open_peers = dict(self._peers)
        while open_peers and not self._is_over:
            readable, _, _ = select.select(list(open_peers), [], [], _PAUSE)
            for peer in readable:
                lines = _received(peer)
                for line in lines:
                    self._hear(open_peers[peer], line)
                if not lines:
                    self._hear(open_peers.pop(peer), "")

    def _hear(self, rank: int, line: str) -> None:
        """Take a line of another process; an empty one is the end of its connection."""
        if line == _LEAVES:
            self._left.add(rank)
        elif rank not in self._left:
            # The first process passes on which other one has died.
            number, _, reason = line.partition(" ")
            self._end(int(number) if number.isdecimal() else rank, reason)

    def _send(self, message: bytes, *without: int) -> None:
        for peer, rank in self._peers.items():
            if rank not in without:
                try:
                    peer.sendall(message)
                except OSError:
                    # It is gone already.
                    continue

    # -- the end -----------------------------------------------------------------------------------------------------

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Leave in order."""
        if stage == "fit" and not self._lost:
            self._leave()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Tell the others that this process has failed, or why it has, where another one is gone.

        Raises:
            OptimError: another process is gone; what torch says of it names no process.
        """
        if isinstance(exception, StoppedError):
            self._leave()
            return
        if self._peers and not self._lost and isinstance(exception, (RuntimeError, OSError)):
            # It may be the error of a collective, which comes as fast as the news of its reason.
            self._is_told.wait(4 * _PAUSE)
        if self._lost:
            raise OptimError(self._said()) from exception
        if self._peers:
            reason = said(exception).replace("\n", " ")[:200]
            self._send(f"{trainer.global_rank} has failed: {reason}\n".encode())

    def _leave(self) -> None:
        self._is_over = True
        self._send(f"{_LEAVES}\n".encode())

    def _end(self, rank: int, reason: str = "") -> None:
        """Say which process is gone, and end this one, by itself where it can."""
        with self._lock:
            if self._lost or self._is_over:
                return
            reason = reason or self._how(rank)
            self._lost = f"process {rank} {reason}"
            self._is_told.set()
        self._send(f"{rank} {reason}\n".encode(), rank)
        _start(self._end_process)

    def _end_process(self) -> None:
        # In a collective, the process is told by an error soon, and ends in order.
        time.sleep(_GRACE)
        os.write(2, f"{self._said()}\n".encode())
        os._exit(1)

    def _said(self) -> str:
        return f"{self._lost}: the run has ended, and --recover goes on with it"

    def _how(self, rank: int) -> str:
        """Return how a process has ended, as far as this one can know."""
        if not 0 < rank <= len(self._children):
            return "has ended"
        child = self._children[rank - 1]
        try:
            status = child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return f"(pid {child.pid}) has ended"
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"has ended with the status {status}"
        return f"(pid {child.pid}) {how}"


def _received(peer: socket.socket) -> list[str]:
    """Return the lines that have come, none where the connection is closed."""
    heard = b""
    try:
        while not heard.endswith(b"\n"):
            more = peer.recv(4096)
            if not more:
                break
            heard += more
    except OSError:
        return []
    return heard.decode(errors="replace").splitlines()


def _start(work: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()
