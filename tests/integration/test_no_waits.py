"""Nothing in a step waits for the device: each optimizer, clipper and schedule that is installed, on a GPU of pretence.

What torch itself reads from the device by its nature is declared here, with the reason; a line of ours never is.
"""

import re
import warnings

import pytest
import torch
from waits import DEVICE, Waits, a_device, loss_on_the_device, model_on_the_device, set_gradients, waits_of

from optim_conformance import subject_of
from optim_conformance.trials.walking import horizon_of
from optim_core import registry
from optim_core.errors import PluginError
from optim_deepspeed_fused.live.torch_fallback import torch_adam

OURS = ("optim-torch-builtin", "optim-muon", "optim-schedules", "optim-deepspeed-fused")
STEPS = 3
VARIANTS = [
    {},
    {"foreach": True},
    {"foreach": False},
    {"fused": True},
    {"capturable": True},
    {"capturable": True, "foreach": True},
    {"amsgrad": True},
    {"amsgrad": True, "foreach": True},
    {"momentum": 0.9},
    {"momentum": 0.9, "foreach": True},
    {"ns_dtype": "float32"},
    {"ns_dtype": "bfloat16"},
]
# What cannot take a step here, and why.
NOT_HERE = {
    "CPUAdam": "it trains parameters on the CPU",
    "FusedAdam": "its kernel is DeepSpeed's; torch's that takes its place has a test of its own",
    "SparseAdam": "it takes sparse gradients only, and to sum up their entries asks for the number of them",
}
# What waits by its nature: a pattern of the lines, and why.
READS = {
    "Adafactor": ("torch/optim/_adafactor.py", "torch's reads the norms of parameters and updates"),
    "ASGD": ("torch/optim/asgd.py", "torch's copies the factors of each step to the device"),
    "LBFGS": ("torch/optim/lbfgs.py", "it stops where the loss or a gradient is small"),
}
# The same where the rate is a tensor on the device.
READS_A_RATE = {
    "Adadelta": ("torch/optim/adadelta.py", "torch's takes a number"),
    "RMSprop": ("torch/optim/rmsprop.py", "torch's takes a number"),
    "Rprop": ("torch/optim/rprop.py", "torch's fills its first step sizes"),
    "TorchMuon": ("torch/optim/_muon.py", "torch's takes a number"),
}
# The same of schedules.
SCHEDULES_READ_A_RATE = {}


def names(kind):
    return [record.name for record in registry.plugins(kind) if record.distribution in OURS]


def variants(name):
    """The changes of a config that the optimizer takes."""
    subject = subject_of(name, "optimizer")
    return [changes for changes in VARIANTS if subject.where_accepted(changes) == changes]


OPTIMIZERS = [name for name in names("optimizer") if name not in NOT_HERE]
CASES = [(name, changes) for name in OPTIMIZERS for changes in variants(name)]
RATES = [
    (name, changes) for name, changes in CASES if {"capturable", "fused"} & changes.keys() or name.endswith("Muon")
]


def described(case):
    return case if isinstance(case, str) else "-".join(f"{key}={value}" for key, value in case.items()) or "default"


def steps_of(name, changes, *, dtype=torch.float32, rate_on_device=False):
    """The lines that wait while an optimizer takes some steps."""
    subject = subject_of(name, "optimizer")
    with a_device():
        model = model_on_the_device(dtype, vectors=not subject.refuses("vectors"))
        optimizer = subject.spec(changes).create_optimizer(model)
        if rate_on_device:
            put_rates_on_the_device(optimizer)

        def train():
            for _ in range(STEPS):
                set_gradients(model)
                optimizer.step(loss_on_the_device)
                optimizer.zero_grad()

        return waits_of(train)


def put_rates_on_the_device(optimizer):
    for group in optimizer.param_groups:
        group["lr"] = torch.full((), float(group["lr"]), device=DEVICE)


def expect(lines, declared):
    """Nothing waits, or what is declared does, and nothing else."""
    if declared is None:
        assert [] == lines
    else:
        assert lines
        assert [] == [line for line in lines if not re.match(declared[0], line)]


@pytest.mark.parametrize(("name", "changes"), CASES, ids=described)
def test_a_step_of_an_optimizer_waits_for_nothing(name, changes):
    """Neither the first step, which makes the state, nor a later one."""
    expect(steps_of(name, changes), READS.get(name))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_in_half_precision_waits_for_nothing(name):
    """The same with parameters of bfloat16."""
    expect(steps_of(name, {}, dtype=torch.bfloat16), READS.get(name))


@pytest.mark.parametrize(("name", "changes"), RATES, ids=described)
def test_a_rate_on_the_device_is_not_waited_for(name, changes):
    """Where torch allows a rate that is a tensor on the device, for CUDA graphs, and for Muon."""
    lines = steps_of(name, changes, rate_on_device=True)
    declared, _ = READS_A_RATE.get(name, (None, ""))

    # Some that wait in a loop over parameters do not with ``foreach``.
    assert [] == [line for line in lines if declared is None or not re.match(declared, line)]
    assert lines or declared is None or "foreach" in changes


@pytest.mark.parametrize("adam_w_mode", [True, False])
def test_what_takes_the_place_of_fused_adam_waits_for_nothing(adam_w_mode):
    """torch's fused kernels, by ``fallback: torch``."""
    with a_device(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = model_on_the_device()
        optimizer = torch_adam(model.parameters(), PluginError("no kernel"), adam_w_mode=adam_w_mode, lr=0.1)

        def train():
            for _ in range(STEPS):
                set_gradients(model)
                optimizer.step()
                optimizer.zero_grad()

        assert [] == waits_of(train)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", names("clipper"))
def test_clipping_waits_for_nothing(name, dtype):
    """Neither the first call, which makes the counts, nor a later one; nor asking for the counts."""
    clipper = subject_of(name, "clipper").spec().create_clipper()
    with a_device():
        model = model_on_the_device(dtype)

        def train():
            for _ in range(STEPS):
                set_gradients(model)
                clipper.clip(model.parameters())

        assert [] == waits_of(train)
        assert (STEPS, DEVICE, DEVICE) == (clipper.steps, clipper.clipped.device, clipper.nonfinite.device)


@pytest.mark.parametrize("name", names("clipper"))
def test_only_an_error_for_norms_that_are_not_finite_waits(name):
    """It has to be raised before the step, as the config asks for."""
    clipper = subject_of(name, "clipper").spec({"error_if_nonfinite": True}).create_clipper()
    with a_device():
        model = model_on_the_device()
        set_gradients(model)
        lines = waits_of(lambda: clipper.clip(model.parameters()))

    assert ["optim_torch_builtin/clippers/live.py"] == [line.split(":")[0] for line in lines]


def schedule_lines(name, *, rate_on_device):
    """The lines that wait while a schedule sets the rates of an AdamW with two groups, in a run of 60 steps."""
    spec = subject_of(name, "scheduler").spec()
    horizon = horizon_of(spec)
    metrics = [[0.5]] * STEPS if spec.waits_for_metric else [[]] * STEPS
    with a_device():
        model = model_on_the_device()
        optimizer = torch.optim.AdamW(
            [{"params": model["body"].parameters()}, {"params": model["head"].parameters(), "lr": 0.5}],
            lr=0.1,
            capturable=True,
        )
        if rate_on_device:
            put_rates_on_the_device(optimizer)
        with Waits():
            # To read the first rates once is no wait in a step.
            scheduler = spec.create_scheduler(optimizer, horizon=horizon)

        def train():
            for given in metrics:
                set_gradients(model)
                optimizer.step()
                scheduler.step(*given)
                scheduler.get_last_lr()
                optimizer.zero_grad()

        return waits_of(train)


@pytest.mark.parametrize("name", names("scheduler"))
def test_a_step_of_a_schedule_waits_for_nothing(name):
    """A number as rate is set without the device."""
    assert [] == schedule_lines(name, rate_on_device=False)


@pytest.mark.parametrize("name", names("scheduler"))
def test_a_schedule_does_not_wait_for_a_rate_on_the_device(name):
    """Where the rate is a tensor on the device, the next one is filled in."""
    lines = schedule_lines(name, rate_on_device=True)
    declared, _ = SCHEDULES_READ_A_RATE.get(name, (None, ""))

    assert (declared is not None) == bool(lines)
    assert [] == [line for line in lines if not re.match(declared, line)]


class WaitingSGD(torch.optim.SGD):
    """Skips a step where the gradients are not finite, as one should not ask."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if not parameter.grad.isfinite().all():  # a bool of a tensor
                    return None
                self.norm = parameter.grad.norm().item()  # a number of a tensor
                self.kept = parameter.grad.cpu()  # a copy to the CPU
                self.lr = torch.tensor(group["lr"], device=parameter.device)  # a copy to the device
                self.places = parameter.grad.nonzero()  # a size that depends on numbers
                self.same = torch.equal(parameter, parameter.grad)  # a comparison
                self.later = parameter.grad.to("cpu", non_blocking=True)  # this waits for nothing
                self.one = torch.ones((), device=parameter.device)  # nor does this
        return super().step(closure)


def test_what_waits_is_found_and_named():
    """Each kind of wait is told with its file and line, and what comes after it is seen too."""
    with a_device():
        model = model_on_the_device()
        optimizer = WaitingSGD(model.parameters(), lr=0.1)
        set_gradients(model)
        lines = waits_of(optimizer.step)

    named = [line.split(" ", 1) for line in lines]
    assert ["a bool of a tensor", "a number of a tensor", "a copy to the CPU", "a copy to the device"] == [
        source.split("# ")[1] for _, source in named[:4]
    ]
    assert ["a size that depends on numbers", "a comparison"] == [source.split("# ")[1] for _, source in named[4:]]
    first = WaitingSGD.step.__wrapped__.__code__.co_firstlineno
    assert {"integration/test_no_waits.py"} == {place.split(":")[0] for place, _ in named}
    assert all(first < int(place.split(":")[1]) < first + 12 for place, _ in named)


def test_the_loop_waits_for_nothing():
    """`run.step` with clipping and a schedule, with gradients that are there, and what it returns is left unread."""
    recipe = registry.recipe(
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.1, "foreach": True}},
            "scheduler": {"type": "constant_with_warmup", "config": {"num_warmup_steps": 2}},
            "gradient_clipping": {"max_norm": 1.0},
        }
    )
    with a_device():
        model = model_on_the_device()
        run = recipe.create(model)
        norms = []

        def train():
            for _ in range(STEPS):
                set_gradients(model)
                norms.append(run.step().grad_norm)

        assert [] == waits_of(train)
        assert [DEVICE] * STEPS == [norm.device for norm in norms]
