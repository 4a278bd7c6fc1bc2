"""Two processes, and then four, in a loop of accelerate: FOLDER.

They are forks of one that has imported accelerate. Each writes to FOLDER, as JSON, what went wrong in each check:
nothing, or a traceback. By hand is DistributedDataParallel with the step of a plain loop.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import traceback
import warnings
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.state import AcceleratorState, GradientState, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from optim_core import OptimError, registry
from optim_frameworks.accelerate import lengths, prepare

ADAMW = {"type": "AdamW", "config": {"lr": 0.05}}
CLIPPED = {"type": "norm", "config": {"max_norm": 0.1}}
RECIPE = {"optimizer": ADAMW, "scheduler": {"type": "cosine"}, "gradient_clipping": CLIPPED}
EPOCHS = {**RECIPE, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}}
PLATEAU = {**RECIPE, "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0, "factor": 0.5}}}
FAULTS = (AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, OptimError)


def processes():
    return int(os.environ["WORLD_SIZE"])


def rank():
    return int(os.environ["RANK"])


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))


def data():
    return torch.randn(96, 6, generator=torch.Generator().manual_seed(1))


def loss_of(model, batch):
    return model(batch).square().mean()


def made(config=RECIPE, *, seed=0, split=False, scaler=None, changed="error", **given):
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(split_batches=split), **given)
    accelerator.scaler = scaler
    size = 4 * processes() if split else 4
    model, loader = accelerator.prepare(network(seed), DataLoader(data(), batch_size=size))
    run = registry.recipe(config).create(model, **lengths(accelerator, loader, epochs=2))
    return accelerator, model, loader, prepare(run, accelerator, changed=changed)


def by_hand(config=RECIPE, *, of=1):
    model = DistributedDataParallel(network())
    return model, registry.recipe(config).create(model, steps_per_epoch=24 // processes() // of, epochs=2)


def epoch_of(accelerator, model, loader, run):
    """The batches of this process, and what each step did."""
    batches, done = [], []
    for batch in loader:
        batches.append(batch)
        with accelerator.accumulate(model):
            done.append(run.step(lambda batch=batch: loss_of(model, batch)))
    run.end_epoch({"val_loss": 1.0})
    return batches, done


def epoch_by_hand(model, run, batches, of=1, scaler=None):
    done = []
    for number, batch in enumerate(batches, start=1):
        is_due = number % of == 0
        with contextlib.nullcontext() if is_due else model.no_sync():
            if is_due:
                done.append(run.step(lambda batch=batch: loss_of(model, batch) / of, scaler=scaler))
            else:
                loss = loss_of(model, batch) / of
                (loss if scaler is None else scaler.scale(loss)).backward()
    run.end_epoch({"val_loss": 1.0})
    return done


def same(one, other):
    return all(map(torch.equal, one.parameters(), other.parameters()))


def equal_everywhere(model):
    """Whether each process has the weights of the first."""
    for parameter in model.parameters():
        theirs = parameter.detach().clone()
        dist.broadcast(theirs, 0)
        if not torch.equal(theirs, parameter):
            return False
    return True


def raised(work, kind=OptimError):
    """The message of what `work` raises."""
    try:
        work()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__} was raised")


def scaler():
    return torch.amp.GradScaler("cpu", init_scale=2.0**12, growth_interval=3)


def compared(config=RECIPE, *, of=1, split=False):
    """Train two epochs in accelerate and by hand, and compare rates, norms and weights."""
    accelerator, model, loader, run = made(config, split=split, gradient_accumulation_steps=of)
    hand, plain = by_hand(config, of=of)
    assert processes() == accelerator.num_processes
    assert 24 // processes() == len(loader)
    for _ in range(2):
        batches, done = epoch_of(accelerator, model, loader, run)
        expected = epoch_by_hand(hand, plain, batches, of)
        stepped = [each for each in done if not each.accumulated]
        assert [each.lrs for each in expected] == [each.lrs for each in stepped]
        assert [each.grad_norm for each in expected] == [each.grad_norm for each in stepped]
        assert same(hand, model)
        assert equal_everywhere(model)
    return run


def check_each_process_has_batches_of_its_own(folder):
    """And a schedule comes to its end with them."""
    assert 0.0 == compared().optimizer.param_groups[0]["lr"]


def check_batches_may_be_split(folder):
    """The rates are the same ones."""
    assert 0.0 == compared(split=True).optimizer.param_groups[0]["lr"]


def check_accumulated_batches_are_one_step(folder):
    """Their gradients are put together with those of the other processes once."""
    assert 0.0 == compared(of=2).optimizer.param_groups[0]["lr"]
    compared(of=3, split=True)


def check_a_schedule_by_epochs_moves_once_an_epoch(folder):
    """Whatever the number of processes."""
    assert 0.0125 == compared(EPOCHS, of=2).optimizer.param_groups[0]["lr"]


def check_a_plateau_is_stepped_once_an_epoch(folder):
    """The first metric is the best one, and the second is not better."""
    assert 0.025 == compared(PLATEAU).optimizer.param_groups[0]["lr"]


def check_a_metric_of_one_process_alone_is_refused(folder):
    """The rates of the processes would differ; nothing has changed."""
    _, _, _, run = made(PLATEAU)
    assert "was given other metrics in other processes" in raised(lambda: run.end_epoch(0.1 * rank()))
    assert 0 == run.scheduler.last_epoch
    run.end_epoch(0.1)
    assert 1 == run.scheduler.last_epoch


def check_muon_is_what_it_is_by_hand(folder):
    """Its matrices are those of the model."""
    compared({"optimizer": {"type": "Muon"}, "scheduler": {"type": "linear"}})


def check_what_computes_the_loss_several_times_is_what_it_is_by_hand(folder):
    """SAM asks for two gradients, and every process for the same ones."""
    compared({**RECIPE, "optimizer": {"type": "SAM", "config": {"optimizer": ADAMW}}})


def check_what_decides_by_the_loss_decides_everywhere_alike(folder):
    """A line search of LBFGS is told the loss of all processes."""
    accelerator, model, loader, run = made(
        {"optimizer": {"type": "LBFGS", "config": {"line_search_fn": "strong_wolfe", "max_iter": 5}}}
    )
    epoch_of(accelerator, model, loader, run)
    assert equal_everywhere(model)


def check_gradients_of_gradients_are_refused(folder):
    """DistributedDataParallel puts none together."""
    assert "AdaHessian differentiates the gradients once more" in raised(lambda: made({"type": "AdaHessian"}))


def check_a_scaler_is_used_as_by_hand(folder):
    """Unscaled once, before clipping."""
    accelerator, model, loader, run = made(scaler=scaler(), gradient_accumulation_steps=2)
    hand, plain = by_hand(of=2)
    theirs = scaler()
    batches, done = epoch_of(accelerator, model, loader, run)
    expected = epoch_by_hand(hand, plain, batches, 2, theirs)
    assert [each.grad_norm for each in expected] == [each.grad_norm for each in done if not each.accumulated]
    assert same(hand, model)
    assert theirs.state_dict() == accelerator.scaler.state_dict()


def check_bfloat16_is_the_models_own(folder):
    """The step is that of float32, on what the model gives."""
    _, model, loader, run = made(mixed_precision="bf16")
    hand, plain = by_hand()
    for batch in loader:
        with torch.autocast("cpu", torch.bfloat16):
            output = hand(batch)
        expected = plain.step(output.float().square().mean())
        assert torch.equal(expected.loss, run.step(loss_of(model, batch)).loss)
    assert same(hand, model)
    assert equal_everywhere(model)


def check_a_length_that_is_that_of_all_processes_is_told(folder):
    """Its schedule would not come to its end."""
    accelerator = Accelerator(cpu=True)
    unprepared = DataLoader(data(), batch_size=4)
    model, _ = accelerator.prepare(network(), unprepared)
    run = registry.recipe(RECIPE).create(model, steps_per_epoch=len(unprepared), epochs=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare(run, accelerator)
    assert ["created for 24 steps an epoch" in str(each.message) for each in caught] == [True]


def check_runs_that_differ_are_refused(folder):
    """As with loaders of which one process has more batches; and as with a config of one's own in each."""
    options = DataLoaderConfiguration(even_batches=False)
    accelerator = Accelerator(cpu=True, dataloader_config=options)
    model, loader = accelerator.prepare(network(), DataLoader(data()[: 4 * processes() + 1], batch_size=4))
    uneven = registry.recipe(RECIPE).create(model, **lengths(accelerator, loader, epochs=2))
    assert "runs of another length" in raised(lambda: prepare(uneven, accelerator))
    other = registry.recipe(RECIPE, overrides=[f"optimizer.config.lr={0.1 + rank()}"]).create(model, total_steps=4)
    assert "runs of another recipe" in raised(lambda: prepare(other, accelerator))


def check_a_run_that_is_saved_and_loaded_goes_on_bit_for_bit(folder):
    """The first process writes, and each reads.

    Of more than two, the sum of the gradients depends on their order, which DistributedDataParallel chooses anew after
    its first step.
    """
    accelerator, model, loader, run = made(scaler=scaler(), gradient_accumulation_steps=2)
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(folder / f"state-{processes()}")
    accelerator.wait_for_everyone()
    epoch_of(accelerator, model, loader, run)
    again, other, loader, later = made(seed=1, scaler=scaler(), gradient_accumulation_steps=2)
    again.load_state(folder / f"state-{processes()}")
    assert run.optimizer.param_groups[0]["lr"] < later.optimizer.param_groups[0]["lr"]
    epoch_of(again, other, loader, later)
    assert same(model, other) if processes() == 2 else all(map(torch.allclose, model.parameters(), other.parameters()))
    assert equal_everywhere(other)


def check_several_optimizers_leave_each_others_gradients_alone(folder):
    """Each model is synchronised for itself."""
    names = ("generator", "discriminator")
    one = {"optimizer": ADAMW, "scheduler": {"type": "cosine"}}
    config = {"optimizer_configs": dict.fromkeys(names, one), "gradient_clipping": CLIPPED}

    def models():
        torch.manual_seed(0)
        return nn.Linear(6, 8), nn.Linear(8, 1)

    def step(generator, discriminator, run, noise):
        run["generator"].step(lambda: -discriminator(generator(noise)).mean())
        run["discriminator"].step(lambda: discriminator(generator(noise).detach()).square().mean())

    accelerator = Accelerator(cpu=True)
    prepared, hand = accelerator.prepare(*models()), tuple(map(DistributedDataParallel, models()))
    recipe = registry.recipe(config)
    run = prepare(recipe.create(dict(zip(names, prepared, strict=True)), total_steps=4), accelerator)
    plain = recipe.create(dict(zip(names, hand, strict=True)), total_steps=4)
    for noise in data()[rank() :: processes()].split(6)[:4]:
        step(*prepared, run, noise)
        step(*hand, plain, noise)
    assert all(map(same, hand, prepared))
    assert all(map(equal_everywhere, prepared))


def divided(seed=0, kind="SHARDED_STATE_DICT", config=RECIPE):
    """A run whose model FSDP2 divides, which accelerate does on GPUs alone, unless its state says so."""
    accelerator = Accelerator(cpu=True)
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2, auto_wrap_policy="NO_WRAP", state_dict_type=kind, cpu_ram_efficient_loading=False
    )
    for state in (AcceleratorState, PartialState):
        state._shared_state["distributed_type"] = DistributedType.FSDP
    AcceleratorState._shared_state["fsdp_plugin"] = plugin
    model = network(seed)
    return accelerator, model, registry.recipe(config).create(model, total_steps=16)


@contextlib.contextmanager
def restored():
    try:
        yield
    finally:
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_CPU
        os.environ.pop("ACCELERATE_USE_FSDP", None)


def train_divided(model, run, batches):
    for batch in batches:
        run.step(loss_of(model, batch[rank() :: processes()]))


def check_a_model_that_is_divided_is_trained_and_goes_on_bit_for_bit(folder):
    """FSDP2, whose moments accelerate saves, in parts or whole."""
    batches = data().split(12)
    alone = network()
    plain = registry.recipe(RECIPE).create(alone, total_steps=16)
    for batch in batches:
        plain.step(loss_of(alone, batch))
    for kind in ("SHARDED_STATE_DICT", "FULL_STATE_DICT"):
        with restored():
            accelerator, model, run = divided(kind=kind)
            model, _ = accelerator.prepare(model, run.optimizer)
            prepare(run, accelerator)
            train_divided(model, run, batches[:4])
            accelerator.save_state(folder / f"{kind}-{processes()}")
            accelerator.wait_for_everyone()
            train_divided(model, run, batches[4:])
            again, other, later = divided(1, kind)
            other, _ = again.prepare(other, later.optimizer)
            prepare(later, again)
            again.load_state(folder / f"{kind}-{processes()}")
            assert 4 == later["default"].steps
            train_divided(other, later, batches[4:])
            for expected, one, two in zip(alone.parameters(), model.parameters(), other.parameters(), strict=True):
                assert torch.equal(one.full_tensor(), two.full_tensor())
                assert torch.allclose(expected, one.full_tensor(), atol=1e-6)
        AcceleratorState._reset_state()


def check_a_model_that_is_divided_without_the_optimizer_is_refused(folder):
    """The run would train what the model has no more."""
    with restored():
        accelerator, model, run = divided()
        model, _ = accelerator.prepare(model, torch.optim.SGD(model.parameters()))
        assert "accelerator.prepare(model, run.optimizer)" in raised(lambda: prepare(run, accelerator))


def check_a_step_within_no_sync_is_refused(folder):
    """Each process would take another one."""
    accelerator, model, loader, run = made()
    batch = next(iter(loader))
    with accelerator.no_sync(model):
        loss = loss_of(model, batch)
        assert "within accelerator.no_sync" in raised(lambda: run.step(loss))
        accelerator.backward(loss)
    run.step(loss_of(model, batch))
    assert equal_everywhere(model)


def check_a_model_that_is_prepared_for_evaluation_is_refused(folder):
    """Nothing puts its gradients together."""
    accelerator = Accelerator(cpu=True)
    model = accelerator.prepare_model(network(), evaluation_mode=True)
    run = registry.recipe(RECIPE).create(model, total_steps=1)
    assert "prepared for training, but for evaluation alone" in raised(lambda: prepare(run, accelerator))


def main(number, world, port, folder):
    """Run the checks as one of several processes."""
    os.environ |= {"RANK": str(number), "LOCAL_RANK": str(number), "WORLD_SIZE": str(world)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    torch.set_num_threads(1)
    problems = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check(folder)
            except FAULTS:
                problems[name] = traceback.format_exc()
                # The others may wait for this one.
                (folder / f"{world}-{number}.json").write_text(json.dumps(problems), encoding="utf-8")
            else:
                problems[name] = ""
            AcceleratorState._reset_state()
            GradientState._reset_state()
    (folder / f"{world}-{number}.json").write_text(json.dumps(problems), encoding="utf-8")
    dist.destroy_process_group()


def forked(world, folder):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    children = []
    for number in range(world):
        child = os.fork()
        if child == 0:
            main(number, world, port, folder)
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    assert [0] * world == [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


if __name__ == "__main__":
    for world in (2, 4):
        forked(world, Path(sys.argv[1]))
