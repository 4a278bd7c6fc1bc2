"""DeepSpeed on CPUs, which Lightning's strategy refuses and DeepSpeed itself does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import torch
from lightning.fabric.utilities.seed import reset_seed
from lightning.pytorch.strategies import DDPStrategy, DeepSpeedStrategy

__all__ = ["CpuDeepSpeedStrategy", "DeepSpeedStrategy"]


class CpuDeepSpeedStrategy(DeepSpeedStrategy):
    """Lightning's strategy without what it asks of GPUs. It takes the same arguments."""

    def __init__(self, **arguments: Any) -> None:
        # DeepSpeed decides when it is imported, which Lightning's constructor does.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
        super().__init__(**arguments)

    @property
    def root_device(self) -> torch.device:
        """The device of this process, with the index that DeepSpeed asks for."""
        return torch.device("cpu", self.local_rank)

    @root_device.setter
    def root_device(self, device: torch.device) -> None:
        """Leave the device as it is."""

    def setup_environment(self) -> None:
        """Begin as with DistributedDataParallel: it is not asked whether there is a GPU."""
        DDPStrategy.setup_environment(self)

    def setup_distributed(self) -> None:
        """Begin DeepSpeed's group of processes; there are no devices whose indices could be wrong.

        They talk by gloo alone: the kernel with which those of one machine would share memory is compiled first, which
        takes minutes, and a compiler.
        """
        reset_seed()
        self.set_world_ranks()
        with _not_compiled("deepspeed_shm_comm"):
            self._init_deepspeed_distributed()


@contextlib.contextmanager
def _not_compiled(name: str) -> Iterator[None]:
    """Let DeepSpeed take a kernel of its own for one that cannot be had here."""
    from deepspeed.ops import __compatible_ops__ as kernels

    before = kernels.get(name, False)
    kernels[name] = False
    try:
        yield
    finally:
        kernels[name] = before
