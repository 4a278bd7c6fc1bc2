"""What `optim migrate` makes of TrainingArguments, beside what transformers' Trainer makes of them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from optim_core import ConfigError, registry  # noqa: E402

STEPS = 100
OWN = {"per_device_train_batch_size": 8, "num_train_epochs": 3}


def tiny(kind):
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    if kind == "llama":
        config = transformers.LlamaConfig(vocab_size=11, **sizes)
        return transformers.LlamaForCausalLM(config)
    if kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=11, n_embd=8, n_layer=2, n_head=2, n_positions=16)
        return transformers.GPT2LMHeadModel(config)
    if kind == "t5":
        config = transformers.T5Config(vocab_size=11, d_model=8, d_kv=4, d_ff=16, num_layers=2, num_heads=2)
        return transformers.T5ForConditionalGeneration(config)
    config = transformers.BertConfig(vocab_size=11, max_position_embeddings=16, **sizes)
    return transformers.BertForSequenceClassification(config)


def of_the_trainer(model, tmp_path, arguments):
    """The optimizer and the schedule that the Trainer makes for a run of 100 steps."""
    args = transformers.TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True, **arguments)
    trainer = transformers.Trainer(model=model, args=args)
    trainer.create_optimizer_and_scheduler(num_training_steps=STEPS)
    return trainer.optimizer, trainer.lr_scheduler


def options_by_name(model, optimizer):
    """The options of each parameter's group that both have."""
    names = {id(each): name for name, each in model.named_parameters()}
    left_out = {"params", "name", "param_names", "lr_multiplier", "initial_lr"}
    return {
        names[id(each)]: {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in group.items()
            if key not in left_out
        }
        for group in optimizer.param_groups
        for each in group["params"]
    }


def rates(optimizer, scheduler):
    found = []
    for _ in range(STEPS + 10):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama", "t5"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"weight_decay": 0.1, "learning_rate": 3e-4, "optim": "adamw_torch"},
        {"adam_beta1": 0.8, "adam_beta2": 0.95, "adam_epsilon": 1e-6, "weight_decay": 0.01},
        {"optim": "sgd", "optim_args": "momentum=0.9,nesterov=True", "learning_rate": 0.1},
        {"optim": "adagrad", "weight_decay": 0.01, "optim_args": "lr_decay=0.1, eps=1e-9"},
        {"optim": "rmsprop", "optim_args": "alpha=0.9,centered=true,momentum=0.5"},
    ],
    ids=str,
)
def test_each_parameter_has_the_options_that_the_trainer_gives_it(kind, arguments, tmp_path):
    """The class is the same, and so is every option of each parameter's group: weight decay, betas, eps, fused."""
    model = tiny(kind)
    expected, _ = of_the_trainer(model, tmp_path, arguments)
    config = registry.migrate({**OWN, **arguments}, origin="training-arguments")
    found = registry.recipe(config).create(model, total_steps=STEPS).optimizer
    assert type(expected).__name__ == type(found).__name__
    of_trainer, ours = options_by_name(model, expected), options_by_name(model, found)
    for name, options in of_trainer.items():
        assert {**options, "lr": 0} == {**{key: ours[name][key] for key in options}, "lr": 0}, name


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"warmup_steps": 10},
        {"warmup_steps": 0.07},
        {"lr_scheduler_type": "cosine", "warmup_steps": 0.033},
        {"lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {"num_cycles": 1.5}},
        {"lr_scheduler_type": "cosine_with_restarts", "warmup_steps": 9, "lr_scheduler_kwargs": {"num_cycles": 3}},
        {"lr_scheduler_type": "polynomial", "lr_scheduler_kwargs": {"power": 2.0, "lr_end": 1e-6}},
        {"lr_scheduler_type": "constant"},
        {"lr_scheduler_type": "constant_with_warmup", "warmup_steps": 12},
        {"lr_scheduler_type": "constant_with_warmup"},
        {"lr_scheduler_type": "inverse_sqrt", "warmup_steps": 12},
        {"lr_scheduler_type": "cosine_with_min_lr", "warmup_steps": 5, "lr_scheduler_kwargs": {"min_lr_rate": 0.1}},
        {"lr_scheduler_type": "cosine_warmup_with_min_lr", "warmup_steps": 5, "lr_scheduler_kwargs": {"min_lr": 1e-6}},
        {"lr_scheduler_type": "warmup_stable_decay", "warmup_steps": 5, "lr_scheduler_kwargs": {"num_decay_steps": 20}},
    ],
    ids=str,
)
def test_the_rates_are_those_of_the_trainer(arguments, tmp_path):
    """Each rate within the run is the same; a warmup below 1 is a share, rounded up as the Trainer rounds it."""
    model = tiny("bert")
    optimizer, scheduler = of_the_trainer(model, tmp_path, {"max_steps": STEPS, **arguments})
    expected = rates(optimizer, scheduler)
    recipe = registry.recipe(registry.migrate({**OWN, "max_steps": STEPS, **arguments}, origin="training-arguments"))
    run = recipe.create(model, total_steps=STEPS)
    if recipe.schedulers:
        found = rates(run.optimizer, run.scheduler)
    else:
        found = [run.optimizer.param_groups[0]["lr"]] * len(expected)
    assert expected[:STEPS] == pytest.approx(found[:STEPS], rel=1e-12, abs=1e-18)


def test_every_key_is_known():
    """Of all fields of TrainingArguments, at their defaults, none is taken for a misspelt one."""
    import dataclasses

    fields = {
        field.name: field.default
        for field in dataclasses.fields(transformers.TrainingArguments)
        if field.default is not dataclasses.MISSING and field.init
    }
    plain = {key: getattr(value, "value", value) for key, value in fields.items()}
    found = registry.migration(plain)
    assert "training-arguments" == found.origin
    assert () == found.warnings
    clipping = transformers.TrainingArguments.__dataclass_fields__["max_grad_norm"].default
    assert clipping == found.config["gradient_clipping"]["config"]["max_norm"]


def test_the_defaults_are_written_out_and_told():
    """What stands nowhere is in the recipe with the Trainer's value, and said."""
    found = registry.migration({"output_dir": "out", **OWN})
    fields = found.config["optimizer"]["config"]
    defaults = transformers.TrainingArguments.__dataclass_fields__
    assert (defaults["learning_rate"].default, defaults["weight_decay"].default) == (
        fields["lr"],
        fields["weight_decay"],
    )
    assert {"learning_rate", "weight_decay", "adam_epsilon", "optim", "lr_scheduler_type", "max_grad_norm"} <= {
        said.partition(":")[0] for said in found.assumed
    }
    assert ("output_dir", "per_device_train_batch_size", "num_train_epochs") == found.left_out


@pytest.mark.parametrize("ratio", [0.01, 0.033, 0.1, 0.5])
def test_a_share_of_a_run_of_unknown_length_is_a_share(ratio, tmp_path):
    """It is that of the run that is created, with the rates of the Trainer for the same length."""
    model = tiny("bert")
    expected = rates(*of_the_trainer(model, tmp_path, {"warmup_steps": ratio}))
    run = registry.recipe(registry.migrate({**OWN, "warmup_steps": ratio})).create(model, total_steps=STEPS)
    assert expected[:STEPS] == pytest.approx(rates(run.optimizer, run.scheduler)[:STEPS], rel=1e-12, abs=1e-18)


def test_a_warmup_as_transformers_4_has_it():
    """`warmup_ratio` is a share of the run, and steps win over it; lengths in a section are found there."""
    args = {"training_args": {**OWN, "warmup_ratio": 0.03, "lr_scheduler_type": "cosine"}, "model": {}}
    assert "3%" == registry.migrate(args)["scheduler"]["config"]["num_warmup_steps"]
    args["training_args"]["warmup_steps"] = 50
    assert 50 == registry.migrate(args)["scheduler"]["config"]["num_warmup_steps"]


def test_a_schedule_that_waits_for_a_metric_needs_evaluations_by_epoch():
    """The Trainer steps it when it evaluates."""
    args = {**OWN, "lr_scheduler_type": "reduce_lr_on_plateau", "lr_scheduler_kwargs": {"factor": 0.5}}
    found = registry.migrate({**args, "eval_strategy": "epoch", "metric_for_best_model": "f1"})["scheduler"]
    assert ("ReduceLROnPlateau", "epoch") == (found["type"], found["interval"])
    assert {"factor": 0.5, "monitor": "eval_f1"} == found["config"]
    with pytest.raises(ConfigError, match="stepped at evaluations"):
        registry.migrate({**args, "eval_strategy": "steps"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"optim": "adafactor"}, "Adafactor"),
        ({"adafactor": True}, "Adafactor"),
        ({"optim": "adamw_hf"}, "eps in another place"),
        ({"optim": "adamw_torh"}, "did you mean `adamw_torch`"),
        ({"optim": "galore_adamw", "optim_target_modules": ["attn"]}, "has no equal"),
        ({"use_galore": True}, "another optimizer"),
        ({"lr_scheduler_type": "cosine_wiht_restarts"}, "did you mean `cosine_with_restarts`"),
        ({"lr_scheduler_kwargs": "{"}, "JSON"),
        ({"learning_rate": "auto"}, "must be a number"),
        ({"lr_shceduler_type": "cosine"}, "speaks of what a recipe is about"),
        ({"warmup_ratio": 3}, "share of the run"),
        ({"optim": "sgd", "optim_args": "momentum=fast"}, "must be a number"),
    ],
)
def test_what_has_no_equal_is_refused(arguments, said):
    """It is told, and nothing near is taken in its place."""
    with pytest.raises(ConfigError, match=said):
        registry.migrate({**OWN, **arguments}, origin="training-arguments")


def test_what_the_trainer_does_not_use_is_told():
    """A warmup of a schedule without one, optim_args of AdamW, and DeepSpeed's own file are warnings."""
    args = {**OWN, "lr_scheduler_type": "constant", "warmup_steps": 10, "optim_args": "a=1", "deepspeed": "ds.json"}
    told = registry.migration(args).warnings
    assert ["deepspeed", "optim_args", "warmup_steps"] == [said.partition(":")[0] for said in told]
