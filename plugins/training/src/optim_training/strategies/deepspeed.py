"""DeepSpeed on CPUs, which Lightning's strategy refuses and DeepSpeed itself does."""

from __future__ import annotations

import os
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
        """Begin DeepSpeed's group of processes; there are no devices whose indices could be wrong."""
        reset_seed()
        self.set_world_ranks()
        self._init_deepspeed_distributed()
