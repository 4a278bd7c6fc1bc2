"""MixedPrecisionOptimizer: an optimizer with what mixed precision asks of a loop, autocast and loss scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_core.compat.factory import recipe_and_horizon, require_name
from optim_core.errors import CheckpointMismatchError, OptimError

if TYPE_CHECKING:
    from torch import Tensor, autocast, dtype
    from torch.amp import GradScaler
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.run.loop import Loss, Metric, StepResult

__all__ = ["MixedPrecisionOptimizer"]


class MixedPrecisionOptimizer:
    """An optimizer for a loop in mixed precision: forward under `autocast`, then `backward`, `step`.

    `step` unscales, clips where the config has clipping, steps, steps a schedule that goes by steps, and empties the
    gradients, as `run.step` does. On a CUDA device the forward pass is in float16 and the loss is scaled; on others it
    is in bfloat16, which needs no scaling.

    Args:
        model: what is trained; it may be moved to its device later.
        use_amp: False trains in the precision of the model, by the same loop.
        amp_dtype: of the forward pass: torch.float16, with scaling, or torch.bfloat16, without.
        lr_multipliers: module to factor, > 0.
        config: as of `create_optimizer_and_scheduler`: the name of the optimizer and its fields, and where wanted a
            schedule, its lengths, and clipping.

    Raises:
        ConfigError: with all that is wrong with `config`.

    Example:
        >>> import torch
        >>> from optim_core.compat import MixedPrecisionOptimizer
        >>> model = torch.nn.Linear(8, 2)
        >>> optimizer = MixedPrecisionOptimizer(
        ...     model=model, optimizer_type="adamw", learning_rate=1e-4, use_amp=True
        ... )
        >>> for batch in torch.ones(3, 4, 8):
        ...     optimizer.zero_grad()
        ...     with optimizer.autocast():
        ...         loss = model(batch).square().mean()
        ...     optimizer.backward(loss)
        ...     done = optimizer.step()
        >>> done.lr, done.skipped
        (0.0001, False)
    """

    def __init__(
        self,
        model: Module,
        *,
        use_amp: bool = True,
        amp_dtype: dtype | None = None,
        lr_multipliers: Mapping[Module, float] | None = None,
        **config: Any,
    ) -> None:
        require_name("optimizer", config)
        recipe, horizon = recipe_and_horizon(config, {})
        self.run = recipe.create(
            model,
            total_steps=horizon.total_steps,
            steps_per_epoch=horizon.steps_per_epoch,
            epochs=horizon.epochs,
            lr_multipliers=lr_multipliers,
            any_length=True,
        )
        self.use_amp = use_amp
        self._amp_dtype = amp_dtype
        self._scaler: GradScaler | None = None
        self._was_scaled = False

    def __repr__(self) -> str:
        precision = f"in {self.amp_dtype}" if self.use_amp else "without mixed precision"
        return f"<MixedPrecisionOptimizer: {type(self.optimizer).__name__} {precision}>"

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer itself, for whoever asks for torch's."""
        return self.run.optimizer

    @property
    def scheduler(self) -> LRScheduler | None:
        """The schedule, None where the config has none."""
        return self.run.scheduler

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The optimizer's parameter groups."""
        return self.optimizer.param_groups

    @property
    def amp_dtype(self) -> dtype:
        """The dtype of the forward pass, where mixed precision is used."""
        import torch

        usual = torch.float16 if self._device_type == "cuda" else torch.bfloat16
        return self._amp_dtype or usual

    @property
    def scaler(self) -> GradScaler:
        """The scaler of the loss; it does nothing where the dtype needs no scaling."""
        if self._scaler is None:
            import torch

            needs_scaling = self.use_amp and self.amp_dtype == torch.float16
            self._scaler = torch.amp.GradScaler(self._device_type, enabled=needs_scaling)
        return self._scaler

    @property
    def _device_type(self) -> str:
        first: Tensor = self.param_groups[0]["params"][0]
        return first.device.type

    def autocast(self) -> autocast:
        """Return the context in which the model and the loss are computed.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = MixedPrecisionOptimizer(model, optimizer_type="sgd")
            >>> with optimizer.autocast():
            ...     print(model(torch.ones(1, 8)).dtype)
            torch.bfloat16
        """
        import torch

        return torch.autocast(self._device_type, dtype=self.amp_dtype, enabled=self.use_amp)

    def scale(self, loss: Tensor) -> Tensor:
        """Return the loss times the factor of the scaler, for ``scale(loss).backward()``.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = MixedPrecisionOptimizer(model, optimizer_type="sgd")
            >>> optimizer.scale(model(torch.ones(1, 8)).sum()).backward()
        """
        self._was_scaled = True
        scaled: Tensor = self.scaler.scale(loss)
        return scaled

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss, which is scaled for it.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = MixedPrecisionOptimizer(model, optimizer_type="sgd")
            >>> optimizer.backward(model(torch.ones(1, 8)).sum())
        """
        self.scale(loss).backward()

    def step(self, loss: Loss = None, *, metric: Metric = None) -> StepResult:
        """Take one step; the gradients are empty afterwards.

        Args:
            loss: None after `backward`; or the loss, not scaled; or a function that computes it, which is called under
                `autocast`, as optimizers need that compute it several times.
            metric: what a schedule that waits for a metric after each step is given.

        Returns:
            what `run.step` returns: the loss, the norm before clipping, the rates.

        Raises:
            OptimError: something is missing that the optimizer needs, or the gradients that are there were not scaled.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = MixedPrecisionOptimizer(model, optimizer_type="sgd", learning_rate=0.5)
            >>> optimizer.step(lambda: model(torch.ones(1, 8)).sum()).lr
            0.5
        """
        if loss is None and self.scaler.is_enabled() and not self._was_scaled:
            raise OptimError(
                "the gradients were not scaled, and step would divide them by the scale: call backward(loss), or "
                "scale(loss).backward(), of this optimizer, or give step the loss"
            )
        done = self.run.step(self._under_autocast(loss), scaler=self.scaler, metric=metric)
        self._was_scaled = False
        return done

    def _under_autocast(self, loss: Any) -> Any:
        if not callable(loss):
            return loss

        def computed() -> Any:
            with self.autocast():
                return loss()

        return computed

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Empty the gradients, as `step` does after each step.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> MixedPrecisionOptimizer(torch.nn.Linear(8, 2), optimizer_type="sgd").zero_grad()
        """
        self.optimizer.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the run and of the scaler, which ``torch.load(weights_only=True)`` reads.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> list(MixedPrecisionOptimizer(torch.nn.Linear(8, 2), optimizer_type="sgd").state_dict())
            ['run', 'scaler']
        """
        return {"run": self.run.state_dict(), "scaler": self.scaler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was saved; it is copied.

        The scale is taken over where there is one, so that a run may go on on another device.

        Raises:
            CheckpointMismatchError: the state does not fit, or is none of `state_dict`; nothing has been loaded.

        Example:
            >>> import torch
            >>> from optim_core.compat import MixedPrecisionOptimizer
            >>> model = torch.nn.Linear(8, 2)
            >>> state = MixedPrecisionOptimizer(model, optimizer_type="sgd").state_dict()
            >>> MixedPrecisionOptimizer(model, optimizer_type="sgd").load_state_dict(state)
        """
        if not {"run", "scaler"} <= set(state):
            raise CheckpointMismatchError(
                "the saved state is none of a MixedPrecisionOptimizer, which has run and scaler"
            )
        self.run.load_state_dict(state["run"])
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(dict(state["scaler"]))
