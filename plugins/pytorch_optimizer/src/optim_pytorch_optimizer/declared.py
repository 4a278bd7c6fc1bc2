"""What classes of the library cannot do, as the conformance kit found it in pytorch_optimizer 4.1.0."""

from __future__ import annotations

__all__ = ["DECLARED", "needed"]

# Names of properties to what is declared of them, to the names of the classes that declare it; the form is that of
# `optim_core.bridge.declared`.
DECLARED: dict[str, dict[str, str]] = {
    "add_param_group": {
        "differs: a group that comes later is not trained as the first ones": (
            "AdaFactor ApolloDQN DAdaptAdaGrad DAdaptAdam DAdaptAdan DAdaptLion DAdaptSGD Prodigy"
        ),
        "refuses: a group that comes later is not trained as the first ones": "AdaBound",
    },
    "bf16": {
        "differs: it does not train bfloat16 as it should": "BSAM Ranger",
    },
    "bf16_state_dict": {
        "refuses: its state becomes no finite numbers": "Adai",
        "refuses: its state of bfloat16 parameters does not come back as it was": (
            "AdaShift Conda Kron ScalableShampoo SCION SCIONLight"
        ),
    },
    "bf16 bf16_state_dict": {
        "refuses: the decompositions of its step are not there in half precision": "LoRARite",
    },
    "closure descends float64 add_param_group": {
        "differs: it skips gradients as large as the kit's, by update_skipping": "LoRARite",
    },
    "empty_parameters many_dimensions non_contiguous order state_dict strange_state vectors": {
        "refuses: it takes the factors of LoRA layers, and the kit's parameters are none": "LoRARite",
    },
    "fields.lora_l_dim fields.lora_r_dim": {
        "differs: with another place of the rank the layers of the kit do not fit": "LoRARite",
    },
    "fields.maybe_inf_to_nan": {
        "differs: short runs of small matrices do not show it": "LoRARite",
    },
    "by_degree": {
        "differs: the rate does not act as a factor of the step": "AdaFactor DAdaptAdan",
    },
    "closure": {
        "differs: it calls the closure with gradients switched off": "AliG",
        "refuses: it cannot do with the gradients that are left of a closure": "BSAM",
    },
    "closure_agrees": {
        "differs: a closure gives another run": "EmoFact EmoLynx EmoNavi",
    },
    "complex_parameters": {
        "differs: complex parameters are trained as if they were real, or not at all": "Ranger",
    },
    "decay_shrinks": {
        "differs: weight decay alone does not shrink weights": "AdamS BSAM FOCUS",
    },
    "deepcopy pickled": {
        "refuses: a copy lacks what the class keeps beside its groups": (
            "A2Grad AccSGD AdaBelief AdaBound AdaDelta AdaFactor AdaGC AdaGO AdaHessian Adai Adalite AdaMax AdamC "
            "AdamG AdamMini AdaMod AdamP AdamS AdaMuon AdamWSN Adan AdaNorm AdaPNM AdaShift AdaSmooth AdaTAM AdEMAMix "
            "ADOPT AggMo Aida Alice AliG Amos Ano APOLLO ApolloDQN ASGD AvaGrad BCOS BSAM CAME Conda DAdaptAdaGrad "
            "DAdaptAdam DAdaptAdan DAdaptLion DAdaptSGD DASH DiffGrad DualAdam EmoFact EmoLynx EmoNavi EXAdam "
            "FAdam Fira FlashAdamW FOCUS Fromage FTRL GaLore Grams Gravity GrokFastAdamW Kate Kron Lamb LaProp "
            "LARS Lion LoRARite MADGRAD MARS MSVAG Muon Nero NorMuon NovoGrad PAdam PID PNM Prodigy QHAdam QHM RACS "
            "RAdam "
            "Ranger Ranger21 ROSE ScalableShampoo ScheduleFreeAdamW ScheduleFreeRAdam ScheduleFreeSGD SCION "
            "SCIONLight SGDP SGDSaI SGDW SignSGD SimplifiedAdEMAMix SM3 SOAP SophiaH SPAM SpectralSphere SPlus "
            "SRMM StableAdamW StableSPAM SWATS TAM Tiger VSGD Yogi"
        ),
    },
    "descends": {
        "differs: it is for weights that are normalized": "Nero",
        "differs: the kit's problem is not one for it": "BSAM Gravity Ranger",
    },
    "fields.alpha_c": {
        "differs: short runs of small matrices do not show it": "Alice",
    },
    "fields.beta": {
        "differs: short runs of small matrices do not show it": "AdaGC",
    },
    "fields.block_size": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.check_numerics": {
        "differs: short runs of small matrices do not show it": "FlashAdamW",
    },
    "fields.compress_state_dict": {
        "differs: short runs of small matrices do not show it": "FlashAdamW",
    },
    "fields.data_format": {
        "differs: short runs of small matrices do not show it": "SOAP",
    },
    "fields.diagonal_eps": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.ema_rate": {
        "differs: short runs of small matrices do not show it": "SPlus",
    },
    "fields.eps": {
        "differs: short runs of small matrices do not show it": "EmoFact EmoLynx PNM ScheduleFreeSGD",
    },
    "fields.eps_2": {
        "differs: short runs of small matrices do not show it": "FAdam",
    },
    "fields.fixed_decay": {
        "differs: short runs of small matrices do not show it": "AdaDelta AdamG DAdaptAdaGrad",
    },
    "fields.foreach": {
        "differs: it changes how fast a step is": "AdamMini",
    },
    "fields.gamma": {
        "differs: short runs of small matrices do not show it": "Alice",
    },
    "fields.inverse_exponent_override": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.lambda_rel": {
        "differs: short runs of small matrices do not show it": "AdaGC",
    },
    "fields.lr": {
        "differs: its step does not use it": "A2Grad",
    },
    "fields.matrix_eps": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.merge_dims": {
        "differs: short runs of small matrices do not show it": "SOAP",
    },
    "fields.model_sharding": {
        "differs: it acts on the processes of a run only": "AdamMini",
    },
    "fields.momentum": {
        "differs: short runs of small matrices do not show it": "SCIONLight",
    },
    "fields.momentum_dtype": {
        "differs: short runs of small matrices do not show it": "FAdam",
    },
    "fields.no_preconditioning_for_layers_with_dim_gt": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.num_heads fields.num_query_groups": {
        "differs: it acts on attention heads only": "AdamMini",
    },
    "fields.num_samples": {
        "differs: short runs of small matrices do not show it": "SophiaH",
    },
    "fields.pre_conditioner_type": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.preconditioning_compute_steps": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.rank": {
        "differs: short runs of small matrices do not show it": "Alice",
    },
    "fields.scale_type": {
        "differs: short runs of small matrices do not show it": "APOLLO",
    },
    "fields.shadow_weight": {
        "differs: short runs of small matrices do not show it": "EmoFact EmoLynx EmoNavi",
    },
    "fields.shape_interpretation": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.skip_preconditioning_rank_lt": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.start_preconditioning_step": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.statistics_compute_steps": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.threshold": {
        "differs: short runs of small matrices do not show it": "SPAM",
    },
    "fields.update_period": {
        "differs: short runs of small matrices do not show it": "SophiaH",
    },
    "fields.use_shadow": {
        "differs: short runs of small matrices do not show it": "EmoFact EmoLynx EmoNavi",
    },
    "fields.use_svd": {
        "differs: short runs of small matrices do not show it": "ScalableShampoo",
    },
    "fields.warmup_epoch": {
        "differs: short runs of small matrices do not show it": "SPAM",
    },
    "fields.weight_lr_power": {
        "differs: short runs of small matrices do not show it": "ScheduleFreeAdamW ScheduleFreeSGD",
    },
    "first_state": {
        "refuses: a state cannot be loaded, or does not come back as it was": "SCION SCIONLight",
    },
    "float64": {
        "differs: it does not train double precision as it should": "BSAM Ranger",
        "differs: it is for weights that are normalized": "Nero",
        "refuses: it does not train double precision as it should": "FAdam",
    },
    "fresh_process": {
        "differs: a state cannot be loaded, or does not come back as it was": (
            "AdaShift Conda ScalableShampoo SCION SCIONLight"
        ),
    },
    "global_state": {
        "differs: a step draws from the global random numbers": "AdaHessian BSAM DASH Gravity Kron SophiaH SPAM",
    },
    "grad_scaler": {
        "differs: a scaled loss gives another run": "SophiaH",
        "differs: the Hessian is scaled too": "AdaHessian",
    },
    "gradients_kept": {
        "differs: a step changes the gradients": (
            "AccSGD AdaDelta Adai Adalite AdaMax AdamG AdaSmooth AdEMAMix ADOPT AggMo Aida ApolloDQN "
            "DAdaptAdaGrad DAdaptAdam DAdaptLion DAdaptSGD DualAdam GrokFastAdamW LARS MADGRAD Muon NorMuon "
            "NovoGrad PAdam PID QHAdam QHM Ranger Ranger21 ScheduleFreeAdamW ScheduleFreeRAdam ScheduleFreeSGD "
            "SCIONLight SpectralSphere StableSPAM SWATS"
        ),
    },
    "group_options": {
        "differs: an option of one group is not that group's alone": "Adan DAdaptAdam DAdaptAdan Kron MARS Prodigy",
    },
    "loaded_options": {
        "refuses: a state cannot be loaded, or does not come back as it was": (
            "AdaShift Conda ScalableShampoo SCION SCIONLight"
        ),
    },
    "long_run": {
        "differs: the loss rises again in a longer run": "AggMo BSAM VSGD",
    },
    "lr_followed": {
        "differs: the rate does not act as a factor of the step": "AdaFactor ApolloDQN Ranger21",
    },
    "lr_multipliers": {
        "refuses: it changes the rates of groups itself": "ASGD",
        "refuses: it has one rate for all parameters": (
            "AdaFactor AdamG ApolloDQN DAdaptAdaGrad DAdaptAdam DAdaptAdan DAdaptLion DAdaptSGD Prodigy"
        ),
    },
    "many_dimensions": {
        "refuses: it takes matrices only": "SpectralSphere",
    },
    "maximize": {
        "differs: its rate is the loss, which it takes for positive": "AliG",
        "differs: what maximizes is not the mirror image of what minimizes": "Adan",
    },
    "no_gradients": {
        "differs: its estimate needs every gradient": "DAdaptSGD",
        "refuses: every parameter needs a gradient": "Adai AdamS Ranger21",
    },
    "non_contiguous": {
        "refuses: it takes parameters that lie in memory in their order": "AdamP AdamWSN Nero SGDP SWATS",
    },
    "nothing_piles_up": {
        "refuses: a step with a closure fails": "BSAM",
    },
    "options": {
        "differs: it divides the rate by an amplification of its own": "GrokFastAdamW",
    },
    "options_kept": {
        "differs: it changes the rates of groups itself": "ASGD",
    },
    "ordinary_backward": {
        "refuses: it needs loss.backward(create_graph=True)": "AdaHessian SophiaH",
    },
    "reused_gradients": {
        "refuses: it takes no gradient but that of a graph": "AdaHessian SophiaH",
    },
    "rolled_back": {
        "refuses: a state cannot be loaded, or does not come back as it was": (
            "AdaShift Conda ScalableShampoo SCION SCIONLight"
        ),
    },
    "same_either_way": {
        "differs: foreach gives slightly other numbers": "AdaMuon",
    },
    "several_groups": {
        "differs: what is done to one group depends on the others": (
            "AdaFactor AdamG ApolloDQN DAdaptAdaGrad DAdaptAdam DAdaptAdan DAdaptLion DAdaptSGD Prodigy"
        ),
    },
    "silent": {
        "differs: it says something at its first use": "SophiaH",
        "differs: torch warns of create_graph=True": "AdaHessian",
    },
    "state_dict": {
        "refuses: its state holds more than torch loads with weights_only": (
            "AdaShift Conda ScalableShampoo SCION SCIONLight"
        ),
    },
    "state_tensors": {
        "differs: its state is not of the parameters' dtype, or cannot be loaded": "AdaFactor AdamMini",
    },
    "step_without_closure": {
        "refuses: it needs a closure": "AliG BSAM",
    },
    "vectors": {
        "refuses: it takes matrices only": "SpectralSphere",
    },
    "zero_gradients": {
        "differs: it is for weights that are normalized": "Nero",
        "differs: weights move without a gradient too": "BSAM FOCUS Fromage FTRL Gravity RACS SGDSaI SRMM Yogi",
    },
    "zero_rate": {
        "differs: a rate of 0 is no standstill": "AdaGO BSAM FTRL SRMM",
        "differs: it is for weights that are normalized": "Nero",
        "refuses: a rate of 0 is no standstill": "Gravity",
        "refuses: it divides by the rate": "ASGD",
    },
}

# What the training loop is to give beyond gradients, which the source does not show.
NEEDED: dict[str, tuple[str, ...]] = {"AliG": ("closure",), "BSAM": ("closure", "gradients")}


def needed(name: str) -> dict[str, tuple[str, ...]]:
    """Return the member of a plugin class that says what the optimizer needs of the training loop, if it does."""
    return {"needs": NEEDED[name]} if name in NEEDED else {}
