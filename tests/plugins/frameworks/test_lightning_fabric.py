"""A run in a loop of Fabric comes to the weights of a plain loop, in one process and in several."""

import ast
from pathlib import Path

import pytest
import torch
from lightning.fabric import Fabric
from lightning.fabric.plugins import MixedPrecision
from warm_python import WarmPython

from optim_core import OptimError, registry
from optim_frameworks.lightning.fabric import prepare

from . import fabric_processes
from .lightning_support import LIGHTNINGS_OWN, data, loss_of, network

# The processes are forks of one that has imported Lightning.
pytestmark = [*LIGHTNINGS_OWN, pytest.mark.xdist_group("fabric_processes")]
PROCESSES = Path(__file__).parent / "fabric_processes.py"
CONFIG = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.01}},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"max_norm": 0.01},
}


def fabric(precision=None, **options):
    # Fabric itself takes float16 for nothing that a CPU can do.
    fp16 = (
        [MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=64.0))]
        if precision == "16-mixed"
        else []
    )
    others = {} if fp16 else {"precision": precision}
    return Fabric(accelerator="cpu", devices=1, plugins=fp16, **others, **options)


def prepared(config=CONFIG, **options):
    """A Fabric, the network that it has set up, and the run of it."""
    made = fabric(**options)
    model = made.setup(network())
    return made, model, prepare(registry.recipe(config).create(model, total_steps=6, epochs=2), made)


def assert_same(expected, model):
    for name, value in expected.state_dict().items():
        assert torch.equal(value, model.module.state_dict()[name]), name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": {"type": "LBFGS"}},
        {"optimizer": {"type": "SGD", "lr": 0.1, "lr_decay_gamma": 0.5}, "scheduler": None},
    ],
)
def test_a_run_steps_as_in_a_plain_loop(changes):
    """Clipping, schedules by steps and by epochs, closures: bit for bit."""
    config = {**CONFIG, **changes}
    expected = network()
    plain = registry.recipe(config).create(expected, total_steps=6, epochs=2)
    _, model, run = prepared(config)
    for net, each in ((expected, plain), (model, run)):
        torch.manual_seed(2)
        for _ in range(2):
            for batch in data(3):
                each.step(lambda batch=batch, net=net: loss_of(net, batch))
            each.end_epoch()
    assert_same(expected, model)


def test_accumulated_gradients():
    """`fabric.backward` for the batches before, `run.step` with the last."""
    expected = network()
    plain = registry.recipe(CONFIG).create(expected, total_steps=6, epochs=2)
    made, model, run = prepared()
    torch.manual_seed(2)
    loss_of(expected, data(2)[0]).backward()
    plain.step(loss_of(expected, data(2)[1]))
    torch.manual_seed(2)
    with made.no_backward_sync(model):
        made.backward(loss_of(model, data(2)[0]))
    run.step(loss_of(model, data(2)[1]))
    assert_same(expected, model)


@pytest.mark.parametrize(("precision", "fused"), [("bf16-mixed", False), ("16-mixed", False), ("16-mixed", True)])
def test_mixed_precision_clips_unscaled_gradients(precision, fused):
    """The norm is that of the gradients, and not of the scaled ones, which a plain loop with a scaler has too."""
    config = {**CONFIG, "optimizer": {"type": "AdamW", "config": {"lr": 0.01, "fused": fused}}}
    expected = network()
    plain = registry.recipe(config).create(expected, total_steps=6, epochs=2)
    _, model, run = prepared(config, precision=precision)
    dtype = torch.float16 if precision.startswith("16") else torch.bfloat16
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0) if dtype is torch.float16 else None
    torch.manual_seed(2)
    norms = []
    for batch in data(3):
        with torch.autocast("cpu", dtype=dtype):
            output = expected(batch)
        norms.append(plain.step((output.float() - batch.flip(-1)).square().mean(), scaler=scaler).grad_norm)
    torch.manual_seed(2)
    for norm, batch in zip(norms, data(3), strict=True):
        assert torch.equal(norm, run.step((model(batch) - batch.flip(-1)).square().mean()).grad_norm)
    assert_same(expected, model)


@pytest.mark.filterwarnings("ignore:the norm of the gradients is")
def test_a_step_that_the_scaler_leaves_out_moves_no_schedule():
    """And Fabric's callbacks are told of each step."""

    class Counting:
        steps = 0

        def on_after_optimizer_step(self, strategy, optimizer):
            self.steps += 1

    counting = Counting()
    _, model, run = prepared(precision="16-mixed", callbacks=[counting])
    assert run.step(loss_of(model, data(1)[0]) * float("inf")).skipped
    assert 0 == run.scheduler.last_epoch
    assert not run.step(loss_of(model, data(1)[0])).skipped
    assert (1, 2) == (run.scheduler.last_epoch, counting.steps)


def test_a_run_is_saved_and_goes_on(tmp_path):
    """`fabric.save` and `fabric.load` take it as they take a model."""
    made, model, run = prepared()
    batches = data(6)
    torch.manual_seed(2)
    for batch in batches[:3]:
        run.step(loss_of(model, batch))
    made.save(tmp_path / "last.ckpt", {"model": model, "run": run})
    state = torch.get_rng_state()
    for batch in batches[3:]:
        run.step(loss_of(model, batch))

    other, again, later = prepared()
    other.load(tmp_path / "last.ckpt", {"model": again, "run": later})
    torch.set_rng_state(state)
    for batch in batches[3:]:
        later.step(loss_of(again, batch))
    assert_same(model.module, again)


def test_several_optimizers_step_by_name():
    """Each is differentiated by Fabric."""
    made = fabric(precision="16-mixed")
    generator, discriminator = made.setup(torch.nn.Linear(4, 8)), made.setup(torch.nn.Linear(8, 1))
    recipe = registry.recipe({"optimizer_configs": {name: {"type": "SGD"} for name in ("generator", "discriminator")}})
    run = prepare(recipe.create({"generator": generator, "discriminator": discriminator}), made)
    noise = torch.ones(2, 4)
    assert not run["generator"].step(discriminator(generator(noise)).mean()).skipped
    assert not run["discriminator"].step(discriminator(generator(noise).detach()).mean()).skipped


def test_a_model_that_is_not_set_up_is_refused():
    """Its gradients would neither be scaled as the loss is, nor be those of all processes."""
    run = registry.recipe(CONFIG).create(network(), total_steps=6)
    with pytest.raises(OptimError, match=r"which fabric.setup has not returned: `model = fabric\.setup\(model\)`"):
        prepare(run, fabric())


@pytest.fixture(scope="module")
def python():
    with WarmPython(["torch._dynamo", "lightning.fabric"]) as started:
        yield started


@pytest.fixture
def in_two_processes(python, tmp_path):
    """Runs what is wanted of them, and gives the lines that they print."""

    def lines_of(wanted):
        done = python.file(PROCESSES, wanted, cwd=tmp_path)
        assert 0 == done.returncode, done.stderr
        return sorted(line.strip() for line in done.stdout.splitlines() if line.strip())

    return lines_of


def test_two_processes_train_as_one_with_all_the_data(in_two_processes):
    """Both come to the same weights, which are those of one process to rounding."""
    lines = in_two_processes("train")
    first, second = (ast.literal_eval(line.partition(" ")[2]) for line in lines)
    assert first == second
    expected = fabric_processes.network()
    run = registry.recipe(fabric_processes.CONFIG).create(expected, total_steps=3)
    for one, other in zip(fabric_processes.DATA[::2], fabric_processes.DATA[1::2], strict=True):
        (expected(one).square().mean() / 2).backward()
        run.step(expected(other).square().mean() / 2)
    for value, trained in zip(expected.state_dict().values(), first, strict=True):
        torch.testing.assert_close(value, torch.tensor(trained), rtol=1e-4, atol=1e-6)


def test_the_inner_model_in_two_processes_is_refused(in_two_processes):
    """Each process would train a model of its own."""
    assert ["refused: the processes have different gradients, and"] * 2 == in_two_processes("inner")
