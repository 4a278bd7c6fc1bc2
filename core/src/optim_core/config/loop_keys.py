"""The keys that are known to belong to training loops, each with where it was seen: the one list of them.

A key in it is never taken for one of a recipe, whatever words it has, but where a plugin has a field of its name.
"""

from __future__ import annotations

__all__ = ["EPOCHS", "LOOP_KEYS", "SIGNS_OF_A_SECTION"]

# These say how many epochs a run has: to the training loop, and to a schedule that has one of them as a field.
EPOCHS = ("epochs", "max_epochs", "num_epochs")

_COMMON = "most training scripts"
_SAT = "stable-audio-tools: train.py, the section `training` of its models' configs"
_LIGHTNING = "Lightning's Trainer"
_TRAINER = "transformers' TrainingArguments"
_DEEPSPEED = "DeepSpeed's JSON"
_TORCHRUN = "torchrun"
_PPO = "CleanRL, Stable-Baselines3 and TRL: the loss of PPO"
_VIDEO = "PySlowFast, MMAction2: pieces of video"
_AUDIO = "VITS, HiFi-GAN and their kin"

# These may stand in a flat set outside of a section, too.
LOOP_KEYS: dict[str, str] = {
    **dict.fromkeys((*EPOCHS, "epoch", "steps", "max_steps", "total_steps", "steps_per_epoch"), _COMMON),
    **dict.fromkeys(("max_iters", "total_iters", "shuffle", "gradient_checkpointing", "model_type"), _COMMON),
    **dict.fromkeys(("batch_size", "num_workers", "seed", "device", "loss", "logger", "name", "project"), _COMMON),
    **dict.fromkeys(("early_stopping", "early_stopping_patience", "patience", "mode", "log_interval"), _COMMON),
    **dict.fromkeys(("amp", "use_amp", "mixed_precision", "compile", "use_ema", "ema_decay", "num_gpus"), _COMMON),
    **dict.fromkeys(("accum_batches", "checkpoint_every", "save_dir", "save_top_k", "val_every", "log_every"), _SAT),
    **dict.fromkeys(("precision", "num_nodes", "strategy"), _LIGHTNING),
    "gradient_accumulation_steps": f"{_TRAINER}, {_DEEPSPEED}, accelerate",
    # Those below have a word of a recipe's in them, and are about something else.
    **dict.fromkeys(("warmup_mode", "encoder_freeze_on_warmup", "use_effective_length_for_schedule"), _SAT),
    **dict.fromkeys(("track_grad_norm", "log_grad_norm", "log_lr", "lr_monitor", "swa_lr", "swa_lrs"), _LIGHTNING),
    **dict.fromkeys(("skip_optimizer", "warm_start"), _AUDIO),
    **dict.fromkeys(("restore_callback_states_from_checkpoint", "save_optimizer_state"), _TRAINER),
    **dict.fromkeys(("offload_optimizer", "optimizer_offload", "zero_optimization"), _DEEPSPEED),
    **dict.fromkeys(("loss_scale_window", "hysteresis", "wall_clock_breakdown"), _DEEPSPEED),
    **dict.fromkeys(("max_restarts", "restart", "auto_restart", "restart_from"), _TORCHRUN),
    **dict.fromkeys(("clip_coef", "clip_range", "clip_ratio", "clip_param", "clip_eps", "clip_epsilon"), _PPO),
    **dict.fromkeys(("clip_vloss", "clip_range_vf", "clip_obs", "clip_reward", "clip_rewards", "clip_actions"), _PPO),
    **dict.fromkeys(("clip_len", "clip_length", "clip_duration", "num_clips", "clips_per_video"), _VIDEO),
    **dict.fromkeys(("scheduled_sampling", "scheduled_sampling_prob"), "fairseq and ESPnet: the decoder's input"),
    **dict.fromkeys(("beta_schedule", "beta_start", "beta_end"), "diffusers and its kin: the noise of diffusion"),
}

# One of these beside named sets says that the mapping is the section of a training config, which holds more than them.
# Those about clipping are added where it is asked.
SIGNS_OF_A_SECTION = LOOP_KEYS.keys() | {
    *("learning_rate", "warmup_steps", "log_loss_info", "loss_configs", "loss_normalization", "demo"),
    *("pre_encoded", "timestep_sampler", "timestep_sampler_options", "validation_timesteps", "cfg_dropout_prob"),
    *("latent_mask_ratio", "force_input_mono", "teacher_model", "decoder_finetune"),
    *("mask_padding", "mask_padding_dropout", "mask_padding_attention", "mask_loss_weight", "causal_dropout"),
    *("use_reconstruction_loss", "silence_extension_scale_seconds"),
    *("inpainting", "p_one_shot", "arc", "lora_config", "base_precision", "log_every_n_steps"),
    *("logging", "checkpoint", "checkpointing", "tqdm"),
}
