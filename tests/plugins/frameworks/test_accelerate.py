"""A run in a loop of accelerate, in one process: what a plain loop does, bit for bit, and what is refused."""

import copy
import gc
import pickle
import weakref
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

pytest.importorskip("accelerate")

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DistributedType, GradientAccumulationPlugin, ProjectConfiguration
from torch import nn
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
from torch.utils.data import DataLoader, IterableDataset

from optim_core import CheckpointMismatchError, CheckpointWarning, HorizonError, OptimError, registry
from optim_frameworks.accelerate import lengths, prepare

ADAMW = {"type": "AdamW", "config": {"lr": 0.05}}
CLIPPED = {"type": "norm", "config": {"max_norm": 0.1}}
RECIPE = {"optimizer": ADAMW, "scheduler": {"type": "cosine"}, "gradient_clipping": CLIPPED}

# What each kind of plugin needs of a loop.
RECIPES = {
    "steps": RECIPE,
    "warmup": {**RECIPE, "scheduler": {"type": "cosine", "config": {"num_warmup_steps": "20%"}}},
    "epochs": {**RECIPE, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}},
    "plateau": {**RECIPE, "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0, "factor": 0.5}}},
    "one cycle": {"optimizer": ADAMW, "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.1}}},
    "without a schedule": {"optimizer": ADAMW, "gradient_clipping": CLIPPED},
    "matrices": {"optimizer": {"type": "Muon"}, "scheduler": {"type": "linear"}},
    "closure": {"optimizer": {"type": "LBFGS", "config": {"max_iter": 3}}},
    "closure twice": {**RECIPE, "optimizer": {"type": "SAM", "config": {"optimizer": ADAMW}}},
    "a graph": {**RECIPE, "optimizer": {"type": "AdaHessian"}},
    "modes": {"optimizer": {"type": "ScheduleFreeAdamW"}},
}


@pytest.fixture(autouse=True)
def fresh_state():
    """What accelerate shares between the accelerators of a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))


def data(count=24):
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(1))


def loss_of(model, batch):
    torch.manual_seed(0)  # for an optimizer that draws
    return model(batch).square().mean()


def named(*names, apart=False):
    one = {"optimizer": ADAMW, "scheduler": {"type": "cosine"}}
    if apart:
        first, *others = names
        return {"optimizer_configs": {first: {**one, "gradient_clipping": CLIPPED}, **dict.fromkeys(others, one)}}
    return {"optimizer_configs": dict.fromkeys(names, one), "gradient_clipping": CLIPPED}


def made(config=RECIPE, *, epochs=2, seed=0, scaler=None, changed="error", **given):
    """An accelerator with its model, loader and prepared run."""
    accelerator = Accelerator(cpu=True, **given)
    accelerator.scaler = scaler
    model, loader = accelerator.prepare(network(seed), DataLoader(data(), batch_size=4))
    run = registry.recipe(config).create(model, **lengths(accelerator, loader, epochs=epochs))
    return accelerator, model, loader, prepare(run, accelerator, changed=changed)


def plain(config=RECIPE, *, steps_per_epoch=6, epochs=2):
    model = network()
    return model, registry.recipe(config).create(model, steps_per_epoch=steps_per_epoch, epochs=epochs)


def epoch_of(accelerator, model, loader, run):
    done = []
    for batch in loader:
        with accelerator.accumulate(model):
            done.append(run.step(lambda batch=batch: loss_of(model, batch)))
    run.eval()
    run.end_epoch({"val_loss": 1.0})
    run.train()
    return done


def plain_epoch(model, run, of=1, scaler=None):
    done = []
    for group in data().split(4 * of):
        *before, last = group.split(4)
        for batch in before:
            (loss_of(model, batch) / of).backward()
        done.append(run.step(lambda last=last: loss_of(model, last) / of, scaler=scaler))
    run.eval()
    run.end_epoch({"val_loss": 1.0})
    run.train()
    return done


def same(one, other):
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


# -- the step ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_a_prepared_run_is_the_plain_loop(config):
    """Weights, rates and norms are those of run.step alone, for all that a plugin can need."""
    accelerator, model, loader, run = made(config)
    hand, by_hand = plain(config)
    for _ in range(2):
        done, expected = epoch_of(accelerator, model, loader, run), plain_epoch(hand, by_hand)
        assert [each.lrs for each in expected] == [each.lrs for each in done]
        assert [each.grad_norm for each in expected] == [each.grad_norm for each in done]
        assert same(hand, model)
    assert not any(each.accumulated for each in done)


@pytest.mark.parametrize("of", [2, 3])
def test_accumulated_batches_are_one_step(of):
    """The schedule counts steps, and the results of the batches between say that there was none."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=of)
    hand, by_hand = plain(steps_per_epoch=6 // of)
    assert {"total_steps": 12 // of, "epochs": 2, "steps_per_epoch": 6 // of} == lengths(accelerator, loader, epochs=2)
    for _ in range(2):
        done, expected = epoch_of(accelerator, model, loader, run), plain_epoch(hand, by_hand, of)
        assert [number % of != 0 for number in range(1, 7)] == [each.accumulated for each in done]
        assert [each.lrs for each in expected] == [each.lrs for each in done if not each.accumulated]
        assert same(hand, model)
    assert 12 // of == run["default"].steps


def test_gradients_that_are_made_by_hand_are_stepped_with():
    """As in the documents of accelerate, with accelerator.backward and a step without a loss."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=2)
    hand, by_hand = plain(steps_per_epoch=3)
    for batch in loader:
        with accelerator.accumulate(model):
            accelerator.backward(loss_of(model, batch))
            run.step()
    plain_epoch(hand, by_hand, 2)
    assert same(hand, model)


def test_the_last_batches_of_an_epoch_are_a_step():
    """An accelerator lets them step at the end of the loader, or, as it is told, together with the next epoch's."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=4)
    assert [True, True, True, False, True, False] == [
        done.accumulated for done in epoch_of(accelerator, model, loader, run)
    ]
    assert {"total_steps": 4, "epochs": 2, "steps_per_epoch": 2} == lengths(accelerator, loader, epochs=2)


def test_batches_are_accumulated_over_the_end_of_an_epoch():
    """Where the accelerator is told so, an epoch has no whole number of steps."""
    plugin = GradientAccumulationPlugin(num_steps=4, sync_with_dataloader=False)
    accelerator, model, loader, run = made(gradient_accumulation_plugin=plugin)
    assert {"total_steps": 3, "epochs": 2} == lengths(accelerator, loader, epochs=2)
    done = epoch_of(accelerator, model, loader, run) + epoch_of(accelerator, model, loader, run)
    assert [number % 4 != 0 for number in range(1, 13)] == [each.accumulated for each in done]
    assert 0.0 == run.optimizer.param_groups[0]["lr"]


def test_bfloat16_is_the_models_own():
    """The accelerator puts autocast around the model, and the step stays as it is."""
    accelerator, model, loader, run = made(mixed_precision="bf16")
    hand, by_hand = plain()
    done = epoch_of(accelerator, model, loader, run)
    for batch, mine in zip(data().split(4), done, strict=True):
        with torch.autocast("cpu", torch.bfloat16):
            output = hand(batch)
        assert torch.equal(by_hand.step(output.float().square().mean()).loss, mine.loss)
    assert same(hand, model)


def scaler(scale=2.0**12):
    return torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=3)


@pytest.mark.parametrize("of", [1, 2])
@pytest.mark.parametrize("fused", [False, True])
def test_a_scaler_of_the_accelerator_is_used_as_by_hand(fused, of):
    """Gradients are unscaled before they are clipped, also of an optimizer that unscales by itself."""
    config = {**RECIPE, "optimizer": {"type": "AdamW", "config": {"lr": 0.05, "fused": fused}}}
    accelerator, model, loader, run = made(config, scaler=scaler(), gradient_accumulation_steps=of)
    hand, by_hand = plain(config, steps_per_epoch=6 // of)
    theirs = scaler()
    done = epoch_of(accelerator, model, loader, run)
    expected = []
    for group in data().split(4 * of):
        for batch in group.split(4):
            theirs.scale(loss_of(hand, batch) / of).backward()
        expected.append(by_hand.step(scaler=theirs))
    assert [each.grad_norm for each in expected] == [each.grad_norm for each in done if not each.accumulated]
    assert same(hand, model)
    assert theirs.state_dict() == accelerator.scaler.state_dict()


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_the_scaler_leaves_out_moves_no_schedule(fused):
    """And the accelerator says so, as it does of optimizers of its own."""
    config = {"optimizer": {"type": "AdamW", "config": {"fused": fused}}, "scheduler": {"type": "linear"}}
    accelerator, model, _, run = made(config, scaler=scaler())
    before = copy.deepcopy(model.state_dict())
    assert run.step(loss_of(model, data()) * float("inf")).skipped
    assert accelerator.optimizer_step_was_skipped
    assert all(map(torch.equal, before.values(), model.state_dict().values()))
    assert 0 == run.scheduler.last_epoch
    assert 2.0**11 == accelerator.scaler.get_scale()
    assert not run.step(loss_of(model, data())).skipped
    assert not accelerator.optimizer_step_was_skipped
    assert 1 == run.scheduler.last_epoch


def test_the_accelerators_own_clipping_unscales_the_run():
    """It unscales the optimizers that it knows, and the run's are among them; the step unscales none twice."""
    accelerator, model, loader, run = made({"optimizer": ADAMW}, mixed_precision="fp16", scaler=scaler())
    accelerator.native_amp = True  # as it is on a GPU
    hand, by_hand = plain({"optimizer": ADAMW})
    for batch in loader:
        accelerator.backward(loss_of(model, batch))
        norm = accelerator.clip_grad_norm_(model.parameters(), 0.1)
        run.step()
        loss_of(hand, batch).backward()
        assert torch.equal(torch.nn.utils.clip_grad_norm_(hand.parameters(), 0.1), norm)
        by_hand.step()
    assert same(hand, model)


@pytest.mark.parametrize("apart", [False, True])
def test_several_optimizers_leave_each_others_gradients_alone(apart):
    """And a scaler is updated once all of them have stepped; each is clipped as the recipe says of it."""
    names = ("generator", "discriminator")
    config = named(*names, apart=apart)

    def models():
        torch.manual_seed(0)
        return {"generator": nn.Linear(6, 8), "discriminator": nn.Linear(8, 1)}

    def step(models, run, noise, scaler=None):
        generator, discriminator = models.values()
        run["generator"].step(lambda: -discriminator(generator(noise)).mean(), scaler=scaler)
        run["discriminator"].step(lambda: discriminator(generator(noise).detach()).square().mean(), scaler=scaler)

    accelerator, theirs, hand = Accelerator(cpu=True), scaler(), models()
    accelerator.scaler = scaler()
    prepared = dict(zip(names, accelerator.prepare(*models().values()), strict=True))
    run = prepare(registry.recipe(config).create(prepared, total_steps=4), accelerator)
    by_hand = registry.recipe(config).create(hand, total_steps=4)
    for noise in data().split(6):
        step(prepared, run, noise)
        step(hand, by_hand, noise, theirs)
    assert all(same(hand[name], prepared[name]) for name in names)
    assert theirs.state_dict() == accelerator.scaler.state_dict()


def test_the_run_may_be_made_before_the_model_is_prepared():
    """The parameters are the same ones."""
    model = network()
    run = registry.recipe(RECIPE).create(model, total_steps=12)
    accelerator = Accelerator(cpu=True)
    prepared, loader = accelerator.prepare(model, DataLoader(data(), batch_size=4))
    epoch_of(accelerator, prepared, loader, prepare(run, accelerator))
    hand, by_hand = plain()
    plain_epoch(hand, by_hand)
    assert same(hand, model)


def test_prepare_gives_the_run_itself_and_may_be_called_twice():
    """Whoever forgets to take what it returns has it prepared all the same."""
    accelerator, model, loader, run = made()
    assert run is prepare(run, accelerator)
    assert 1 == len(accelerator._optimizers)
    epoch_of(accelerator, model, loader, run)
    hand, by_hand = plain()
    plain_epoch(hand, by_hand)
    assert same(hand, model)


def test_another_run_of_the_same_parameters_takes_the_place_of_the_first(tmp_path):
    """As in a cell of a notebook that is run again, and where a second phase has a recipe of its own."""
    accelerator, model, loader, first = made()
    run = prepare(registry.recipe({"optimizer": {"type": "SGD"}}).create(model), accelerator)
    assert 1 == len(accelerator._optimizers)
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(tmp_path)
    assert ["optimizer.bin"] == [file.name for file in tmp_path.glob("optim*")]
    with pytest.raises(OptimError, match="has let go of this run"):
        first.step(loss_of(model, data()))


def test_a_compiled_model_is_one_that_is_prepared():
    """The names are those without the wrapper."""
    accelerator, model, loader, run = made(dynamo_backend="EAGER")
    assert "0.weight" in run.optimizer.param_groups[0]["param_names"]
    hand, by_hand = plain()
    epoch_of(accelerator, model, loader, run)
    plain_epoch(hand, by_hand)
    assert all(map(torch.equal, hand.parameters(), model.parameters()))


# -- saving ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [1, 2])
@pytest.mark.parametrize("name", ["steps", "plateau", "epochs", "modes", "matrices"])
def test_a_run_that_is_saved_and_loaded_goes_on_bit_for_bit(name, of, tmp_path):
    """Optimizer, schedule, counters and scaler are in what save_state writes."""
    given = {"scaler": scaler(), "gradient_accumulation_steps": of} if name == "steps" else {}
    accelerator, model, loader, run = made(RECIPES[name], epochs=3, **given)
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(tmp_path)
    epoch_of(accelerator, model, loader, run)
    again, other, loader, later = made(RECIPES[name], epochs=3, seed=1, **given)
    again.load_state(tmp_path)
    assert 6 // (of if given else 1) == later["default"].steps
    epoch_of(again, other, loader, later)
    assert same(model, other)
    assert run.optimizer.param_groups[0]["lr"] == later.optimizer.param_groups[0]["lr"]


def test_a_run_goes_on_in_the_middle_of_an_epoch(tmp_path):
    """With the batches that are left, as accelerate skips the others."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=2)
    for number, batch in enumerate(loader):
        with accelerator.accumulate(model):
            run.step(loss_of(model, batch))
        if number == 3:
            accelerator.save_state(tmp_path)
    again, other, loader, later = made(seed=1, gradient_accumulation_steps=2)
    again.load_state(tmp_path)
    for batch in again.skip_first_batches(loader, 4):
        with again.accumulate(other):
            later.step(loss_of(other, batch))
    assert same(model, other)
    assert 3 == later["default"].steps


def test_another_config_is_told_and_taken_where_prepare_is_told_so(tmp_path):
    """By default nothing of the run is loaded."""
    accelerator, model, loader, run = made()
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(tmp_path)
    other = {**RECIPE, "optimizer": {"type": "AdamW", "config": {"lr": 0.01}}}
    again, _, _, later = made(other)
    with pytest.raises(CheckpointMismatchError, match=r"optimizer\.config\.lr") as caught:
        again.load_state(tmp_path)
    assert "prepare(run, accelerator, changed=" in str(caught.value)
    assert 0 == later["default"].steps
    again, _, _, later = made(other, changed="config")
    again.load_state(tmp_path)
    assert 6 == later["default"].steps
    assert 0.005 == pytest.approx(later.optimizer.param_groups[0]["lr"])


def test_a_checkpoint_without_the_run_is_refused_before_a_weight_is_loaded(tmp_path):
    """It was saved by a program that forgot a line."""
    accelerator = Accelerator(cpu=True)
    accelerator.prepare(network(seed=1))
    accelerator.save_state(tmp_path)
    again, model, _, _ = made()
    with pytest.raises(CheckpointMismatchError, match="holds no run"):
        again.load_state(tmp_path)
    assert same(network(), model)


def test_a_checkpoint_of_an_optimizer_alone_is_refused(tmp_path):
    """It was saved by a program that prepared the optimizer."""
    accelerator, model = Accelerator(cpu=True), network()
    accelerator.prepare(model, torch.optim.AdamW(model.parameters()))
    accelerator.save_state(tmp_path)
    again, _, _, _ = made()
    with pytest.raises(CheckpointMismatchError, match="it is not a state of format"):
        again.load_state(tmp_path)


def test_a_checkpoint_with_a_run_is_not_loaded_where_none_is_prepared(tmp_path):
    """Else its moments would be lost without a word."""
    accelerator, model, loader, run = made()
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(tmp_path)
    again = Accelerator(cpu=True)
    again.prepare(network())
    with pytest.raises(RuntimeError, match="does not match the number of registered objects"):
        again.load_state(tmp_path)
    accelerator.free_memory()
    accelerator.prepare(network())
    with pytest.raises(CheckpointMismatchError, match="1 in number, and 0 of a run are prepared"):
        accelerator.load_state(tmp_path)


def test_a_run_in_eval_mode_is_not_saved(tmp_path):
    """The weights are not those that are trained; nothing is written."""
    accelerator, model, loader, run = made(RECIPES["modes"])
    epoch_of(accelerator, model, loader, run)
    run.eval()
    with pytest.raises(OptimError, match=r"must not be saved; call run\.train\(\) before"):
        accelerator.save_state(tmp_path)
    assert not list(tmp_path.iterdir())


def test_gradients_that_are_accumulated_are_not_saved_without_a_word(tmp_path):
    """They would be missing in the next step."""
    accelerator, model, _, run = made(gradient_accumulation_steps=4)
    for _ in range(2):
        with accelerator.accumulate(model):
            run.step(loss_of(model, data()))
    with pytest.warns(CheckpointWarning, match="the gradients of 2 batches that are accumulated") as caught:
        accelerator.save_state(tmp_path)
    assert __file__ == caught[0].filename


def test_several_runs_are_saved_and_loaded_each_as_itself(tmp_path):
    """In the order in which they are prepared."""
    names = ("first", "second")
    config = named(*names)

    def two(seed):
        accelerator = Accelerator(cpu=True)
        single, first, second = accelerator.prepare(*[network(seed + number) for number in range(3)])
        runs = [
            prepare(registry.recipe(RECIPE).create(single, total_steps=9), accelerator),
            prepare(registry.recipe(config).create({"first": first, "second": second}, total_steps=9), accelerator),
        ]
        return accelerator, (single, first, second), runs

    def train(models, runs):
        for loop, model in zip((runs[0]["default"], *(runs[1][name] for name in names)), models, strict=True):
            loop.step(loss_of(model, data()))

    accelerator, models, runs = two(0)
    train(models, runs)
    accelerator.save_state(tmp_path)
    train(models, runs)
    again, others, later = two(10)
    again.load_state(tmp_path)
    train(others, later)
    assert all(map(same, models, others))


def test_checkpoints_with_names_of_their_own_are_found(tmp_path):
    """As accelerate numbers them."""
    given = {"project_config": ProjectConfiguration(str(tmp_path), automatic_checkpoint_naming=True)}
    accelerator, model, loader, run = made(**given)
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state()
    again, other, _, later = made(seed=1, **given)
    again.load_state()
    assert same(model, other)
    assert 6 == later["default"].steps


def test_a_run_that_is_registered_by_hand_too_is_saved_twice_and_well(tmp_path):
    """Who knows of register_for_checkpointing does no harm."""
    accelerator, model, loader, run = made()
    accelerator.register_for_checkpointing(run)
    epoch_of(accelerator, model, loader, run)
    accelerator.save_state(tmp_path)
    accelerator.load_state(tmp_path)
    assert 6 == run["default"].steps


def test_free_memory_lets_go_of_the_run():
    """So that another one, of smaller batches, has room; it is saved under the place of the first."""
    accelerator, model, loader, run = made()
    epoch_of(accelerator, model, loader, run)
    gone = weakref.ref(run)
    model, loader, run = accelerator.free_memory(model, loader, run)
    gc.collect()
    assert gone() is None
    again = registry.recipe(RECIPE).create(network(), total_steps=1)
    with pytest.raises(OptimError, match="is in no model that the accelerator has prepared"):
        prepare(again, accelerator)
    model, loader = accelerator.prepare(network(), DataLoader(data(), batch_size=4))
    run = prepare(registry.recipe(RECIPE).create(model, total_steps=12), accelerator)
    epoch_of(accelerator, model, loader, run)
    assert 1 == len(accelerator._custom_objects)
    hand, by_hand = plain()
    plain_epoch(hand, by_hand)
    assert same(hand, model)


# -- what is forgotten -------------------------------------------------------------------------------------------------


def test_a_run_that_is_given_to_accelerator_prepare_is_refused_with_the_line_that_is_right():
    """Accelerate alone would give it back as it is."""
    accelerator, model = Accelerator(cpu=True), network()
    run = registry.recipe(RECIPE).create(model, total_steps=4)
    line = r"`model, loader = accelerator\.prepare\(model, loader\)`, and then `run = prepare\(run, accelerator\)`"
    for given in ((run,), (model, run), (model, run.optimizer, run), (run, model, DataLoader(data()))):
        with pytest.raises(OptimError, match=line):
            accelerator.prepare(*given)
    with pytest.raises(OptimError, match=line):
        accelerator.prepare_optimizer(run)
    accelerator.prepare(model)
    run = prepare(run, accelerator)
    with pytest.raises(OptimError, match=line):
        accelerator.prepare(run)


def test_a_run_that_nobody_prepared_is_refused_at_its_first_step():
    """The loss would be neither scaled nor divided, and save_state would not save it; nothing has changed."""
    accelerator = Accelerator(cpu=True)
    model = network()
    run = registry.recipe(RECIPE).create(model, total_steps=4)
    accelerator.prepare(model)
    for _ in range(2):
        with pytest.raises(OptimError, match="accelerate has prepared the model, and the run is not"):
            run.step(loss_of(model, data()))
    assert model[0].weight.grad is None
    run = prepare(run, accelerator)
    assert not run.step(loss_of(model, data())).skipped


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_batches_of_which_the_accelerator_is_told_nothing_are_refused():
    """Each would be a step with a part of its gradient; nothing has changed."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=4)
    for batch in list(loader):
        with pytest.raises(OptimError, match=r"with accelerator\.accumulate\(model\)"):
            run.step(loss_of(model, batch))
    assert same(network(), model)
    assert 0 == run["default"].steps
    # By hand it is as the documents of accelerate do it.
    for batch in loader:
        accelerator.backward(loss_of(model, batch))
    assert not run.step().accumulated


def test_a_loader_of_one_batch_is_a_step_within_accumulate():
    """The accelerator lets the end of the loader step, and does not count."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    model, loader = accelerator.prepare(network(), DataLoader(data(), batch_size=24))
    run = prepare(registry.recipe(RECIPE).create(model, total_steps=12), accelerator)
    for _ in range(2):
        assert not epoch_of(accelerator, model, loader, run)[0].accumulated


def test_who_sets_sync_gradients_by_hand_is_understood():
    """There are loops that count for themselves."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=2)
    hand, by_hand = plain(steps_per_epoch=3)
    for number, batch in enumerate(loader, start=1):
        accelerator.sync_gradients = number % 2 == 0
        run.step(loss_of(model, batch))
    plain_epoch(hand, by_hand, 2)
    assert same(hand, model)


def test_an_optimizer_whose_turn_never_comes_is_refused():
    """Each accumulate counts as a batch, so that of two in turn one would never step."""
    names = ("first", "second")
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    models = dict(zip(names, accelerator.prepare(network(), network()), strict=True))
    run = prepare(registry.recipe(named(*names)).create(models, total_steps=2), accelerator)
    batch = data()
    for _ in range(2):
        with accelerator.accumulate(*models.values()):
            assert 1 == len({run[name].step(loss_of(models[name], batch)).accumulated for name in names})
    with accelerator.accumulate(models["first"]):
        assert run["first"].step(loss_of(models["first"], batch)).accumulated
    with accelerator.accumulate(models["second"]):
        assert not run["second"].step(loss_of(models["second"], batch)).accumulated
    with accelerator.accumulate(models["first"]), pytest.raises(OptimError, match="put the steps of all into one"):
        run["first"].step(loss_of(models["first"], batch))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("DEEPSPEED", "the engine of DeepSpeed clips and steps by itself"),
        ("MEGATRON_LM", "Megatron-LM clips and steps by itself"),
        ("XLA", "adds up the gradients of the processes in a step of its own"),
        ("FSDP", "puts weights into flat parts"),
    ],
)
def test_what_steps_by_itself_is_refused(kind, why):
    """None of them runs here: the state of the accelerator says that they do."""
    accelerator = Accelerator(cpu=True)
    run = registry.recipe(ADAMW).create(accelerator.prepare(network()))
    AcceleratorState._shared_state["distributed_type"] = DistributedType[kind]
    AcceleratorState._shared_state["fsdp_plugin"] = SimpleNamespace(fsdp_version=1)
    with pytest.raises(OptimError, match=why):
        prepare(run, accelerator)


def test_a_run_that_nobody_prepared_is_refused_where_gradients_are_accumulated():
    """Also where nothing is known of the model, as in several processes with a run that was made before."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = network()
    run = registry.recipe(ADAMW).create(model)
    with accelerator.accumulate(model), pytest.raises(OptimError, match="accelerate accumulates gradients"):
        run.step(loss_of(model, data()))
    with accelerator.accumulate(model):
        assert not run.step(loss_of(model, data())).accumulated


def test_lines_of_the_loop_before_are_refused():
    """An optimizer that is stepped beside run.step would be so without clipping and schedule; a copy is anybody's."""
    accelerator, model, loader, run = made()
    optimizer, _ = run
    hand, by_hand = plain()
    accelerator.backward(loss_of(model, data()))
    with pytest.raises(OptimError, match=r"AdamW of a prepared run was stepped by itself.*run\.step\(loss\)"):
        optimizer.step()
    run.optimizer.zero_grad()
    epoch_of(accelerator, model, loader, run)
    plain_epoch(hand, by_hand)
    with pytest.raises(OptimError, match="stepped by itself"):
        optimizer.step()
    assert same(hand, model)
    copy.deepcopy(optimizer).step()
    again = prepare(run, accelerator)
    epoch_of(accelerator, model, loader, again)


def test_a_schedule_that_is_moved_beside_is_refused():
    """It would be at its end after half the run; where one is loaded, or goes by epochs, nothing is said."""
    _, model, _, run = made()
    run.step(loss_of(model, data()))
    saved = run.state_dict()
    run.step(loss_of(model, data()))
    run.load_state_dict(saved)
    run.step(loss_of(model, data()))
    run.scheduler.step()
    with pytest.raises(OptimError, match=r"has moved since the last step.*leave scheduler\.step\(\) out"):
        run.step(loss_of(model, data()))
    _, model, _, run = made(RECIPES["epochs"])
    run.step(loss_of(model, data()))
    run.end_epoch()
    run.step(loss_of(model, data()))


@pytest.mark.parametrize("of", [2, 3])
def test_gradients_that_are_dropped_while_they_are_accumulated_are_told(of):
    """The zero_grad of an accelerator's own optimizer waits for the step, and that of any other does not."""
    accelerator, model, loader, run = made(gradient_accumulation_steps=of)
    batches = iter(loader)
    for _ in range(of):
        with accelerator.accumulate(model):
            run.step(loss_of(model, next(batches)))
    run.optimizer.zero_grad()
    with accelerator.accumulate(model):
        run.step(loss_of(model, next(batches)))
    model.zero_grad()
    with accelerator.accumulate(model), pytest.raises(OptimError, match=r"gradients of 1 batches .* are gone"):
        run.step(loss_of(model, data()))


def test_an_optimizer_may_be_given_a_state_to_load_into():
    """As torch.distributed.checkpoint does, by a step with gradients and rates of zero."""
    _, model, _, run = made()
    state = get_optimizer_state_dict(model, run.optimizer)["state"]
    assert set(dict(model.named_parameters())) == set(state)


def test_a_loss_that_was_differentiated_before_is_told():
    """Whoever leaves accelerator.backward in its place reads which line is too many."""
    accelerator, model, _, run = made()
    loss = loss_of(model, data())
    accelerator.backward(loss)
    with pytest.raises(OptimError, match=r"run\.step\(loss\) calls accelerator\.backward itself"):
        run.step(loss)
    other = loss_of(model, data())
    other.register_hook(lambda _: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        run.step(other)


def test_a_run_of_another_framework_is_refused():
    """It cannot be stepped by two."""

    accelerator = Accelerator(cpu=True)
    run = registry.recipe(ADAMW).create(accelerator.prepare(network()))
    run["default"].host = type("Other", (), {})()
    with pytest.raises(OptimError, match="in the loop of another framework already"):
        prepare(run, accelerator)


def test_another_scaler_is_refused():
    """The accelerator scales."""
    _, model, _, run = made(scaler=scaler())
    with pytest.raises(OptimError, match="leave scaler= away"):
        run.step(loss_of(model, data()), scaler=scaler())


def test_a_model_that_is_not_prepared_is_refused():
    """With several processes each would train its own."""
    run = registry.recipe(RECIPE).create(network(), total_steps=1)
    with pytest.raises(OptimError, match=r"trains 0\.weight, which is in no model that the accelerator has prepared"):
        prepare(run, Accelerator(cpu=True))
    config = {"optimizer_configs": {"generator": ADAMW, "discriminator": ADAMW}}
    models = {"generator": network(), "discriminator": network()}
    accelerator = Accelerator(cpu=True)
    accelerator.prepare(models["generator"])
    with pytest.raises(OptimError, match="the optimizer `discriminator` trains"):
        prepare(registry.recipe(config).create(models), accelerator)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_schedule_that_is_prepared_is_refused(when):
    """It would be stepped twice, or as often as there are processes."""
    accelerator = Accelerator(cpu=True)
    model = accelerator.prepare(network())
    run = registry.recipe(RECIPE).create(model, total_steps=4)
    if when == "before":
        accelerator.prepare(*run)
        with pytest.raises(OptimError, match=r"of the run was given to accelerator\.prepare"):
            prepare(run, accelerator)
        return
    prepare(run, accelerator)
    accelerator.prepare(run.scheduler)
    with pytest.raises(OptimError, match="leave it out there"):
        run.step(loss_of(model, data()))


def test_an_optimizer_that_is_prepared_is_the_runs_own_from_then_on(tmp_path):
    """It is saved once."""
    accelerator = Accelerator(cpu=True)
    model = network()
    run = registry.recipe(RECIPE).create(model, total_steps=4)
    model, _ = accelerator.prepare(model, run.optimizer)
    run = prepare(run, accelerator)
    assert 1 == len(accelerator._optimizers)
    run.step(loss_of(model, data()))
    accelerator.save_state(tmp_path)
    accelerator.load_state(tmp_path)
    assert ["optimizer.bin"] == [file.name for file in tmp_path.glob("optim*")]


def test_what_computes_gradients_anew_is_refused_where_they_are_accumulated():
    """As soon as it is prepared, and where the accelerator is changed later."""
    with pytest.raises(OptimError, match="LBFGS computes the gradients anew"):
        made({"type": "LBFGS"}, gradient_accumulation_steps=2)
    accelerator, model, _, run = made({"type": "LBFGS"})
    accelerator.gradient_accumulation_steps = 2
    with pytest.raises(OptimError, match="LBFGS computes the gradients anew"):
        run.step(lambda: loss_of(model, data()))


def test_a_copy_of_a_prepared_run_is_refused_until_it_is_prepared():
    """The accelerator saves the other one."""
    _, _, _, run = made()
    other = copy.deepcopy(run)
    with pytest.raises(OptimError, match="a copy of a prepared run"):
        other.step(sum(parameter.sum() for parameter in other["default"].parameters()))
    with pytest.raises(OptimError, match="cannot be pickled with its accelerator"):
        pickle.dumps(run)


def test_what_is_no_run_and_no_accelerator_is_refused():
    """As when the arguments change places."""
    accelerator = Accelerator(cpu=True)
    model = accelerator.prepare(network())
    run = registry.recipe(ADAMW).create(model)
    for wrong in ((accelerator, run), (run.optimizer, accelerator), (registry.recipe(ADAMW), accelerator)):
        with pytest.raises(OptimError, match=r"prepare\(run, accelerator\) is given"):
            prepare(*wrong)
    with pytest.raises(OptimError, match="for the accelerator"):
        prepare(run, None)


@pytest.mark.parametrize(("steps", "is_told"), [(6, True), (3, False), (5, False)])
def test_a_run_that_counts_batches_where_it_should_count_steps_is_told(steps, is_told):
    """Its schedule would be half done at the end; a length that has nothing to do with the loader is the caller's."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model, _ = accelerator.prepare(network(), DataLoader(data(), batch_size=4))
    run = registry.recipe(RECIPE).create(model, steps_per_epoch=steps, epochs=2)
    with pytest.warns(UserWarning, match="was created for 6 steps an epoch") if is_told else nullcontext():
        prepare(run, accelerator)


class Endless(IterableDataset):
    def __iter__(self):
        return iter([])


def test_lengths_are_those_of_a_prepared_loader():
    """The length of another one may be that of all processes."""
    accelerator = Accelerator(cpu=True)
    with pytest.raises(HorizonError, match=r"give it what accelerator\.prepare returned"):
        lengths(accelerator, DataLoader(data()), epochs=1)
    with pytest.raises(HorizonError, match="the loader has no length"):
        lengths(accelerator, accelerator.prepare(DataLoader(Endless())), epochs=1)
    with pytest.raises(HorizonError, match="epochs must be a whole number"):
        lengths(accelerator, accelerator.prepare(DataLoader(data())), epochs=0)
