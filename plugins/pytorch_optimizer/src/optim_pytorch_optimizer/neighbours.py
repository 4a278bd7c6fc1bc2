"""What is called alike elsewhere, and is something else: a sentence for the first line of a plugin class."""

from __future__ import annotations

__all__ = ["NEIGHBOURS"]

NEIGHBOURS = {
    "ASGD": "`ASGD` is torch's.",
    "AdEMAMix": "`SimplifiedAdEMAMix` has one mean less; `AdEMAMix8bit` is bitsandbytes'.",
    "AdaDelta": "`Adadelta` is torch's.",
    "AdaFactor": "`Adafactor` is torch's, without relative steps.",
    "AdaMax": "`Adamax` is torch's.",
    "AdaMuon": "`Muon` is optim-muon's, and scales no matrix by a second moment.",
    "AdamC": "`AdamW` is the usual one.",
    "BSAM": "`SAM` goes around any optimizer.",
    "DistributedMuon": "`Muon` is optim-muon's, which divides its work by `divide_work: true`.",
    "FlashAdamW": "`AdamW` is torch's.",
    "GrokFastAdamW": "`AdamW` is torch's, whose gradients are not filtered.",
    "LARS": "`LARS8bit` and `LARS32bit` are bitsandbytes'.",
    "Lamb": "`LAMB8bit` and `LAMB32bit` are bitsandbytes'.",
    "Lion": "`Lion8bit` and `Lion32bit` are bitsandbytes'.",
    "Muon": "`Muon` is optim-muon's, `TorchMuon` torch's.",
    "NorMuon": "`Muon` is optim-muon's, and scales no rows.",
    "RAdam": "`RAdam` is torch's.",
    "Ranger": "`Lookahead` goes around any optimizer, RAdam too; `Ranger21` is its successor.",
    "Ranger21": "`Ranger` is its forerunner.",
    "SCION": "`SCIONLight` keeps less state.",
    "SCIONLight": "`SCION` keeps more state.",
    "SGDW": "`SGD` is torch's, whose decay is an L2 penalty.",
    "ScalableShampoo": "`Shampoo` is the plain one.",
    "ScheduleFreeAdamW": "It takes no scheduler; `AdamW` with `cosine` is the usual way.",
    "ScheduleFreeRAdam": "It takes no scheduler, and no warmup; `RAdam` is the usual one.",
    "ScheduleFreeSGD": "It takes no scheduler; `SGD` with `cosine` is the usual way.",
    "Shampoo": "`ScalableShampoo` is the one for large matrices.",
    "SimplifiedAdEMAMix": "`AdEMAMix` has one mean more.",
    "SPAM": "`StableSPAM` is its successor.",
    "StableAdamW": "`AdamW` is torch's, which does not limit its steps.",
    "StableSPAM": "`SPAM` is its forerunner.",
}
