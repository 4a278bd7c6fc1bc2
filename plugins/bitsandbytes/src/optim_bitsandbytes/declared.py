"""What classes of the library cannot do, as the conformance kit found it in bitsandbytes 0.50.2."""

from __future__ import annotations

__all__ = ["DECLARED"]

# Names of properties to what is declared of them, to the names of the classes that declare it; the form is that of
# `optim_core.bridge.declared`.
DECLARED: dict[str, dict[str, str]] = {
    "bf16": {
        "differs: it does not train bfloat16 as it should": "LAMB32bit LAMB8bit LARS32bit LARS8bit",
    },
    "complex_parameters": {
        "differs: complex parameters are trained as if they were real, or not at all": (
            "Adagrad32bit Adagrad8bit Adam32bit Adam8bit AdamW32bit AdamW8bit AdEMAMix8bit LAMB32bit LAMB8bit "
            "LARS32bit LARS8bit Lion32bit Lion8bit PagedAdam PagedAdam32bit PagedAdam8bit PagedAdamW "
            "PagedAdamW32bit PagedAdamW8bit PagedAdEMAMix PagedAdEMAMix8bit PagedLion PagedLion32bit "
            "PagedLion8bit RMSprop32bit RMSprop8bit SGD32bit SGD8bit"
        ),
    },
    "deepcopy pickled": {
        "refuses: a copy lacks what the class keeps beside its groups": (
            "Adagrad32bit Adagrad8bit Adam32bit Adam8bit AdamW32bit AdamW8bit AdEMAMix8bit LAMB32bit LAMB8bit "
            "LARS32bit LARS8bit Lion32bit Lion8bit PagedAdam PagedAdam32bit PagedAdam8bit PagedAdamW "
            "PagedAdamW32bit PagedAdamW8bit PagedAdEMAMix PagedAdEMAMix8bit PagedLion PagedLion32bit "
            "PagedLion8bit RMSprop32bit RMSprop8bit SGD32bit SGD8bit"
        ),
    },
    "fields.is_paged": {
        "differs: short runs of small matrices do not show it": (
            "Adam32bit Adam8bit AdamW32bit AdamW8bit AdEMAMix8bit Lion32bit Lion8bit"
        ),
    },
    "fields.min_8bit_size": {
        "differs: short runs of small matrices do not show it": (
            "Adagrad32bit Adam32bit AdamW32bit LAMB32bit LARS32bit Lion32bit Lion8bit PagedAdam PagedAdam32bit "
            "PagedAdamW PagedAdamW32bit PagedAdEMAMix PagedLion PagedLion32bit PagedLion8bit RMSprop32bit "
            "SGD32bit"
        ),
    },
    "fields.optim_bits": {
        "differs: short runs of small matrices do not show it": "PagedLion",
    },
    "silent": {
        "differs: it says on a CPU that it is not paged there": (
            "PagedAdam PagedAdam32bit PagedAdam8bit PagedAdamW PagedAdamW32bit PagedAdamW8bit PagedAdEMAMix "
            "PagedAdEMAMix8bit PagedLion PagedLion32bit PagedLion8bit"
        ),
    },
    "state_tensors": {
        "differs: its state is not of the parameters' dtype, or cannot be loaded": (
            "Adagrad32bit Adagrad8bit Adam32bit Adam8bit AdamW32bit AdamW8bit AdEMAMix8bit LAMB32bit LAMB8bit "
            "LARS32bit LARS8bit Lion32bit Lion8bit PagedAdam PagedAdam32bit PagedAdam8bit PagedAdamW "
            "PagedAdamW32bit PagedAdamW8bit PagedAdEMAMix PagedAdEMAMix8bit PagedLion PagedLion32bit "
            "PagedLion8bit RMSprop32bit RMSprop8bit SGD32bit SGD8bit"
        ),
    },
}
