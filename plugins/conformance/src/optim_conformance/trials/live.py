"""Live objects of each kind, and whether they are what their kind promises."""

from __future__ import annotations

from typing import Any

from optim_conformance.kinds import TRAINING_KINDS, refuse_other_kinds
from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_core.plugin_tools import with_article

__all__ = ["built"]

_METHODS = {
    "scheduler": ("step", "state_dict", "load_state_dict", "get_last_lr"),
    "clipper": ("clip",),
}


def built(subject: Subject, spec: Any = None) -> Any:
    """Build what a spec describes, by default that of the subject's config.

    Raises:
        Differs: it is something else.
        OptimError: its kind is one that the kit does not know how to build.
    """
    refuse_other_kinds(subject.kind)
    spec = subject.spec() if spec is None else spec
    if subject.kind in TRAINING_KINDS:
        from optim_conformance.trials.around_training import at_work

        with at_work(subject, spec) as made:
            return made
    if subject.kind == "optimizer":
        return _optimizer(subject, spec)
    if subject.kind == "scheduler":
        from optim_conformance.trials.walking import horizon_of, plain_optimizer

        made = spec.create_scheduler(plain_optimizer(), horizon=horizon_of(spec))
    else:
        made = spec.create_clipper()
    missing = [name for name in _METHODS[subject.kind] if not callable(getattr(made, name, None))]
    if missing:
        raise Differs(f"{with_article(subject.kind)} with {', '.join(_METHODS[subject.kind])}", f"no {missing[0]}()")
    return made


def _optimizer(subject: Subject, spec: Any) -> Any:
    import torch

    from optim_conformance.trials.training import model_of

    model = model_of(subject)
    made = spec.create_optimizer(model)
    if not isinstance(made, torch.optim.Optimizer):
        raise Differs("a torch.optim.Optimizer, which torch's schedulers insist on", f"{made!r:.60}")
    taken = [id(parameter) for group in made.param_groups for parameter in group["params"]]
    if sorted(taken) != sorted(map(id, model.parameters())):
        raise Differs("each parameter of the model in one group", f"{len(taken)} parameters in its groups")
    return made
