"""What to write for a field of other projects, by its key and its value: what its author meant, or that none knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from optim_core.config.advice.length_words import BY_EPOCHS, Length, length_for, unit
from optim_core.config.foreign_words import field_for, field_meant, snake
from optim_core.config.forms.speaking import says_none, words
from optim_core.config.forms.takes import Takes
from optim_core.kinds import Kind
from optim_core.text.numerals import number_in
from optim_core.text.values import LONGEST_WRITTEN, as_in_config

__all__ = ["PartOfRecipe", "auto", "falling_each_epoch", "for_field", "number_of", "parts_of_recipe"]

# The second of Adam's betas where a config says the first alone, and the first where it says the second.
_ADAMS_BETAS = (0.9, 0.999)

_OFF = "leave it out"

# What is larger is no number of a recipe's.
_LARGEST = 1e300

_NO_LENGTHS = ("min_lr", "eta_min", "lr_end", "final_lr", "gamma", "factor", "T_mult", "monitor", "max_lr", "threshold")


# What transformers' Trainer puts in the place of `auto`, in DeepSpeed's JSON: arguments of its TrainingArguments.
_OF_TRAINER = {
    "lr": "learning_rate",
    "betas": "adam_beta1 and adam_beta2",
    "eps": "adam_epsilon",
    "weight_decay": "weight_decay",
    "num_warmup_steps": "warmup_steps",
    "num_training_steps": "max_steps",
    "max_norm": "max_grad_norm",
}


def auto(field: str) -> str:
    """Return what is said of the value `auto` of a field."""
    theirs = f", its {_OF_TRAINER[field]}," if field in _OF_TRAINER else ""
    return f"there transformers' Trainer puts what it is given itself{theirs} which a config cannot know: write it"


class PartOfRecipe(NamedTuple):
    """A part of a recipe that a key may belong to.

    Args:
        kind: what it is.
        name: that of its plugin.
        keys: what its plugin takes, by every name.
        given: its fields, as they are given.
        place: where they stand, "" for beside the key.
        interval: after which of the two a schedule is stepped, None where its lengths say so.
        durations: those of its fields that take a length in words.
        nested: the key stands among its fields, and not beside the part.
    """

    kind: Kind
    name: str
    keys: Collection[str]
    given: Mapping[str, Any]
    place: str = ""
    interval: str | None = None
    durations: Collection[str] = ()
    nested: bool = False

    @property
    def stepped(self) -> str:
        """After which of the two a schedule is stepped."""
        given = self.given.get("interval") or self.interval
        return given or ("epoch" if any(name in self.given for name in BY_EPOCHS) else "step")


def parts_of_recipe(parts: Iterable[tuple[Kind, Takes, Mapping[str, Any], str]]) -> list[PartOfRecipe]:
    """Return parts of a recipe, each given by its kind, what it takes, its fields, and where these stand."""
    return [
        PartOfRecipe(kind, taken.name, (*taken.keys, *taken.aliases), given, place, taken.interval, taken.durations)
        for kind, taken, given, place in parts
    ]


def for_field(key: str, value: Any, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str | None:
    """Return what to write for a key that means something of a part elsewhere; None where nothing is known of it.

    Args:
        key: the key, which the part does not take as it stands.
        value: what stands there.
        part: the part.
        beside: the mapping in which the key stands.
    """
    # A value that is no plain data may raise whatever it is asked.
    told = _TOLD.get(part.kind) if type(value) in _PLAIN else None
    said = told(snake(key), value, part, beside) if told is not None else None
    if said is not None:
        return said
    field = field_meant(key, part.keys, part.kind)
    if field is None or (field == "lr" and field in part.given and words(key) in _VAGUE_RATES):
        return None
    where = f" in `{part.place}`" if part.place else ""
    if field in part.given:
        return f"it means `{field}`, which is given already{where}: keep one of the two"
    return _in_field(key, value, field, part, beside, where) or f"did you mean `{field}`{where}?"


_PLAIN = (str, int, float, bool, type(None), list, tuple, dict)

# These name a rate where there is none, and else something else.
_VAGUE_RATES = (["alpha"], ["eta"], ["rate"])


def _in_field(
    key: str, value: Any, field: str, part: PartOfRecipe, beside: Mapping[Any, Any], where: str
) -> str | None:
    """Return what to write for a key that means a field, but says it in another way."""
    if field == "betas" and number_of(value) is not None:
        return f"write `betas: {_betas(key, value, part, beside)}`{where}"
    if field == "betas" and isinstance(value, str) and "," in value:
        return f"write `betas: [{as_in_config(value).strip('()[] ')}]`{where}"
    if field == "weight_decay" and "l" in words(key) and part.name.lower().startswith("adamw"):
        return f"did you mean `{field}`{where}? That of {part.name} is decoupled, that of Adam is an L2 penalty"
    if field == "threshold":
        return f"write `threshold: {as_in_config(value)}` and `threshold_mode: abs`{where}"
    if part.kind != "scheduler" or field in _NO_LENGTHS or (unit(key) is None and field not in part.durations):
        return None
    length = length_for(key, value, field, part.stepped, part.durations, part.given)
    if length is None:
        return f"write `{field}: …`{where}" if "warmup" in snake(key).replace("_", "") else None
    if not length.fields:
        return f"{length.note}, which a config cannot know"
    if length == Length((f"{field}: {as_in_config(value)}",)) and not key.lower().startswith("warm"):
        return None
    together = [*length.fields, *([] if part.nested else length.beside)]
    text = "write " + " and ".join(f"`{each}`" for each in together) + where
    text += "".join(f", and `{each}` beside `type`" for each in length.beside) if part.nested else ""
    return f"{text}; {length.note}" if length.note else text


def number_of(value: Any) -> float | None:
    """Return the number that a value is, or that its text says; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return number_in(value) if len(value) <= LONGEST_WRITTEN else None
    return value if isinstance(value, (int, float)) and abs(value) < _LARGEST else None


def _betas(key: str, value: Any, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str:
    """Return both betas for a key that is one of them: the other is that beside it, or Adam's."""
    adams = "adam" in part.name.lower()
    both = [str(beta) if adams else "…" for beta in _ADAMS_BETAS]
    for other, beta in ((key, value), *beside.items()):
        if isinstance(other, str) and field_for(other) == "betas" and isinstance(beta, (int, float, str)):
            both[1 if "2" in other else 0] = as_in_config(beta)
    return f"[{', '.join(both)}]"


# -- optimizers ------------------------------------------------------------------------------------------------------


def _of_optimizer(key: str, value: Any, part: PartOfRecipe, _beside: Mapping[Any, Any]) -> str | None:
    """Return what is said of a key of an optimizer that no rename makes right."""
    keys, name = part.keys, part.name
    told = _of_adafactor(key, value, part) if "beta2_decay" in keys or "eps1" in keys else None
    if told is not None:
        return told
    if words(key) == ["decay"]:
        return "it is the `weight_decay` in Darknet, and in Keras the rate falls by it: which, a config cannot say"
    falling = falling_each_epoch(key, value, part) if part.nested else None
    if falling is not None:
        return falling
    if key in _DECOUPLING and not any(field in keys for field in _DECOUPLING):
        return _decoupled(value, name)
    if key in ("nesterov", "use_nesterov") and "nesterov" not in keys:
        return _nesterov(value, name)
    if key in ("correct_bias", "bias_correction", "use_bias_correction") and "bias_correction" not in keys:
        return _bias(value, name)
    if key == "amsgrad":
        return f"{name} cannot; Adam and AdamW have it" if value else f"{_OFF}: it is off"
    if key in ("fused", "foreach"):
        return f"{_OFF}: it says how fast a step is, and changes no result"
    if key == "momentum" and "betas" in keys:
        return f"{name} has no such field: the first of its `betas` does what momentum does"
    return None


_DECOUPLING = (
    *("decoupled_weight_decay", "weight_decouple", "decouple", "decoupled", "adam_w_mode", "adamw_mode"),
    *("decouple_weight_decay", "decoupled_decay"),
)


def falling_each_epoch(key: str, value: Any, part: PartOfRecipe | None) -> str | None:
    """Return what is said of `lr_decay` and the like: by what the rate is multiplied, most likely after each epoch."""
    number = number_of(value)
    if words(key) not in (["lr", "decay"], ["learning", "rate", "decay"]) or number is None or not 0 < number < 1:
        return None
    place = ""
    if part is not None:
        place = f" in `{part.kind}`, beside `type`" if part.place else ", beside `type`" if part.nested else ""
    return (
        f"if the rate is to be multiplied by it after each epoch, write `lr_decay_gamma: {as_in_config(value)}`{place}"
    )


def _decoupled(value: Any, name: str) -> str | None:
    if not name.lower().startswith("adamw"):
        return None
    if value:
        return f"{_OFF}: the weight decay of {name} is decoupled"
    return f"the weight decay of {name} is always decoupled; that of `type: Adam` is an L2 penalty"


def _nesterov(value: Any, name: str) -> str | None:
    if not value:
        return f"{_OFF}: it is off"
    if not name.lower().startswith("adam"):
        return f"SGD has it, and {name} cannot: take `nesterov` out, or another optimizer"
    with_it = " with `decoupled_weight_decay: true`" if name.lower().startswith("adamw") else ""
    return f"{name} cannot; Adam with Nesterov's momentum is `type: NAdam`{with_it}"


def _bias(value: Any, name: str) -> str | None:
    if "adam" not in name.lower():
        return None
    if value:
        return f"{_OFF}: {name} corrects the bias of its moments"
    return f"{name} always corrects the bias of its moments; `type: FusedAdam` takes `bias_correction: false`"


_OTHER_ADAFACTOR = (
    "torch's Adafactor cannot; transformers' is `type: pytorch_optimizer:AdaFactor` with `betas: [null, 0.999]` "
    "(pip install 'optim-core[pytorch-optimizer]')"
)


def _of_adafactor(key: str, value: Any, part: PartOfRecipe) -> str | None:
    """Return what is said of a field of transformers' Adafactor, which is torch's with some values alone."""
    if "eps1" in part.keys:
        both = list(value) if isinstance(value, (list, tuple)) and len(value) == 2 else []
        if key == "eps" and both:
            return f"write `eps1: {as_in_config(both[0])}` and `eps2: {as_in_config(both[1])}`"
        if key == "beta1":
            return f"write `betas: [{'null' if value is None else as_in_config(value)}, 0.999]`"
        return None
    if key == "scale_parameter":
        return f"{_OFF}: torch's Adafactor always scales so" if value else _OTHER_ADAFACTOR
    if key == "relative_step":
        if value and part.given.get("lr") is not None:
            return f"{_OFF}, or `lr`: with it, transformers takes no `lr`"
        rate = "without `lr`, the rate of torch's Adafactor is that" if value else "torch's Adafactor takes its `lr`"
        return f"{_OFF}: {rate}"
    if key == "warmup_init":
        return _OTHER_ADAFACTOR if value else f"{_OFF}: it is off"
    if key == "beta1":
        return _OTHER_ADAFACTOR if value is not None else f"{_OFF}: torch's Adafactor has no first moment"
    return None


# -- schedules -------------------------------------------------------------------------------------------------------

# The rate at which a warmup begins, in DeepSpeed, fairseq, Lightning Bolts and timm.
_STARTS = (
    *(
        "warmup_min_lr",
        "warmup_init_lr",
        "warmup_start_lr",
        "warmup_lr",
        "warmup_lr_init",
        "start_lr",
        "warmup_bias_lr",
    ),
    *("warmup_initial_lr", "init_warmup_lr", "warmup_from_lr", "warm_up_start_lr"),
)
_FORMS = (
    *("warmup_type", "warmup_mode", "warmup_method", "warmup_strategy", "warmup_style", "warmup_form", "warmup"),
    *("warmup_policy", "warmup_schedule", "warmup_name"),
)


def _of_schedule(key: str, value: Any, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str | None:
    """Return what is said of a key of a schedule that no rename makes right."""
    told = (
        _interval(key, value, part),
        _start(key, value, part, beside),
        _form(key, value, part),
        _share(key, value, part),
    )
    for said in told:
        if said is not None:
            return said
    if key in ("warmup_max_lr", "warmup_end_lr"):
        return "it is the rate to which a warmup rises, the `lr` of the optimizer: write it there"
    if key in ("last_epoch", "last_step"):
        return f"{_OFF}: where a schedule continues is an argument of create_scheduler, `last_step`"
    if key in ("verbose", "frequency") and value in (False, True, 1, None):
        return f"{_OFF}: it changes no rate"
    if key in ("begin", "end", "convert_to_iter_based"):
        return "schedules one after another are `type: sequential`, with `durations`: a config cannot say it here"
    if key == "warmup_ratio" and any(unit(name) for name in _warmups(beside)):
        if not value:
            return f"{_OFF}: it says nothing beside a length"
        return (
            "beside the length of a warmup it is where this begins in mmcv, a `start_factor` of `type: warmup`, and "
            "nothing in transformers: a config cannot say which"
        )
    return None


def _warmups(beside: Mapping[Any, Any]) -> Iterator[str]:
    return (name for name in beside if isinstance(name, str) and "warm" in name.lower() and not says_none(beside[name]))


def _interval(key: str, value: Any, part: PartOfRecipe) -> str | None:
    if key not in ("by_epoch", "t_in_epochs", "step_on_epochs", "scheduler_interval", "lr_interval"):
        return None
    epochs = value if isinstance(value, bool) else value == "epoch"
    return f"write `interval: {'epoch' if epochs else 'step'}`" + (", beside `type`" if part.nested else "")


def _start(key: str, value: Any, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str | None:
    """Return what is said of the rate at which a warmup begins, which is a share of the rate here."""
    number = number_of(value)
    if key not in _STARTS or number is None:
        return None
    if number <= 0:
        # fairseq's -1 says that it begins at 0.
        return f"{_OFF}: a warmup begins at 0"
    if "start_factor" not in part.keys and "warmup_lr_rate" not in part.keys:
        return f"a warmup of {part.name} begins at 0; one that does not is `type: warmup`, with a share, `start_factor`"
    field = "start_factor" if "start_factor" in part.keys else "warmup_lr_rate"
    rates = [number_of(beside.get(name)) for name in ("lr", "learning_rate")]
    rate = next((rate for rate in rates if rate), None)
    if rate is None:
        return f"`{field}` is a share of the rate: {as_in_config(value)} divided by the lr, which is not known here"
    return f"write `{field}: {number / rate:.6g}`"


# The fields for a lowest rate, which take a share of the rate too; the words of such a rate, and those of a share.
_FLOORS = ("eta_min", "min_lr", "lr_end", "final_lr")
_LOWEST = frozenset({"min", "minimum", "lowest", "end", "final"})
_PERCENT = ("percent", "percentage", "pct")
_SHARES = ("ratio", "rate", "factor", "fraction", "frac", "share", "proportion", *_PERCENT)


def _share(key: str, value: Any, part: PartOfRecipe) -> str | None:
    """Return what is said of a lowest rate as a share of the rate, where a schedule has no field for that."""
    number, said = number_of(value), words(key)
    floor = next((name for name in _FLOORS if name in part.keys), None)
    is_share = (
        bool(said)
        and said[-1] in _SHARES
        and said[-2:-1] not in (["learning"], ["div"])
        and not _LOWEST.isdisjoint(said)
    )
    if (
        number is None
        or floor is None
        or not is_share
        or field_meant(key, part.keys, part.kind) not in (None, *_FLOORS)
    ):
        return None
    where = f" in `{part.place}`" if part.place else ""
    if floor in part.given:
        return f"it means `{floor}`, which is given already{where}: keep one of the two"
    percent = number if said[-1] in _PERCENT else 100 * number
    return f"write `{floor}: {percent:.10g}%`{where}" if 0 <= percent <= 100 else None


def _form(key: str, value: Any, part: PartOfRecipe) -> str | None:
    """Return what is said of the form of a warmup, which is a straight line in every schedule but one."""
    if key not in _FORMS or not isinstance(value, str) or number_of(value) is not None or value[-1:] == "%":
        return None
    if value.lower() in ("linear", "lin"):
        return f"{_OFF}: warmups rise in a straight line"
    return f"the warmup of {part.name} rises in a straight line, and cannot be {as_in_config(value)}"


_TOLD = {"optimizer": _of_optimizer, "scheduler": _of_schedule}
