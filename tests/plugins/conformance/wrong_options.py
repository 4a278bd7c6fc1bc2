"""Optimizers that are wrong about the options of their groups, and about states that they load."""

from __future__ import annotations

import copy

import attrs
from sound import SoundSGD, made, move, step
from wrong_plugins import wrong


@wrong("group_options", "changed_options")
class KnowsOneMomentum(SoundSGD):
    """Its momentum is that of the config, whatever the group says."""

    def build(self, params):
        def move_alike(self, group, parameter, gradient):
            move(self, {**group, "momentum": self.defaults["momentum"]}, parameter, gradient)

        return made(self, params, move=move_alike)


@wrong("several_groups", "group_options", "lr_multipliers")
class MergesGroups(SoundSGD):
    """It makes one group of all that it is given."""

    def build(self, params):
        flat = []
        for given in params:
            flat += list(given["params"]) if isinstance(given, dict) else [given]
        return made(self, [each[1] if isinstance(each, tuple) else each for each in flat])


@wrong("changed_options")
class KeepsTheFirstMomentum(SoundSGD):
    """It keeps the momentum that its group had at the first step."""

    def build(self, params):
        def move_as_first(self, group, parameter, gradient):
            first = self.state[parameter].setdefault("first", group["momentum"])
            move(self, {**group, "momentum": first}, parameter, gradient)

        return made(self, params, move=move_as_first)


@wrong("changed_options")
class KeepsTheFirstDecay(SoundSGD):
    """It keeps the weight decay that its group had at the first step."""

    def build(self, params):
        def move_as_first(self, group, parameter, gradient):
            first = self.state[parameter].setdefault("first", group["weight_decay"])
            move(self, {**group, "weight_decay": first}, parameter, gradient)

        return made(self, params, move=move_as_first)


@wrong("options_kept")
class LowersItsRates(SoundSGD):
    """It lowers all rates a little at each step."""

    def build(self, params):
        def lower(self, closure=None):
            loss = step(self, closure)
            for group in self.param_groups:
                group["lr"] *= 0.99
            return loss

        return made(self, params, step=lower)


@wrong("zero_rate")
class DividesByItsRate(SoundSGD):
    """It divides by the rate, which schedules begin and end with at 0."""

    def build(self, params):
        def divide(self, group, parameter, gradient):
            move(self, group, parameter, gradient / group["lr"] * group["lr"])

        return made(self, params, move=divide)


@wrong("by_degree")
class DecaysOrNot(SoundSGD):
    """Its weight decay is on or off, and never as large as the config says."""

    def build(self, params):
        def switch(self, group, parameter, gradient):
            move(self, {**group, "weight_decay": 0.1 if group["weight_decay"] else 0.0}, parameter, gradient)

        return made(self, params, move=switch)


@wrong("same_either_way")
@attrs.frozen(kw_only=True)
class ForgetsDecayByForeach(SoundSGD):
    """With `foreach` it has no weight decay."""

    foreach: bool | None = None

    def options(self):
        return {**SoundSGD.options(self), "foreach": self.foreach}

    def build(self, params):
        def forget(self, group, parameter, gradient):
            move(self, {**group, "weight_decay": 0.0} if group["foreach"] else group, parameter, gradient)

        return made(self, params, move=forget)


@wrong("zero_is_meant")
@attrs.frozen(kw_only=True)
class TakesZeroForNothing(SoundSGD):
    """Where its damping is 0, it takes the default."""

    damping: float = 0.3

    def options(self):
        return {**SoundSGD.options(self), "damped": self.damping or 0.3}

    def build(self, params):
        def damped(self, group, parameter, gradient):
            move(self, group, parameter, gradient * (1 - group["damped"]))

        return made(self, params, move=damped)


@wrong("options", "zero_is_meant")
@attrs.frozen(kw_only=True)
class TakesZeroMomentumForNothing(SoundSGD):
    """Where its momentum is 0, it takes the default."""

    def options(self):
        return {**SoundSGD.options(self), "momentum": self.momentum or 0.9}


@wrong("build_only_reads")
class EmptiesTheList(SoundSGD):
    """It takes the parameters out of the list that it is given."""

    def build(self, params):
        optimizer = made(self, params)
        params.clear()
        return optimizer


@wrong("rolled_back")
class AddsToItsState(SoundSGD):
    """What it loads is lost where it has a state already."""

    def build(self, params):
        import torch

        def load_state_dict(self, state):
            earlier = {parameter: dict(kept) for parameter, kept in self.state.items()}
            torch.optim.Optimizer.load_state_dict(self, state)
            for parameter, kept in earlier.items():
                self.state[parameter].update(kept)

        return made(self, params, load_state_dict=load_state_dict)


@wrong("loaded_options")
class KeepsItsOwnOptions(SoundSGD):
    """Of the options it loads the rate alone."""

    def build(self, params):
        import torch

        def load_state_dict(self, state):
            own = [{key: group[key] for key in ("momentum", "weight_decay")} for group in self.param_groups]
            torch.optim.Optimizer.load_state_dict(self, state)
            for group, options in zip(self.param_groups, own, strict=True):
                group.update(options)

        return made(self, params, load_state_dict=load_state_dict)


@wrong("strange_state")
class LoadsAnything(SoundSGD):
    """It loads what fits, and says nothing of the rest."""

    def build(self, params):
        def load_state_dict(self, state):
            for group, loaded in zip(self.param_groups, state["param_groups"], strict=True):
                group.update({key: value for key, value in loaded.items() if key != "params"})
            self.state.clear()
            parameters = [parameter for group in self.param_groups for parameter in group["params"]]
            for number, parameter in enumerate(parameters):
                if number in state["state"]:
                    self.state[parameter] = copy.deepcopy(state["state"][number])

        return made(self, params, load_state_dict=load_state_dict)


@wrong("first_state")
class WantsAState(SoundSGD):
    """It cannot load a state from before the first step."""

    def build(self, params):
        import torch

        def load_state_dict(self, state):
            if not state["state"]:
                raise KeyError(0)
            torch.optim.Optimizer.load_state_dict(self, state)

        return made(self, params, load_state_dict=load_state_dict)


@wrong("state_device")
class MakesStateAnywhere(SoundSGD):
    """Its state is made on the default device."""

    def build(self, params):
        import torch

        def anywhere(self, group, parameter, gradient):
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros(parameter.shape, dtype=parameter.dtype)
            move(self, group, parameter, gradient)

        return made(self, params, move=anywhere)


@wrong("state_tensors", "bf16_state_dict")
class KeepsSinglePrecision(SoundSGD):
    """Its state is float32, also where parameters are float64."""

    def build(self, params):
        import torch

        def single(self, group, parameter, gradient):
            state = self.state[parameter]
            if "momentum" not in state:
                dtype = torch.complex64 if parameter.is_complex() else torch.float32
                state["momentum"] = torch.zeros_like(parameter, dtype=dtype)
            state["momentum"].mul_(group["momentum"]).add_(gradient)
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            sign = 1 if group["maximize"] else -1
            parameter.add_(state["momentum"].to(parameter.dtype), alpha=sign * group["lr"])

        return made(self, params, move=single)


@wrong("several_groups", "add_param_group", "lr_followed", "lr_multipliers")
class HidesItsRate(SoundSGD):
    """Its groups have no rate."""

    def build(self, params):
        optimizer = made(self, params)
        for group in optimizer.param_groups:
            group["rate"] = group.pop("lr")

        def hidden(self, group, parameter, gradient):
            move(self, {**group, "lr": group["rate"]}, parameter, gradient)

        type(optimizer).move = hidden
        return optimizer
