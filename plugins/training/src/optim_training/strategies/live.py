"""The strategy that a name means, as an object of Lightning's."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy

from optim_core import OptimError

__all__ = ["strategy_of"]


def strategy_of(name: str, *, accelerator: str, devices: int, num_nodes: int = 1) -> Any:
    """Return what ``Trainer(strategy=…)`` takes for a name.

    Processes on CPUs talk by gloo.

    Args:
        name: a `Strategy` of the training arguments.
        accelerator: "cpu", or what else the Trainer is given, such as "gpu".
        devices: how many a node has.
        num_nodes: how many nodes there are.

    Raises:
        OptimError: DeepSpeed is not installed.

    Example:
        >>> from optim_training.strategies.live import strategy_of
        >>> strategy_of("auto", accelerator="cpu", devices=1)
        'auto'
        >>> type(strategy_of("auto", accelerator="cpu", devices=2)).__name__
        'DDPStrategy'
    """
    backend = "gloo" if accelerator == "cpu" else None
    if name == "deepspeed":
        return _deepspeed(accelerator, backend)
    if name == "fsdp":
        return ModelParallelStrategy(devices * num_nodes, 1, process_group_backend=backend)
    if name == "auto" and devices * num_nodes == 1:
        return "auto"
    return DDPStrategy(find_unused_parameters="find_unused" in name, process_group_backend=backend)


def _deepspeed(accelerator: str, backend: str | None) -> Any:
    if find_spec("deepspeed") is None:
        raise OptimError("the strategy `deepspeed` needs DeepSpeed, which is not installed: pip install deepspeed")
    from optim_training.strategies.deepspeed import CpuDeepSpeedStrategy, DeepSpeedStrategy

    on_cpu = accelerator == "cpu"
    return (CpuDeepSpeedStrategy if on_cpu else DeepSpeedStrategy)(
        stage=2,
        contiguous_gradients=True,
        overlap_comm=True,
        reduce_scatter=True,
        reduce_bucket_size=500_000_000,
        allgather_bucket_size=500_000_000,
        load_full_weights=True,
        process_group_backend=backend,
    )
