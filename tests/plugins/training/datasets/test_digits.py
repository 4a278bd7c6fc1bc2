"""The digits of scikit-learn."""

from optim_core import registry
from optim_training.datasets.beside_training import build_dataset, count_items


def test_the_parts_are_all_digits_and_share_none():
    """Both parts together are all images, and none is in both."""
    specs = [
        registry.build({"type": "digits", "config": {"part": part}}, "dataset") for part in ("training", "validation")
    ]
    training, validation = map(build_dataset, specs)
    images = [{bytes(pixels.numpy()) for pixels, _ in part} for part in (training, validation)]
    assert (1797, [1438, 359]) == (len(training) + len(validation), [count_items(each) for each in specs])
    assert not images[0] & images[1]
    assert 1.0 == max(pixels.max().item() for pixels, _ in training)
    assert {*range(10)} == {digit.item() for _, digit in validation}
    assert (64, 10) == (training.features, training.classes)


def test_a_field_called_count_is_no_count_of_items():
    """A dataset of a stranger's may have a field of that name."""
    import attrs

    @attrs.frozen(kw_only=True)
    class Counted:
        """Some items."""

        count: int = 3

        def build(self) -> object:
            return list(range(self.count))

    registry.register("dataset", "counted", Counted)
    assert count_items(registry.build({"type": "counted"}, "dataset")) is None
