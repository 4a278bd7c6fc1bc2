"""A module that steps several optimizers by hand, by its run or by Lightning's own lines, goes as the plain loop."""

import lightning.pytorch as pl
import pytest
import torch

from optim_core import OptimError, registry
from optim_frameworks.lightning import ClipGradients, RecipeModule

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, data, fitted, loader, loss_of, network, trainer
from .lightning_support import plain as plain_loop

pytestmark = LIGHTNINGS_OWN

GAN = {
    "optimizer_configs": {
        "generator": {"optimizer": {"type": "AdamW", "lr": 0.01}, "scheduler": {"type": "cosine"}},
        "discriminator": {"optimizer": {"type": "SGD", "lr": 0.1, "lr_decay_gamma": 0.5}},
    },
    "gradient_clipping": {"type": "norm", "max_norm": 0.05},
}

# Each set is clipped by its own, one of them not at all.
CLIPPED_APART = {
    "optimizer_configs": {
        "generator": {**GAN["optimizer_configs"]["generator"], "gradient_clipping": {"max_norm": 0.05}},
        "discriminator": GAN["optimizer_configs"]["discriminator"],
    },
}

COSINE = {"optimizer": {"type": "AdamW", "lr": 0.01}, "scheduler": {"type": "cosine"}}


def losses(generator, discriminator, batch):
    """The two losses of a batch, of which the generator's leaves gradients in the discriminator too."""
    yield lambda: -discriminator(generator(batch)).mean()
    yield lambda: discriminator(generator(batch).detach()).square().mean() + loss_of(discriminator, batch)


class Gan(RecipeModule, pl.LightningModule):
    """Two networks, stepped by the run."""

    def __init__(self, recipe):
        super().__init__()
        self.automatic_optimization = False
        self.recipe = recipe
        self.generator, self.discriminator = network(0), network(1)
        self.optimized = {"generator": self.generator, "discriminator": self.discriminator}
        self.done = []

    def training_step(self, batch):
        for name, loss in zip(self.run.optimizers, losses(self.generator, self.discriminator, batch), strict=True):
            self.done.append(self.run[name].step(loss()))

    def on_train_epoch_end(self):
        self.run.end_epoch()


class OwnLines(Gan):
    """The same by Lightning's own lines."""

    def training_step(self, batch):
        for optimizer, loss in zip(self.optimizers(), losses(self.generator, self.discriminator, batch), strict=True):
            self.toggle_optimizer(optimizer)
            optimizer.zero_grad()
            self.manual_backward(loss())
            optimizer.step()
            self.untoggle_optimizer(optimizer)
        self.lr_schedulers()[0].step()

    def on_train_epoch_end(self):
        self.lr_schedulers()[1].step()


def plain(config=GAN, epochs=2):
    generator, discriminator = network(0), network(1)
    run = registry.recipe(config).create(
        {"generator": generator, "discriminator": discriminator}, total_steps=12, steps_per_epoch=6
    )
    torch.manual_seed(2)
    done = []
    for _ in range(epochs):
        for batch in loader():
            for name, loss in zip(run.optimizers, losses(generator, discriminator, batch), strict=True):
                done.append(run[name].step(loss()))
        run.end_epoch()
    return generator, discriminator, done


@pytest.mark.parametrize("config", [GAN, CLIPPED_APART], ids=["one clipping", "clipped apart"])
@pytest.mark.parametrize("cls", [Gan, OwnLines])
def test_two_optimizers_go_as_in_the_plain_loop(cls, config):
    """Weights, rates and norms are those of the plain loop; Lightning counts the steps of both."""
    generator, discriminator, done = plain(config)
    module = fitted(config, cls, max_epochs=2)
    for expected, trained in ((generator, module.generator), (discriminator, module.discriminator)):
        for name, value in expected.state_dict().items():
            assert torch.equal(value, trained.state_dict()[name]), name
    assert 24 == module.trainer.global_step
    assert [each.lr for each in done] == [each.lr for each in module.done] or cls is OwnLines
    norms = [(a.grad_norm, b.grad_norm) for a, b in zip(done, module.done, strict=False)]
    assert all(one is other if one is None else torch.equal(one, other) for one, other in norms)


def test_clipping_of_one_set_stands_beside_no_other():
    """A callback would clip it again."""
    with pytest.raises(OptimError, match="ClipGradients clips beside the recipe of the module"):
        fitted(
            CLIPPED_APART, Gan, max_epochs=1, callbacks=[ClipGradients(registry.build({"type": "norm", "max_norm": 1}))]
        )


def test_max_steps_are_shared_by_the_optimizers():
    """Lightning counts the steps of each, so that each has half of them."""
    module = fitted(GAN, Gan, max_steps=8)
    assert 4 == module.run.horizon.total_steps
    assert 0.0 == module.run.schedulers["generator"].get_last_lr()[0]


class Lbfgs(Model):
    """One optimizer that computes the loss several times, stepped by hand."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.automatic_optimization = False

    def training_step(self, batch):
        self.run.step(lambda: loss_of(self.net, batch))


@pytest.mark.parametrize("optimizer", [{"type": "LBFGS", "lr": 0.1}, {"type": "BSAM", "num_data": 24, "lr": 0.01}])
def test_a_closure_goes_through_lightning(optimizer):
    """The loss is computed, and clipped, as often as in the plain loop."""
    config = {"optimizer": optimizer, "gradient_clipping": {"type": "norm", "max_norm": 0.1}}
    module = fitted(config, Lbfgs, max_epochs=1)
    net = network()
    run = registry.recipe(config).create(net)
    torch.manual_seed(2)
    for batch in loader():
        run.step(lambda batch=batch: loss_of(net, batch))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), module.net.parameters(), strict=True))


class NoClosure(Lbfgs):
    def training_step(self, batch):
        self.manual_backward(loss_of(self.net, batch))
        self.optimizers().step()


def test_a_closure_that_is_forgotten_is_told():
    """Lightning gives a closure that does nothing, with which the optimizer would go on."""
    with pytest.raises(OptimError, match="LBFGS computes the loss several times in a step, and there is none"):
        fitted({"type": "LBFGS"}, NoClosure, max_epochs=1)


class Forgetful(Lbfgs):
    def training_step(self, batch):
        self.optimizers().zero_grad()
        self.manual_backward(loss_of(self.net, batch))
        self.optimizers().step()


class Eager(Model):
    def training_step(self, batch):
        self.lr_schedulers().step()
        return super().training_step(batch)


@pytest.mark.parametrize(
    ("cls", "words"),
    [(Forgetful, "has not moved in the steps of an epoch"), (Eager, r"moved 12 times in 6 steps: .* take scheduler")],
)
def test_a_schedule_that_does_not_keep_pace_is_told(cls, words):
    """One that nobody steps by hand, and one that is stepped by hand and by Lightning."""
    config = {"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": {"type": "StepLR", "config": {"step_size": 100}}}
    config["scheduler"]["interval"] = "step"
    with pytest.raises(OptimError, match=words):
        fitted(config, cls, max_epochs=2)


class Stepping(Model):
    def training_step(self, batch):
        self.run.step(loss_of(self.net, batch))


class Ending(Model):
    def on_train_epoch_end(self):
        self.run.end_epoch()


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Stepping, "Lightning steps the optimizer of Stepping itself"),
        (Ending, "Lightning steps the schedules of Ending"),
    ],
)
def test_in_automatic_optimization_lightning_alone_steps(cls, words):
    """A step or the end of an epoch by the run would be one more."""
    with pytest.raises(OptimError, match=words):
        fitted({"optimizer": {"type": "SGD", "lr": 0.1, "lr_decay_gamma": 0.5}}, cls, max_epochs=1)


def test_a_run_is_not_stepped_outside_of_training():
    """After fit, the Trainer counts nothing any more."""
    module = fitted(GAN, Gan, max_epochs=1)
    with pytest.raises(OptimError, match="in training_step alone"):
        module.run["generator"].step(module.generator(data()[0]).mean())


def test_a_recipe_of_several_needs_models_and_hands():
    """Neither automatic optimization nor a single model goes with several optimizers."""
    module = Gan(registry.recipe(GAN))
    module.automatic_optimization = True
    with pytest.raises(OptimError, match=r"by hand alone: set self\.automatic_optimization = False"):
        trainer(max_epochs=1).fit(module, loader())
    module = Gan(registry.recipe(GAN))
    module.optimized = module.generator
    with pytest.raises(OptimError, match=r'set self.optimized = \{"generator": self.…, "discriminator": self.…\}'):
        trainer(max_epochs=1).fit(module, loader())
    module.optimized = {"generator": module.generator}
    with pytest.raises(OptimError, match="no model for discriminator"):
        trainer(max_epochs=1).fit(module, loader())


class Accumulating(Model):
    """Gradients of two batches make a step, in Lightning's own lines."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        self.manual_backward(loss_of(self.net, batch) / 2)
        if batch_idx % 2:
            self.optimizers().step()
            self.optimizers().zero_grad()
            self.lr_schedulers().step()


class AccumulatingByRun(Accumulating):
    def training_step(self, batch, batch_idx):
        loss = loss_of(self.net, batch) / 2
        if batch_idx % 2:
            self.run.step(loss)
        else:
            self.manual_backward(loss)


class Twice(Accumulating):
    """A step for each half of a batch, as of a long sequence."""

    def training_step(self, batch, batch_idx):
        for half in batch.split(2):
            self.run.step(loss_of(self.net, half))


@pytest.mark.parametrize("cls", [Accumulating, AccumulatingByRun, Twice])
@pytest.mark.parametrize("epochs", [1, 2])
def test_a_schedule_of_another_length_than_the_steps_by_hand_is_refused(cls, epochs):
    """It would end in the middle of its way, or be at its end in the middle of the run."""
    steps = "12 were taken in 6" if cls is Twice else "3 were taken in 6"
    with pytest.raises(OptimError, match=rf"a step in each batch, and {steps} batches, .* def steps_of_epoch"):
        fitted(COSINE, cls, max_epochs=epochs)


@pytest.mark.parametrize("cls", [Accumulating, AccumulatingByRun])
def test_a_module_says_how_many_steps_an_epoch_has(cls):
    """Its schedule is then that of a Trainer which accumulates."""
    telling = type("Telling", (cls,), {"steps_of_epoch": lambda _, batches: batches // 2})
    assert_same(plain_loop(COSINE, accumulate=2), fitted(COSINE, telling, max_epochs=2))


def test_what_does_not_depend_on_the_length_of_the_run_is_not_refused():
    """A warmup of so many steps, and a run of so many steps, are as long as they are."""
    warmup = {**COSINE, "scheduler": {"type": "constant_with_warmup", "config": {"num_warmup_steps": 3}}}
    assert fitted(warmup, Accumulating, max_epochs=2).run.horizon.total_steps == 12
    assert fitted(COSINE, Accumulating, max_steps=5).run.scheduler.get_last_lr() == [0.0]


class Rarely(Gan):
    """The generator is stepped with every third batch."""

    def training_step(self, batch, batch_idx):
        if batch_idx % 3 == 0:
            self.run["generator"].step(-self.discriminator(self.generator(batch)).mean())
        self.run["discriminator"].step(self.discriminator(self.generator(batch).detach()).square().mean())


def test_an_optimizer_that_is_stepped_less_often_has_its_own_length():
    """The run has one length, which is that of the others."""
    with pytest.raises(OptimError, match=r"the schedule of generator is .* give the cosine of this optimizer its own"):
        fitted(GAN, Rarely, max_epochs=2)
    own = {"type": "cosine", "config": {"num_training_steps": 4}}
    generator = {**GAN["optimizer_configs"]["generator"], "scheduler": own}
    config = {**GAN, "optimizer_configs": {**GAN["optimizer_configs"], "generator": generator}}
    assert fitted(config, Rarely, max_epochs=2).run.schedulers["generator"].get_last_lr() == [0.0]


class NeverEnding(AccumulatingByRun):
    def training_step(self, batch, batch_idx):
        self.run.step(loss_of(self.net, batch))


@pytest.mark.parametrize("schedule", ["StepLR", "ReduceLROnPlateau"])
def test_an_end_of_epochs_that_nobody_calls_is_told(schedule):
    """After the first epoch by a warning, as every other may be meant; a schedule that has never moved is an error."""
    options = {"step_size": 1} if schedule == "StepLR" else {"monitor": "val_loss"}
    config = {"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": {"type": schedule, "config": options}}
    with (
        pytest.warns(UserWarning, match=r"schedule of default goes by epochs and has not moved"),
        pytest.raises(OptimError, match=r"call self\.run\.end_epoch"),
    ):
        fitted(config, NeverEnding, max_epochs=2, val=True)
    if schedule == "ReduceLROnPlateau":
        # There is nothing to give it.
        assert fitted(config, NeverEnding, max_epochs=2).run.scheduler.get_last_lr() == [0.1]
