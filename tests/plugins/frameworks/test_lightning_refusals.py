"""What a recipe and a Trainer cannot do together is told before the first step, with the repair."""

import lightning.pytorch as pl
import pytest
import torch

from optim_core import OptimError, OptimizerSpec, registry
from optim_frameworks.lightning import ClipGradients, RecipeModule

from .lightning_support import (
    LIGHTNINGS_OWN,
    Model,
    assert_same,
    fitted,
    float16,
    loader,
    loss_of,
    network,
    plain,
    trainer,
)

pytestmark = LIGHTNINGS_OWN

CLIPPED = {"optimizer": {"type": "SGD", "lr": 0.1}, "gradient_clipping": {"type": "norm", "max_norm": 0.1}}
SGD = {"optimizer": {"type": "SGD", "lr": 0.1}}
FLOAT16 = {"plugins": float16()}


@pytest.mark.parametrize(
    ("config", "options", "words"),
    [
        (CLIPPED, {"gradient_clip_val": 1.0}, r"Trainer\(gradient_clip_val=1.0\) stands beside the recipe's"),
        ({"optimizer": "SGD", "scheduler": "ReduceLROnPlateau"}, {}, "ReduceLROnPlateau waits for a metric.*monitor: "),
        ({"optimizer": "LBFGS"}, {"accumulate_grad_batches": 2}, "LBFGS computes the loss several times in a step"),
        ({"optimizer": "LBFGS"}, FLOAT16, "which a GradScaler cannot follow"),
        ({"optimizer": "AdaHessian"}, FLOAT16, "differentiates gradients again, which a GradScaler"),
        (
            {**CLIPPED, "optimizer": {"type": "AdamW", "fused": True}},
            FLOAT16,
            "the gradients of a fused AdamW stay scaled until it steps.*fused: false",
        ),
    ],
)
def test_a_trainer_that_does_not_go_with_the_recipe_is_told(config, options, words):
    """Nothing is trained."""
    module = Model(registry.recipe(config))
    before = network().state_dict()
    with pytest.raises(OptimError, match=words):
        trainer(max_epochs=1, **options).fit(module, loader())
    assert all(torch.equal(value, module.net.state_dict()[name]) for name, value in before.items())


def test_the_trainer_may_clip_where_the_recipe_does_not():
    """Lightning's own clipping is left as it is."""
    expected = plain({**SGD, "gradient_clipping": {"type": "norm", "max_norm": 0.1}})
    assert_same(expected, fitted(SGD, max_epochs=2, gradient_clip_val=0.1))


def test_a_module_without_a_recipe_is_told():
    """It says the line that is missing."""

    class Forgotten(Model):
        def __init__(self):
            super().__init__(None)

    with pytest.raises(OptimError, match=r'Forgotten has no recipe: set self.recipe = registry.recipe\("train.yaml"\)'):
        trainer(max_epochs=1).fit(Forgotten(), loader())


def test_parameters_of_another_model_are_not_trained():
    """An `optimized` that is kept from before the model was made anew leaves the new one as it is."""

    class Renewed(Model):
        def configure_model(self):
            self.net = network(1)

    with pytest.raises(OptimError, match=r"self\.optimized has none of the parameters of Renewed"):
        fitted(SGD, Renewed, max_epochs=1)


def test_a_run_before_fit_is_told():
    """There is none."""
    with pytest.raises(OptimError, match=r"Model has no run before trainer.fit"):
        _ = Model(registry.recipe(SGD)).run


def test_the_order_of_the_classes_is_told():
    """RecipeModule after LightningModule would do nothing."""
    with pytest.raises(OptimError, match=r"class Wrong\(RecipeModule, LightningModule\)"):
        type("Wrong", (pl.LightningModule, RecipeModule), {})


class OwnOptimizer(Model):
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters())


class OwnClipping(Model):
    def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None):
        self.clip_gradients(optimizer, 5.0, "norm")


class OwnCallbacks(Model):
    def configure_callbacks(self):
        return []


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (OwnOptimizer, "configure_optimizers of OwnOptimizer overrides RecipeModule's"),
        (OwnClipping, "SGD has stepped with gradients that are not clipped"),
        (OwnCallbacks, r"return \[\*super\(\).configure_callbacks\(\), …\]"),
    ],
)
def test_an_override_that_forgets_super_is_told(cls, words):
    """The recipe would be ignored in silence."""
    with pytest.raises(OptimError, match=words):
        fitted(CLIPPED, cls, max_epochs=1)


def test_a_recipe_may_be_a_config_or_a_spec():
    """What builds a recipe is one."""
    expected = plain(SGD)
    spec = registry.build(SGD["optimizer"])
    assert isinstance(spec, OptimizerSpec)
    for given in (SGD, spec):
        module = Model(given)
        torch.manual_seed(2)
        trainer(max_epochs=2).fit(module, loader())
        assert_same(expected, module)


class ByHand(pl.LightningModule):
    """A module of its own, without RecipeModule."""

    def __init__(self, *, automatic):
        super().__init__()
        self.automatic_optimization = automatic
        self.net = network()

    def configure_optimizers(self):
        return torch.optim.SGD(self.net.parameters(), lr=0.1)

    def training_step(self, batch):
        if self.automatic_optimization:
            return loss_of(self.net, batch)
        self.optimizers().zero_grad()
        self.manual_backward(loss_of(self.net, batch))
        self.optimizers().step()
        return None


@pytest.mark.parametrize("automatic", [True, False])
def test_the_callback_clips_for_other_modules(automatic):
    """In automatic and in manual optimization, before the step."""
    clip = ClipGradients(registry.recipe(CLIPPED).clipper)
    module = ByHand(automatic=automatic)
    torch.manual_seed(2)
    trainer(max_epochs=2, callbacks=[clip]).fit(module, loader())
    assert_same(plain(CLIPPED), module)
    assert clip.norm > 0


def test_the_callback_refuses_to_clip_twice():
    """Beside a recipe that clips, beside the Trainer, and beside another one."""
    clip = ClipGradients(registry.recipe(CLIPPED).clipper)
    with pytest.raises(OptimError, match="ClipGradients clips beside the recipe of the module"):
        fitted(CLIPPED, max_epochs=1, callbacks=[clip])
    with pytest.raises(OptimError, match="stands beside ClipGradients"):
        trainer(max_epochs=1, callbacks=[clip], gradient_clip_val=1.0).fit(ByHand(automatic=True), loader())
    another = ClipGradients(registry.recipe(CLIPPED).clipper)
    with pytest.raises(OptimError, match="there are several ClipGradients"):
        trainer(max_epochs=1, callbacks=[clip, another]).fit(ByHand(automatic=False), loader())
    with pytest.raises(OptimError, match="None: the recipe has none"):
        ClipGradients(registry.recipe(SGD).clipper)
