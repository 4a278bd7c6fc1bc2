"""DeepSpeed is told to clip as a recipe does, and recipes that it cannot step are refused without torch."""

from optim_core import registry
from optim_training.strategies.stepping import clipped_by_engine, refused_by_engine

ADAM = {"optimizer": {"type": "AdamW"}}


def test_clipping():
    """Clipping by the usual norm is handed over; any other kind is refused, as is that of one of several optimizers."""
    recipe = registry.recipe({**ADAM, "gradient_clipping": {"type": "norm", "max_norm": 0.5}})
    handed, norm = clipped_by_engine("deepspeed", recipe)
    assert (None, 0.5) == (handed.clipper, norm)
    assert (recipe, None) == clipped_by_engine("fsdp", recipe)
    assert (None, None) == clipped_by_engine("deepspeed", None)
    assert [] == refused_by_engine("deepspeed", recipe)
    for clips in ({"type": "value", "clip_value": 1.0}, {"type": "norm", "max_norm": 1.0, "norm_type": 1.0}):
        (told,) = refused_by_engine("deepspeed", registry.recipe({**ADAM, "gradient_clipping": clips}))
        assert "by the norm of all gradients alone" in told
        assert [] == refused_by_engine("ddp", registry.recipe({**ADAM, "gradient_clipping": clips}))


def test_several_optimizers():
    """DeepSpeed trains with one optimizer."""
    recipe = registry.recipe({"optimizer_configs": {"first": ADAM, "second": ADAM}})
    assert ["trains with one optimizer, and the recipe has several: first, second"] == refused_by_engine(
        "deepspeed", recipe
    )
