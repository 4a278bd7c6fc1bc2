"""Which keys speak of a recipe, by their words."""

from __future__ import annotations

import pytest

from optim_core.config.forms.speaking import speaking, topic, words
from optim_core.config.loop_keys import LOOP_KEYS

CLIPPING = """
    max_grad_norm grad_norm grad_clip clip_grad clip_grad_norm clip_grad_norm_ clip_grad_val clip_grad_value
    gradient_clip_val gradient_clip_value gradient_max_norm max_gradient_norm grad_max_norm clip_max_norm max_norm
    clip_norm clip_value clip gradclip gradnorm gradClipNorm maxGradNorm GRAD_NORM grad-norm grad.clip
    grad_clip_thresh grad_norm_clip gradient_clipping_threshold clip_gradients clip_threshold max_gradient
    gradient_norm_clipping global_clip_norm adaptive_grad_clip discriminator_clip_grad gclip max_gnorm agc agc_clip
"""
OPTIMIZER = """
    lr learning_rate learningRate learning-rate learning.rate base_lr init_lr lr0 disc_lr encoder_lr lrs optimizer
    optim optimizer_name optimizer.lr optim_args optimiser weight_decay weightDecay wd adam_wd l2_reg l2 b1 b2
    adam_b1 beta1 beta_2 betas adam_beta1 eps epsilon adam_eps adam_epsilon adam momentum sgd_momentum nesterov
    amsgrad dampening use_adamw scale_lr no_decay layer_decay lr_mult bias_decay norm_decay decay_bias no_decay_keys
    prodigy_decouple use_sam sam_rho use_lookahead trust_coefficient opt_name weight_decay_norm
"""
SCHEDULE = """
    scheduler sched lr_scheduler lr_schedule scheduler_type scheduling lr_policy warmup warm_up warm_up_steps
    warmupSteps warmup-steps num_warmup_steps warmup_ratio lr_warmup_epochs gamma lr_gamma anneal annealing
    anneal_strategy plateau plateau_patience restarts restart_period milestones learning_rate_milestones
    lr_milestones cosine cosine_T0 use_cosine T_max t_max T_0 T0 T_mult step_size lr_step_size eta_min min_lr
    final_lr lr_decay lr_decay_rate decay_steps decay_epochs decay_rate decay_milestones onecycle one_cycle
    pct_start div_factor inv_gamma stable_steps cooldown_fraction hold_epochs constant_steps cycle_length T_i T_mul
    eta_max exp_decay poly_power n_epochs_decay niter_decay lr_shrink lr_patience lr_factor
    ramp_up rampUp ramp_up_steps rampup_iters ramp-down-epochs ramp_steps lr_noise lr_noise_pct lr_noise_std
    cos_min_ratio
"""
OTHERS = """
    sample_rate ema_decay bn_momentum dropout_rate batch_norm_momentum layer_norm_eps rms_norm_eps rate decay
    drop_rate drop_path_rate gradient_checkpointing gradient_accumulation_steps accumulate_grad_batches
    gradient_penalty grad_scaler clip_len clip_length clip_path clip_model clip_skip num_clips clip_vision_tower
    clip_range clip_eps kl_beta kl_anneal_steps kl_warmup_epochs noise_scheduler noise_schedule beta_schedule
    beta_start ema_momentum focal_gamma label_smoothing_eps epsilon_greedy temperature_anneal
    teacher_forcing_schedule cosine_similarity_weight weight_norm weight_init pretrained_weights resume_optimizer
    load_optimizer_state save_optimizer log_lr log_grad_norm track_grad_norm zero_optimization optimize
    optimized_metric mixed_precision steps_per_epoch max_steps early_stopping warm_start max_restarts alphabet
    adapter adaptive epoch c_mel model_type shuffle remove_pretransform_weight_norm encoder_freeze_on_warmup
    warmup_mode ema_bias_decay cycle_loss hold_out flat_map constant_init lookahead max_length
    rampup_batch_size kl_ramp_up consistency_rampup noise_clip noise_std swa use_swa swa_lr eta ddim_eta
"""


@pytest.mark.parametrize(
    ("about", "keys"),
    [("gradient_clipping", CLIPPING), ("optimizer", OPTIMIZER), ("scheduler", SCHEDULE), (None, OTHERS)],
)
def test_the_words_of_a_key_say_what_it_is_about(about, keys):
    """However they are written, and whatever project they come from."""
    assert {} == {key: found for key in keys.split() if (found := topic(key)) != about}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("warmUp-steps.v2", ["warm", "up", "steps", "v"]),
        ("LRScheduler", ["lr", "scheduler"]),
        ("T_max", ["t", "max"]),
        ("adam_b1", ["adam", "b"]),
        ("", []),
    ],
)
def test_a_key_is_divided_at_separators_digits_and_capitals(key, expected):
    """A run of capitals is one word, whose last letter begins the next where that is a word."""
    assert expected == words(key)


def test_a_key_of_a_thousand_letters_is_no_word():
    """It costs no more to look at than others."""
    assert topic("lr_" * 1000) is None


def test_what_is_nested_is_found_but_in_sections_that_are_plainly_something_else():
    """Lists are looked into, too; null speaks of nothing, and neither does clipping that is off."""
    unused = {
        "trainer": {"gradient_clip_val": 1.0, "stages": [{"lr": 0.1}, 3, [{"warmup": 5}]]},
        "loop": {"swa": True, "lookahead": {"k": 5}, "eta": 0.1},
        "optim": {"lr": 1},
        "model": {"lr": 1},
        "loss_configs": {"a": {"gamma": 2}},
        "off": {"grad_clip": 0, "clip_grad": False, "max_grad_norm": None, "lr": None, 3: {"lr": 1}},
        "also_off": {"swa": False, "lookahead": 3, "eta": 0},
        "lr_scheduler": None,
    }
    assert [
        ("trainer", "gradient_clip_val"),
        ("trainer", "stages", 0, "lr"),
        ("trainer", "stages", 2, 0, "warmup"),
        ("loop", "swa"),
        ("loop", "lookahead"),
        ("loop", "eta"),
        ("optim",),
    ] == [spoken.path for spoken in speaking(unused)]


def test_each_known_key_of_a_training_loop_says_where_it_was_seen():
    """The list is one mapping, and what is in it speaks of no recipe."""
    assert all(LOOP_KEYS.values())
    assert [] == [key for key in LOOP_KEYS if topic(key)]
