"""What a model begins with is what its checkpoints hold, and what is not loaded is told by name."""

import pytest

torch = pytest.importorskip("torch")

from optim_core import OptimError  # noqa: E402
from optim_training.weights.beginning import begin_with  # noqa: E402
from optim_training.weights.weight_norm import remove_from  # noqa: E402

NORMED = {
    "old": torch.nn.utils.weight_norm,
    "new": torch.nn.utils.parametrizations.weight_norm,
    "none": lambda layer: layer,
}
pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")


def network(seed, kind="none"):
    """Three layers, of which the last is never normalised."""
    torch.manual_seed(seed)
    layers = [NORMED[kind](torch.nn.Conv1d(2, 2, 3)), NORMED[kind](torch.nn.Linear(4, 4)), torch.nn.Linear(4, 1)]
    return torch.nn.Sequential(*layers)


class Model(torch.nn.Module):
    def __init__(self, seed, kind="none"):
        super().__init__()
        self.pretransform = network(seed, kind)
        self.head = torch.nn.Linear(1, 2)


def same(one, other):
    inputs = torch.ones(1, 2, 6)
    return torch.allclose(one(inputs), other(inputs))


@pytest.mark.parametrize("form", ["plain", "trainer", "safetensors"])
def test_pretrained(tmp_path, form):
    """What fits by name and shape is loaded, and all else is named, with the reason."""
    saved = {**network(1).state_dict(), "extra.weight": torch.ones(2)}
    saved["2.bias"] = torch.ones(3)
    path = tmp_path / ("a.safetensors" if form == "safetensors" else "a.ckpt")
    if form == "safetensors":
        from safetensors.torch import save_file

        save_file({name: value.contiguous() for name, value in saved.items()}, path)
    elif form == "trainer":
        torch.save({"state_dict": {f"model.{name}": value for name, value in saved.items()}, "epoch": 3}, path)
    else:
        torch.save(saved, path)
    model = network(2)
    model.register_buffer("count", torch.tensor(0.0))
    told = begin_with(model, pretrained=str(path))
    expected = ["  loaded   0.weight", "  loaded   0.bias", "  loaded   1.weight", "  loaded   1.bias"]
    expected += ["  loaded   2.weight", "  skipped  2.bias: has the shape (3,), the model's (1,)"]
    begin = ", without `model.` before their names" if form == "trainer" else ""
    skipped = "  skipped  extra.weight: the model has none"
    assert f"{path}: 5 of 7 weights are loaded{begin}" == told[0]
    assert sorted([*expected, skipped, "  as it was  count: the checkpoint has none"]) == sorted(told[1:])
    assert all(torch.equal(saved[name], model.state_dict()[name]) for name in ("0.weight", "1.bias", "2.weight"))


def test_wrong_files(tmp_path):
    """A file that is no checkpoint, an empty one, a missing one and one of another model are told with their path."""
    for name, content in (
        ("text.ckpt", b"text"),
        ("empty.ckpt", b""),
        ("text.safetensors", b"text"),
        ("gone.ckpt", None),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(OptimError, match=f"{path}: cannot be read as a checkpoint"):
            begin_with(network(1), pretrained=str(path))
    torch.save({"state_dict": {"unlike": torch.ones(1)}}, tmp_path / "other.ckpt")
    with pytest.raises(
        OptimError, match=r"nothing of it fits the model: unlike \(the model has none\); the model has 0"
    ):
        begin_with(network(1), pretrained=str(tmp_path / "other.ckpt"))
    torch.save({"step": 1}, tmp_path / "none.ckpt")
    with pytest.raises(OptimError, match="holds no weights"):
        begin_with(network(1), pretrained=str(tmp_path / "none.ckpt"))


def test_pretransform(tmp_path):
    """All of a pretransform's checkpoint has to fit, and what does not is named."""
    path = tmp_path / "a.ckpt"
    torch.save({"state_dict": {f"autoencoder.{name}": value for name, value in network(1).state_dict().items()}}, path)
    model = Model(2)
    told = begin_with(model, pretransform=str(path))
    assert f"{path}: 6 of 6 weights are loaded, without `autoencoder.` before their names" == told[0]
    assert same(network(1), model.pretransform)
    torch.save({"0.weight": torch.ones(1), "9.bias": torch.ones(1)}, path)
    with pytest.raises(OptimError, match=r"0 weights fit, and 7 do not:[\s\S]*9\.bias: the model has none"):
        begin_with(model, pretransform=str(path))
    with pytest.raises(OptimError, match="--pretransform-ckpt-path is for models with a `pretransform`"):
        begin_with(network(1), pretransform=str(path))


@pytest.mark.parametrize("kind", ["old", "new"])
def test_weight_norm(tmp_path, kind):
    """It is taken off before or after loading, as the checkpoint asks; a module without it is left and told."""
    whole, without, plain = tmp_path / "whole.ckpt", tmp_path / "without.ckpt", network(1, kind)
    torch.save(plain.state_dict(), whole)
    remove_from(plain)
    torch.save(plain.state_dict(), without)
    for path, when in ((without, "pre_load"), (whole, "post_load")):
        model = Model(2, kind)
        told = begin_with(model, pretransform=str(path), remove_weight_norm=when)
        lines = ["weight normalisation is taken off 2 modules of the pretransform"]
        assert [*lines, "  taken off  0", "  taken off  1", "  has none   2"] == [
            line for line in told if "taken off" in line or "has none" in line
        ]
        assert same(network(1, kind), model.pretransform)
        assert {"weight", "bias"} == {name.rpartition(".")[2] for name in model.pretransform.state_dict()}
        assert all(parameter.is_leaf and parameter.requires_grad for parameter in model.parameters())
    for path, when in ((without, "post_load"), (whole, "pre_load")):
        with pytest.raises(OptimError, match="--remove-pretransform-weight-norm"):
            begin_with(Model(2, kind), pretransform=str(path), remove_weight_norm=when)


def test_names_of_older_weight_norm(tmp_path):
    """A checkpoint with the names that torch first gave the parts of a normalised weight fits a model of today."""
    path = tmp_path / "old.ckpt"
    torch.save({f"model.{name}": value for name, value in network(1, "old").state_dict().items()}, path)
    model = Model(2, "new")
    begin_with(model, pretransform=str(path))
    assert same(network(1, "old"), model.pretransform)
