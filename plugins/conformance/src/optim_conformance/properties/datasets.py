"""What must be true of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.around_training import FILES, at_work, same, workplace
from optim_conformance.trials.exceptions import told

__all__: list[str] = []

FACTS = ("features", "classes", "vocabulary")
SEED = 3


@property_of("dataset")
def items(subject: Subject) -> None:
    """It has as many items as its length says, at least one: each index below it gives one, and no other does."""
    with at_work(subject) as made:
        length = len(made)
        if length < 1:
            raise Differs("one item at least", f"its length is {length}")
        for index in sorted({0, length // 2, length - 1}):
            made[index]
        try:
            beyond = made[length]
        except Exception:  # noqa: BLE001 - whichever it is, nothing is there
            return
        raise Differs(f"an IndexError at {length}, of {length} items", f"{beyond!r:.60}")


@property_of("dataset")
def same_items(subject: Subject) -> None:
    """An index gives the same item each time, and after another build: what is random is left to `augment`."""
    import torch

    with at_work(subject) as made:
        places = sorted({0, len(made) - 1})
        first = [made[index] for index in places]
        torch.manual_seed(SEED)
        if not same(first, [made[index] for index in places]):
            raise Differs("the same item as before", "another one")
        again = subject.spec().create()
        if len(again) != len(made) or not same(first, [again[index] for index in places]):
            raise Differs("the same items after another build", "others")


@property_of("dataset")
def batches(subject: Subject) -> None:
    """Its items make a batch: by its own `collate`, or by torch's."""
    from torch.utils.data import default_collate

    with at_work(subject) as made:
        collate = getattr(subject.spec().config, "collate", None) or default_collate
        collate([made[index] for index in sorted({0, len(made) - 1})])


@property_of("dataset")
def facts(subject: Subject) -> None:
    """What it says of itself is a whole number ≥ 1, its strata are one for each item, and its count is its length."""
    with at_work(subject) as made:
        for name in FACTS:
            value = getattr(made, name, None)
            if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__") or value < 1):
                raise Differs(f"{name}: a whole number ≥ 1", f"{value!r:.60}")
        strata = getattr(made, "strata", None)
        if strata is not None and len(strata) != len(made):
            raise Differs(f"strata for {len(made)} items", f"{len(strata)}")
        count = getattr(subject.spec().config, "count", None)
        counted = count() if callable(count) else None
        if counted is not None and counted != len(made):
            raise Differs(f"count() = {len(made)}, as many as there are", f"{counted}")


@property_of("dataset")
def augments(subject: Subject) -> None:
    """`augment` depends on the item and its generator alone, draws from no other, and leaves the item as it was."""
    import torch

    augment = getattr(subject.spec().config, "augment", None)
    if not callable(augment):
        raise DoesNotApply("it has no `augment`")
    with at_work(subject) as made:
        item, untouched = made[0], made[0]
        state = torch.get_rng_state()
        first = augment(item, torch.Generator().manual_seed(SEED))
        if not torch.equal(state, torch.get_rng_state()):
            raise Differs("random numbers of the generator that it is given", "it draws from torch's own")
        torch.manual_seed(SEED + 1)
        if not same(first, augment(made[0], torch.Generator().manual_seed(SEED))):
            raise Differs("the same item with an equal generator", "another one")
        if not same(item, untouched):
            raise Differs("the item as it was", "augmenting changed it")


@property_of("dataset", needs_build=False)
def check(subject: Subject) -> None:
    """`check` finds nothing wrong with the example, says what is missing or cut in sentences, and never raises."""
    config = subject.spec().config
    if not callable(getattr(config, "check", None)):
        raise DoesNotApply("it has no `check`")
    with workplace(subject) as folder:
        found = _checked(config, "the files of the example")
        if found:
            raise Differs("nothing wrong with the example", f"{found[0]!r:.300}")
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        for file in files:
            _check_cut(config, file)
    if callable(getattr(subject.cls, FILES, None)):
        with workplace(subject, files=False):
            if not _checked(config, "an empty folder"):
                raise Differs("a sentence where the files are not there", "nothing is said")


def _check_cut(config: Any, file: Path) -> None:
    """Require a list for a file that is cut, empty, or something else."""
    whole = file.read_bytes()
    for content, what in ((whole[: len(whole) // 2], "cut"), (b"", "empty"), (b"\xff\x00\xfe" * 30, "of other bytes")):
        file.write_bytes(content)
        _checked(config, f"a file that is {what}")
    file.write_bytes(whole)


def _checked(config: Any, where: str) -> list[str]:
    try:
        found = config.check()
    except Exception as error:
        raise Differs(f"a list of sentences for {where}", f"it raised {told(error)}") from error
    if not isinstance(found, list) or not all(isinstance(sentence, str) for sentence in found):
        raise Differs(f"a list of sentences for {where}", f"{found!r:.60}")
    return found
