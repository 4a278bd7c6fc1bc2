"""Optimizers that are wrong on purpose, each in what one property is about."""

from __future__ import annotations

import copy
import os

import attrs
from sound import SoundSGD, made, momentum, move, step
from wrong_plugins import MoreOrLess, wrong

# What is lost with anything that is not in the state.
SAVED = ("state_dict", "bf16_state_dict", "deepcopy", "pickled")


@wrong("descends", "bf16", "complex_parameters", "float64", "long_run")
class Climbs(SoundSGD):
    """It goes uphill."""

    def build(self, params):
        def climb(self, group, parameter, gradient):
            sign = -1 if group["maximize"] else 1
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(momentum(self, group, parameter, gradient), alpha=sign * group["lr"])

        return made(self, params, move=climb)


@wrong("dense_gradients", MoreOrLess)
class WantsSparseGradients(SoundSGD):
    """It takes no dense gradients, and does not say so."""

    def build(self, params):
        def only_sparse(self, group, parameter, gradient):
            if not gradient.is_sparse:
                raise RuntimeError("dense gradients are not supported")

        return made(self, params, move=only_sparse)


@wrong("ordinary_backward", MoreOrLess)
class WantsAGraph(SoundSGD):
    """It differentiates the gradients, and does not say so."""

    def build(self, params):
        def differentiate(self, group, parameter, gradient):
            import torch

            with torch.enable_grad():
                torch.autograd.grad(gradient.sum(), parameter, retain_graph=True)
            move(self, group, parameter, gradient.detach())

        return made(self, params, move=differentiate)


@wrong("vectors", "every_entry")
class SkipsVectors(SoundSGD):
    """It moves matrices only, and does not say so."""

    def build(self, params):
        def move_matrix(self, group, parameter, gradient):
            if parameter.ndim >= 2:
                move(self, group, parameter, gradient)

        return made(self, params, move=move_matrix)


@wrong("many_dimensions", "non_contiguous")
class SkipsKernels(SoundSGD):
    """It moves nothing of more than two dimensions."""

    def build(self, params):
        def move_small(self, group, parameter, gradient):
            if parameter.ndim <= 2:
                move(self, group, parameter, gradient)

        return made(self, params, move=move_small)


@wrong("unused_parameters")
class DecaysWithoutGradient(SoundSGD):
    """It shrinks parameters that have no gradient."""

    def build(self, params):
        def decay_all(self, closure=None):
            import torch

            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        if parameter.grad is None:
                            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            return step(self, closure)

        return made(self, params, step=decay_all)


@wrong("no_gradients")
class NeedsAGradient(SoundSGD):
    """It raises where no parameter has a gradient."""

    def build(self, params):
        def step_by_norm(self, closure=None):
            import torch

            loss = step(self, closure)
            parameters = [parameter for group in self.param_groups for parameter in group["params"]]
            torch.stack([parameter.grad.norm() for parameter in parameters if parameter.grad is not None])
            return loss

        return made(self, params, step=step_by_norm)


@wrong("zero_gradients", "decay_shrinks")
class DividesByZero(SoundSGD):
    """It divides by the norm of the gradient."""

    def build(self, params):
        def normalised(self, group, parameter, gradient):
            move(self, group, parameter, gradient / gradient.norm())

        return made(self, params, move=normalised)


@wrong("in_place")
class TakesNewMemory(SoundSGD):
    """It gives the parameters other memory."""

    def build(self, params):
        def replace(self, group, parameter, gradient):
            parameter.data = parameter.data.clone()
            move(self, group, parameter, gradient)

        return made(self, params, move=replace)


@wrong("maximize")
class ClimbsSlowly(SoundSGD):
    """It climbs at half the rate."""

    def build(self, params):
        def slowly(self, group, parameter, gradient):
            move(self, group, parameter, gradient / 2 if group["maximize"] else gradient)

        return made(self, params, move=slowly)


@wrong("step_without_closure", MoreOrLess)
class WantsAClosure(SoundSGD):
    """It does nothing without a closure, and does not say so."""

    def build(self, params):
        return made(self, params, step=lambda self, closure=None: None if closure is None else step(self, closure))


@wrong("closure")
class ForgetsTheLoss(SoundSGD):
    """It returns nothing."""

    def build(self, params):
        def forget(self, closure=None):
            step(self, closure)

        return made(self, params, step=forget)


@wrong("closure")
class TurnsGradientsOffForTheClosure(SoundSGD):
    """It calls the closure without gradients."""

    def build(self, params):
        def without(self, closure=None):
            import torch

            with torch.no_grad():
                loss = closure() if closure is not None else None
            step(self)
            return loss

        return made(self, params, step=without)


@wrong("closure_agrees")
class MovesTwiceByClosure(SoundSGD):
    """With a closure it takes two steps."""

    def build(self, params):
        def twice(self, closure=None):
            loss = step(self, closure)
            if closure is not None:
                step(self)
            return loss

        return made(self, params, step=twice)


@wrong("complex_parameters")
class DropsImaginaryParts(SoundSGD):
    """It moves the real part of complex parameters only."""

    def build(self, params):
        def move_real(self, group, parameter, gradient):
            move(self, group, parameter, gradient.real if gradient.is_complex() else gradient)

        return made(self, params, move=move_real)


@wrong("gradients_kept")
class ChangesGradients(SoundSGD):
    """It adds the weight decay to the gradients themselves."""

    def build(self, params):
        def penalise(self, group, parameter, gradient):
            gradient.add_(parameter, alpha=group["weight_decay"])
            sign = 1 if group["maximize"] else -1
            parameter.add_(momentum(self, group, parameter, gradient), alpha=sign * group["lr"])

        return made(self, params, move=penalise)


@wrong("zero_grad")
class TakesNoChoice(SoundSGD):
    """Its zero_grad takes no argument."""

    def build(self, params):
        def zero_grad(self):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None

        return made(self, params, zero_grad=zero_grad)


@wrong("grad_scaler")
class SaysThatItUnscales(SoundSGD):
    """It tells GradScaler that it unscales gradients itself, and does not."""

    def build(self, params):
        return made(self, params, _step_supports_amp_scaling=True)


@wrong("several_groups", "add_param_group", "lr_multipliers")
class KnowsOneRate(SoundSGD):
    """It moves every group by the rate of the first."""

    def build(self, params):
        def move_alike(self, group, parameter, gradient):
            move(self, {**group, "lr": self.param_groups[0]["lr"]}, parameter, gradient)

        return made(self, params, move=move_alike)


@wrong("several_groups")
class MixesGroups(SoundSGD):
    """The rate of the last group moves the first one too, a little."""

    def build(self, params):
        def mixed(self, group, parameter, gradient):
            rate = group["lr"] + 0.01 * sum(each["lr"] for each in self.param_groups)
            move(self, {**group, "lr": rate}, parameter, gradient)

        return made(self, params, move=mixed)


@wrong("group_options", "changed_options")
class KnowsOneDecay(SoundSGD):
    """It decays every group as the config says, whatever the group says."""

    def build(self, params):
        def decay_alike(self, group, parameter, gradient):
            move(self, {**group, "weight_decay": self.defaults["weight_decay"]}, parameter, gradient)

        return made(self, params, move=decay_alike)


@wrong("lr_followed", "zero_rate")
class KeepsTheFirstRate(SoundSGD):
    """It keeps the rate that a group had at its first step."""

    def build(self, params):
        def move_as_first(self, group, parameter, gradient):
            group.setdefault("first_lr", group["lr"])
            move(self, {**group, "lr": group["first_lr"]}, parameter, gradient)

        return made(self, params, move=move_as_first)


@wrong("lr_multipliers", "options_kept", "zero_rate")
class AddsToRates(SoundSGD):
    """It adds a little to each group's rate at each step, so that they drift together."""

    def build(self, params):
        def drift(self, closure=None):
            for group in self.param_groups:
                group["lr"] = group["lr"] + 1e-5
            return step(self, closure)

        return made(self, params, step=drift)


@wrong("add_param_group")
class ForgetsLateRates(SoundSGD):
    """A group that is added later gets the config's rate, whatever it says."""

    def build(self, params):
        import torch

        def add_param_group(self, group):
            late = {"lr": self.defaults["lr"]} if getattr(self, "state", None) else {}
            torch.optim.Optimizer.add_param_group(self, {**group, **late})

        return made(self, params, add_param_group=add_param_group)


@wrong("state_dict", "bf16_state_dict", "deepcopy", "fresh_process", "pickled", "rolled_back")
class CountsOutsideOfItsState(SoundSGD):
    """Its steps grow by a count that is an attribute."""

    def build(self, params):
        def count(self, closure=None):
            self.count = getattr(self, "count", 0) + 1
            return step(self, closure)

        def move_by_count(self, group, parameter, gradient):
            move(self, {**group, "lr": group["lr"] * (1 + 0.1 * self.count)}, parameter, gradient)

        return made(self, params, step=count, move=move_by_count)


@wrong("state_dict", "bf16_state_dict", "fresh_process", "loaded_options", "rolled_back")
class SavesTheConfigsRate(SoundSGD):
    """Loading a state puts the rates of the config back."""

    def build(self, params):
        import torch

        def load_state_dict(self, state):
            torch.optim.Optimizer.load_state_dict(self, state)
            for group in self.param_groups:
                group["lr"] = self.defaults["lr"]

        return made(self, params, load_state_dict=load_state_dict)


@wrong("state_is_copied", "bf16_state_dict", "fresh_process", "rolled_back", "state_dict")
class SavesByMoving(SoundSGD):
    """Asking for its state empties it."""

    def build(self, params):
        import torch

        def state_dict(self):
            state = copy.deepcopy(torch.optim.Optimizer.state_dict(self))
            self.state.clear()
            return state

        return made(self, params, state_dict=state_dict)


@wrong("deepcopy")
class CopiesItself(SoundSGD):
    """A deep copy of it is itself."""

    def build(self, params):
        return made(self, params, __deepcopy__=lambda self, memo: self)


@wrong("pickled")
class CannotBePickled(SoundSGD):
    """It can be copied, and not pickled."""

    def build(self, params):
        def __deepcopy__(self, memo):  # noqa: N807
            other = object.__new__(type(self))
            memo[id(self)] = other
            other.__setstate__(copy.deepcopy(self.__getstate__(), memo))
            return other

        def __reduce__(self):  # noqa: N807
            raise TypeError("cannot pickle it")

        return made(self, params, __deepcopy__=__deepcopy__, __reduce__=__reduce__)


@wrong("state_tensors")
class KeepsAGraph(SoundSGD):
    """Its state requires a gradient."""

    def build(self, params):
        def move_and_keep(self, group, parameter, gradient):
            move(self, group, parameter, gradient)
            self.state[parameter]["momentum"].requires_grad_()

        return made(self, params, move=move_and_keep)


@wrong("bf16_state_dict", "reused_gradients")
class KeepsWideState(SoundSGD):
    """Its state is wider than bfloat16 parameters, and torch's loading narrows it."""

    def build(self, params):
        def wide(self, group, parameter, gradient):
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = gradient.to(_wide(gradient.dtype))
            else:
                state["momentum"] = state["momentum"] * group["momentum"] + gradient
            sign = 1 if group["maximize"] else -1
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(state["momentum"], alpha=sign * group["lr"])

        return made(self, params, move=wide)


def _wide(dtype):
    import torch

    return torch.promote_types(dtype, torch.float32)


@wrong("bf16", "bf16_state_dict")
class RefusesHalfPrecision(SoundSGD):
    """It does not take bfloat16, and does not say so."""

    def build(self, params):
        def refuse(self, group, parameter, gradient):
            if parameter.element_size() == 2:
                raise TypeError("bfloat16 is not supported")
            move(self, group, parameter, gradient)

        return made(self, params, move=refuse)


@wrong("non_contiguous")
class ViewsParameters(SoundSGD):
    """It takes parameters as vectors by a view."""

    def build(self, params):
        def flat(self, group, parameter, gradient):
            move(self, group, parameter, gradient)
            parameter.detach().view(-1).mul_(1.0)

        return made(self, params, move=flat)


@wrong("float64")
class RefusesDoublePrecision(SoundSGD):
    """It does not take float64, and does not say so."""

    def build(self, params):
        def refuse(self, group, parameter, gradient):
            if not parameter.is_complex() and parameter.element_size() == 8:
                raise TypeError("float64 is not supported")
            move(self, group, parameter, gradient)

        return made(self, params, move=refuse)


@wrong("fresh_process")
class KnowsItsProcess(SoundSGD):
    """What it does depends on the process."""

    def build(self, params):
        def by_process(self, group, parameter, gradient):
            move(self, group, parameter, gradient * (1 + os.getpid() * 1e-7))

        return made(self, params, move=by_process)


@wrong("state_dict")
class KeepsWhatIsLargeOutside(SoundSGD):
    """Its momentum of large parameters is an attribute."""

    def build(self, params):
        def by_size(self, group, parameter, gradient):
            if parameter.numel() < 4096:
                return move(self, group, parameter, gradient)
            kept = self.__dict__.setdefault("kept", {})
            key = id(parameter)
            kept[key] = kept[key] * group["momentum"] + gradient if key in kept else gradient.clone()
            parameter.add_(kept[key], alpha=-group["lr"])
            return None

        return made(self, params, move=by_size)


def _in_mode(shift):
    """`train` and `eval` of an optimizer that moves parameters by `shift(optimizer)` for evaluation."""

    def change(self, evaluate):
        import torch

        with torch.no_grad():
            if evaluate != self.__dict__.get("evaluates", False):
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.add_(shift(self) if evaluate else -0.25)
        self.evaluates = evaluate

    return {"train": lambda self: change(self, False), "eval": lambda self: change(self, True)}


@wrong("modes")
class MovesByEvaluation(SoundSGD):
    """Its parameters are others after `eval()` and `train()` than before."""

    needs = ("modes",)

    def build(self, params):
        return made(self, params, **_in_mode(lambda self: 0.5))


@wrong("modes")
class ForgetsByEvaluation(SoundSGD):
    """Its `train()` empties the state, where `eval()` came before."""

    needs = ("modes",)

    def build(self, params):
        members = _in_mode(lambda self: 0.25)

        def train(self):
            if self.__dict__.get("evaluates", False):
                self.state.clear()
            members["train"](self)

        return made(self, params, **{**members, "train": train})


@wrong("fields")
@attrs.frozen(kw_only=True)
class FailsWithItsField(SoundSGD):
    """A step fails with any value of a field but the default."""

    power: int = 1

    def options(self):
        return {**SoundSGD.options(self), "power": self.power}

    def build(self, params):
        def only_one(self, group, parameter, gradient):
            if group["power"] != 1:
                raise KeyError("power")
            move(self, group, parameter, gradient)

        return made(self, params, move=only_one)


@wrong("fields", "by_degree", "options")
@attrs.frozen(kw_only=True)
class HasAFixedRate(SoundSGD):
    """Its rate is always the same."""

    def options(self):
        return {**SoundSGD.options(self), "lr": 0.01}


@wrong("needs")
class HasModesOfWhichItSaysNothing(SoundSGD):
    """Who reads its class does not know that evaluation is to be told."""

    def build(self, params):
        return made(self, params, **_in_mode(lambda self: 0.25))


@wrong("needs")
class SaysThatItHasModes(SoundSGD):
    """It has none."""

    needs = ("modes",)


@wrong("needs", "run_step")
class NeedsWhatThereIsNot(SoundSGD):
    """Its word is none of those that a loop knows."""

    needs = ("closures",)


@wrong("needs", "step_without_closure")
class NeedsNoGradientsAndNoClosure(SoundSGD):
    """It steps without either as well."""

    needs = ("closure", "gradients")


@wrong("run_step")
class HasAnOptionOfModesAndNone(SoundSGD):
    """Its groups say that they are not in train mode, and nothing brings them into it."""

    def build(self, params):
        optimizer = made(self, params)
        for group in optimizer.param_groups:
            group["train_mode"] = False
        return optimizer
