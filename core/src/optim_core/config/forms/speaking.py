"""Which keys speak of a recipe: by their words, whatever project they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from optim_core.config.foreign_words import OTHER_WORDS
from optim_core.config.issues import ConfigPath
from optim_core.config.keys import GROUP_KEYS
from optim_core.config.loop_keys import LOOP_KEYS

__all__ = [
    "FIELDS",
    "Spoken",
    "Topic",
    "are_milestones",
    "is_about_else",
    "says_none",
    "speaking",
    "topic",
    "topic_of",
    "words",
]

# What of a recipe a key speaks of.
Topic = Literal["optimizer", "scheduler", "gradient_clipping"]

# Longer keys are no words for anything.
_LONGEST = 100

# The same keys are asked about again and again.
MOST_KEPT = 4096

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def _these(words: str) -> frozenset[str]:
    return frozenset(words.split())


# These say what is done with a thing of a recipe's, and are no setting of it.
_DONE_WITH_IT = _these(
    "load save resume reset restore ckpt checkpoint log logs logging monitor track plot print report watch verbose"
)

# A key with one of these is about something else, unless it names the rate, the weight decay, an optimizer, or the
# clipping of gradients.
_OTHER_THINGS = _these(
    "ema noise noisy kl loss losses dropout droppath dropblock drop mixup cutmix temperature temp tau bn batchnorm "
    "layernorm rmsnorm ln gn rms norm norms vae label smoothing mask masking sampling sampler diffusion ddpm ddim "
    "edm curriculum guidance greedy exploration explore focal gumbel commitment codebook vq quant quantizer teacher "
    "similarity sim margin distance attention attn rope forcing prior snr augment augmentation hop window dpo"
)

# A clip of these is no gradient's.
_OTHER_CLIPS = _these(
    "range ratio param coef vf vloss model path skip len length lens num duration secs sec seconds frame frames fps "
    "size obs reward rewards per action actions vision text image img score vit encoder video audio arch sample "
    "denoised output logit logits token tokens feature features name stride"
)

# These are written together, for the clipping or the norm of gradients.
_SHORT_FOR_CLIPPING = _these("gclip gnorm agc maxgradnorm gradnorm")
# Averages decay too.
_MODELS = _these("ema momentum teacher running")

_RATE = _these("lr lrs lrate lrf learningrate")
# With one of these, the rate is one that a schedule reaches.
_OF_A_RATE_IN_TIME = _these(
    "min max final end floor decay policy strategy type mode step steps shrink patience factor threshold cooldown "
    "power period cycle ramp reduce updates noise"
)
_OPTIMIZER = _these("beta betas eps epsilon momentum nesterov amsgrad dampening")
_OPTIMIZERS = ("adam", "sgd", "adagrad", "rmsprop", "adafactor", "lbfgs", "prodigy", "dadapt", "muon")
# Whether some parameters are decayed, however the words of norms and biases stand about it.
_OF_DECAY = frozenset({"bias decay", "decay bias", "norm decay", "decay norm", "bn decay", "no decay"})
_OF_OPTIMIZERS = _OF_DECAY | {
    *("opt name", "opt type", "opt class", "opt args", "use sam", "sam rho", "use lookahead", "trust coefficient"),
}
_SCHEDULE = _these("gamma gammas plateau restart restarts cosine onecycle cyclic multistep")
_SCHEDULES = ("sched", "warm", "anneal", "milestone")
_MEASURES = "epoch epochs step steps iter iters iterations factor every interval type gamma power rate start until"
_DECAY = frozenset(f"decay {word}" for word in _MEASURES.split())
# Parts of a schedule, and how long they are: `stable_steps`, `cooldown_fraction`.
_PARTS = frozenset(
    f"{part} {measure}"
    for part in ("cooldown", "stable", "constant", "flat", "hold", "cycle", "decay", "ramp")
    for measure in ("epochs", "steps", "iters", "fraction")
)
_PAIRS = frozenset(
    {
        *("t max", "t mult", "t mul", "t i", "t up", "eta min", "eta max", "step size", "pct start", "div factor"),
        *("one cycle", "exp decay", "exponential decay", "poly power", "polynomial power", "cycle mult", "cycle mul"),
        *("cos min", "cos max", "niter decay", "epochs decay", "cycle length", *_DECAY, *_PARTS),
    }
)
# Something grows to its full size; without one of these, it is the rate.
_RAMPS = frozenset({"ramp up", "ramp down", "rampup", "rampdown"})
_OTHER_RAMPS = _these("batch size weight weights consistency unsup unsupervised audio volume amplitude coef")
# Whole keys, without what separates their words; the digits in them count.
_WHOLE_OPTIMIZER = _these("b1 b2 l2 l2reg l2penalty l2regularization nodecay layerdecay")
_WHOLE_SCHEDULE = _these("t0 tmax stepsize etamin")
# These are about something else as often; they speak of an optimizer where they are turned on.
_TURNED_ON = frozenset({"lookahead", "swa", "use_swa"})

# In a section that holds one recipe, these are about it too, though their words alone do not say so.
FIELDS = frozenset(
    {
        *("alpha", "rho", "power", "num_cycles", "decay", "start_factor", "end_factor"),
        *GROUP_KEYS,
        *("scale_parameter", "relative_step", "correct_bias", "bias_correction", "use_bias_correction", "by_epoch"),
        *("weight_decouple", "decouple", "decoupled", "fused", "foreach", "centered", "threshold_mode"),
        *("num_training_steps", "max_norm", "norm_type", "clip_value", "clip_factor", "inv_gamma", "final_div_factor"),
    }
)

# Sections that are plainly something else have one of these words in their name.
_OTHER_SECTIONS = _these(
    "model models net network networks arch architecture backbone encoder decoder head neck bottleneck pretransform "
    "conditioning conditioner vae gan vocoder lora peft quantization tokenizer text audio mel video image data "
    "dataset datasets dataloader dataloaders loader loaders datamodule sampler sampling augment augmentation "
    "augmentations augs transform transforms preprocess preprocessing loss losses criterion objective reward metric "
    "metrics eval evaluation validation val test testing inference predict prediction generate generation export "
    "deploy server logger loggers logging log wandb tensorboard mlflow comet profiler visualization ema checkpoint "
    "checkpoints checkpointing ckpt path paths dir dirs env environment environments hydra callback callbacks "
    "diffusion noise demo sweep sweeps hpo optuna tune hparam search space policy agent buffer early pretrained"
)


class Spoken(NamedTuple):
    """A key that speaks of a recipe.

    Args:
        path: where it stands.
        key: the key.
        value: what stands there.
        topic: what it speaks of.
    """

    path: ConfigPath
    key: str
    value: Any
    topic: Topic


def words(key: str) -> list[str]:
    """Return the words of a key in lower case, divided at `_`, `-`, `.`, digits and capitals."""
    return [word.lower() for word in _WORD.findall(key[:_LONGEST])]


@lru_cache(MOST_KEPT)
def topic(key: str) -> Topic | None:
    """Return what of a recipe a key speaks of, None where it is about something else."""
    if key in LOOP_KEYS or len(key) > _LONGEST:
        return None
    ours = OTHER_WORDS.get(key.lower().replace("-", "_"), "").partition(":")[0]
    if ours:
        return ours if ours in ("scheduler", "gradient_clipping") else "optimizer"  # type: ignore[return-value]
    parts = words(key)
    if not _DONE_WITH_IT.isdisjoint(parts):
        return None
    pairs = {f"{first} {second}" for first, second in pairwise(parts)}
    if _clips_gradients(parts):
        return "gradient_clipping"
    weak = _weak(key, parts, pairs) if _OTHER_THINGS.isdisjoint(parts) else None
    # What names the rate may be the schedule's, such as `lr_milestones`; what names an optimizer may not.
    if any(part.startswith(("optimizer", "optimiser")) or part in ("optim", "optims") for part in parts):
        return "optimizer"
    if not _RATE.isdisjoint(parts) or "learning rate" in pairs or "learning rates" in pairs:
        return "scheduler" if weak == "scheduler" or not _OF_A_RATE_IN_TIME.isdisjoint(parts) else "optimizer"
    if not _OF_OPTIMIZERS.isdisjoint(pairs) and _MODELS.isdisjoint(parts):
        return "optimizer"
    if "weight decay" in pairs or "weightdecay" in parts or "wd" in parts:
        return "optimizer"
    return weak


def topic_of(key: str, value: Any) -> Topic | None:
    """Return what of a recipe a key speaks of with its value, None where it is about something else.

    Example:
        >>> from optim_core.config.forms.speaking import topic_of
        >>> topic_of("lookahead", True), topic_of("lookahead", 5), topic_of("steps", [100, 200])
        ('optimizer', None, 'scheduler')
    """
    if are_milestones(key, value):
        return "scheduler"
    is_on = value is True or isinstance(value, Mapping)
    # The rate of old texts is 0 in no config; the share of noise in DDIM is, as a rule.
    is_rate = key.lower() == "eta" and not says_none(value)
    return "optimizer" if is_rate or (is_on and key.lower() in _TURNED_ON) else topic(key)


@lru_cache(MOST_KEPT)
def is_about_else(key: str) -> bool:
    """Return whether a key speaks of something else than a recipe, whatever it looks like: `bn_momentum`."""
    parts = words(key)
    return not (_OTHER_THINGS.isdisjoint(parts) and _DONE_WITH_IT.isdisjoint(parts))


def _clips_gradients(parts: Sequence[str]) -> bool:
    """Tell whether words speak of the norm or the clipping of gradients, or of clipping by itself."""
    gradient = any(part.startswith("grad") or part == "clipgrad" for part in parts)
    if gradient and any(part in ("norm", "norms", "max", "threshold") or "clip" in part for part in parts):
        return True
    if any(re.fullmatch(r"grads?(ient)?s?(norm|clip|max)\w*", part) for part in parts):
        return True
    if not _SHORT_FOR_CLIPPING.isdisjoint(parts):
        return True
    if any(part.startswith("clip") for part in parts):
        return _OTHER_CLIPS.isdisjoint(parts) and _OTHER_THINGS.isdisjoint(set(parts) - {"norm"})
    return " ".join(parts) == "max norm"


def _weak(key: str, parts: Sequence[str], pairs: set[str]) -> Topic | None:
    """Return what words speak of that mean something else in other company."""
    whole = "".join(letter for letter in key if letter.isalnum()).lower()
    if whole in _WHOLE_SCHEDULE or not _SCHEDULE.isdisjoint(parts) or not _PAIRS.isdisjoint(pairs):
        return "scheduler"
    if not _RAMPS.isdisjoint((*parts, *pairs)) and _OTHER_RAMPS.isdisjoint(parts):
        return "scheduler"
    if any(part.startswith(_SCHEDULES) for part in parts) and "warm start" not in " ".join(parts):
        return "scheduler"
    if whole in _WHOLE_OPTIMIZER or not _OPTIMIZER.isdisjoint(parts):
        return "optimizer"
    return "optimizer" if any(part.startswith(_OPTIMIZERS) for part in parts) else None


def are_milestones(key: str, value: Any) -> bool:
    """Return whether a key that is the training loop's has points of a schedule: `steps: [60000, 80000]`."""
    return key.lower() in ("step", "steps") and isinstance(value, list)


def says_none(value: Any) -> bool:
    """Return whether a value says that there is to be none of something, so that nothing is lost with it."""
    return value is None or (isinstance(value, (int, float)) and value == 0)


def speaking(unused: Mapping[Any, Any], path: ConfigPath = ()) -> Iterator[Spoken]:
    """Return the keys that speak of a recipe among what stands beside one, and in the mappings and lists in it.

    Args:
        unused: what stands beside the recipe.
        path: where.
    """
    for key, value in unused.items():
        if not isinstance(key, str):
            continue
        here = (*path, key)
        found = topic_of(key, value)
        if found is not None:
            # null is as good as nothing, and a config in which nothing is clipped is one without clipping.
            if not (says_none(value) if found == "gradient_clipping" else value is None):
                yield Spoken(here, key, value, found)
        elif isinstance(value, (Mapping, list)) and not _is_another_section(key):
            yield from _below(value, here)


@lru_cache(MOST_KEPT)
def _is_another_section(key: str) -> bool:
    return not _OTHER_SECTIONS.isdisjoint(words(key))


def _below(value: Any, path: ConfigPath) -> Iterator[Spoken]:
    if isinstance(value, Mapping):
        yield from speaking(value, path)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _below(item, (*path, place))
