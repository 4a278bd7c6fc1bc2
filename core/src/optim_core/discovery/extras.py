"""Which extra of optim-core brings what is not installed: for messages alone, never to find a plugin."""

from __future__ import annotations

from collections.abc import Iterable

from optim_core.kinds import Kind
from optim_core.text.names import normalise

__all__ = ["COMMANDS", "EXTRAS", "PROVIDED", "commands_of_extras", "extra_of", "install_line", "names_of_extras"]

_BITSANDBYTES = """
    AdEMAMix8bit Adagrad32bit Adagrad8bit Adam32bit Adam8bit AdamW32bit AdamW8bit LAMB32bit LAMB8bit LARS32bit
    LARS8bit Lion32bit Lion8bit PagedAdEMAMix PagedAdEMAMix8bit PagedAdam PagedAdam32bit PagedAdam8bit PagedAdamW
    PagedAdamW32bit PagedAdamW8bit PagedLion PagedLion32bit PagedLion8bit RMSprop32bit RMSprop8bit SGD32bit SGD8bit
"""
_PYTORCH_OPTIMIZER = """
    A2Grad ADOPT APOLLO ASGD AccSGD AdEMAMix AdaBelief AdaBound AdaDelta AdaFactor AdaGC AdaGO AdaHessian AdaMax AdaMod
    AdaMuon AdaNorm AdaPNM AdaShift AdaSmooth AdaTAM Adai Adalite AdamC AdamG AdamMini AdamP AdamS AdamWSN Adan AggMo
    Aida AliG Alice Amos Ano ApolloDQN AvaGrad BCOS BSAM CAME Conda DASH DAdaptAdaGrad DAdaptAdam DAdaptAdan DAdaptLion
    DAdaptSGD DeMo DiffGrad DistributedMuon DualAdam EXAdam EmoFact EmoLynx EmoNavi FAdam FOCUS FTRL Fira FlashAdamW
    Fromage GaLore Grams Gravity GrokFastAdamW Kate Kron LARS LaProp Lamb Lion LoRARite MADGRAD MARS MSVAG Muon Nero
    NorMuon NovoGrad PAdam PID PNM Prodigy QHAdam QHM RACS RAdam ROSE Ranger Ranger21 SCION SCIONLight SGDP SGDSaI SGDW
    SM3 SOAP SPAM SPlus SRMM SWATS SaRA ScalableShampoo ScheduleFreeAdamW ScheduleFreeRAdam ScheduleFreeSGD Shampoo
    SignSGD SimplifiedAdEMAMix SophiaH SpectralSphere StableAdamW StableSPAM TAM Tiger VSGD Yogi
"""

# What the distributions of the extras register. A test compares this with their entry points.
EXTRAS: dict[str, dict[Kind, tuple[str, ...]]] = {
    "deepspeed": {"optimizer": ("CPUAdam", "FusedAdam")},
    "muon": {"optimizer": ("Muon",)},
    "schedules": {
        "scheduler": (
            "constant",
            "constant_with_warmup",
            "cosine",
            "cosine_warmup_with_min_lr",
            "cosine_with_min_lr",
            "cosine_with_restarts",
            "greedy",
            "inverse_sqrt",
            "InverseLR",
            "linear",
            "polynomial",
            "sequential",
            "warmup",
            "warmup_cosine",
            "warmup_stable_decay",
        )
    },
    "torch": {
        "optimizer": (
            "Adadelta",
            "Adafactor",
            "Adagrad",
            "Adam",
            "Adamax",
            "AdamW",
            "ASGD",
            "LBFGS",
            "Lookahead",
            "NAdam",
            "RAdam",
            "RMSprop",
            "Rprop",
            "SAM",
            "SGD",
            "SparseAdam",
            "TorchMuon",
        ),
        "scheduler": (
            "ChainedScheduler",
            "ConstantLR",
            "cosine_warm_restarts",
            "CosineAnnealingLR",
            "CosineAnnealingWarmRestarts",
            "CyclicLR",
            "exponential",
            "ExponentialLR",
            "LambdaLR",
            "LinearLR",
            "MultiplicativeLR",
            "multistep",
            "MultiStepLR",
            "onecycle",
            "OneCycleLR",
            "plateau",
            "reduce_lr_on_plateau",
            "PolynomialLR",
            "ReduceLROnPlateau",
            "SequentialLR",
            "step",
            "StepLR",
        ),
        "clipper": ("adaptive", "norm", "value"),
    },
    "training": {
        "model": ("DenseNetworkModel", "autoencoder", "dense", "survival", "transformer"),
        "dataset": ("audio", "audio_dir", "digits", "survival_table", "table", "text_files"),
        "logger": ("comet", "csv", "tensorboard", "wandb"),
        "demo": ("audio", "image", "table", "text"),
    },
}

# What the providers among them offer: for a name that is right, and never as the right name for a wrong one.
PROVIDED: dict[str, dict[Kind, tuple[str, ...]]] = {
    "bitsandbytes": {"optimizer": tuple(_BITSANDBYTES.split())},
    "pytorch-optimizer": {"optimizer": tuple(_PYTORCH_OPTIMIZER.split())},
}

# The subcommands of `optim` that they add. A test compares them with the entry points of the distributions.
COMMANDS: dict[str, tuple[str, ...]] = {"conformance": ("conformance",), "training": ("train",), "ui": ("ui",)}


def install_line(extra: str) -> str:
    """Return the command that installs an extra.

    Example:
        >>> from optim_core.plugin_tools import install_line
        >>> install_line("muon")
        "pip install 'optim-core[muon]'"
    """
    return f"pip install 'optim-core[{extra}]'"


def names_of_extras(kinds: Iterable[Kind]) -> dict[str, str]:
    """Return plugin name to extra, for plugins of these kinds."""
    return {name: extra for kind in kinds for extra, plugins in EXTRAS.items() for name in plugins.get(kind, ())}


def extra_of(kinds: Iterable[Kind], name: str) -> str | None:
    """Return the extra that brings a plugin of this name, None where none does.

    Args:
        kinds: the kinds that it may be of.
        name: the plugin's name, in any spelling.

    Example:
        >>> from optim_core.plugin_tools import extra_of
        >>> extra_of(["optimizer"], "FusedAdam")
        'deepspeed'
    """
    wanted = normalise(name)
    offers = [*EXTRAS.items(), *PROVIDED.items()]
    known = ((extra, each) for extra, plugins in offers for kind in kinds for each in plugins.get(kind, ()))
    return next((extra for extra, each in known if normalise(each) == wanted), None)


def commands_of_extras() -> dict[str, str]:
    """Return subcommand of `optim` to the extra that brings it.

    Example:
        >>> from optim_core.plugin_tools import commands_of_extras
        >>> commands_of_extras()
        {'conformance': 'conformance', 'train': 'training', 'ui': 'ui'}
    """
    return {name: extra for extra, commands in COMMANDS.items() for name in commands}
