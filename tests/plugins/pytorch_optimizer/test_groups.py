"""Classes that treat parameters by what they are get groups that say so."""

import pytest
import pytorch_optimizer
import torch
from networks import Net
from torch import nn

from optim_core import ParamGroupError, Registry

MUONS = ("AdaGO", "AdaMuon", "Muon", "NorMuon")


@pytest.fixture(scope="module")
def registry():
    return Registry()


def spec_of(registry, name, **config):
    return registry.build({"type": f"pytorch_optimizer:{name}", "config": config})


def marked(optimizer, mark):
    """The names of the parameters in groups with a mark."""
    return sorted(name for group in optimizer.param_groups if group[mark] for name in group["param_names"])


@pytest.mark.parametrize("name", MUONS)
def test_hidden_matrices_are_muons(registry, name):
    """Embedding, head, norm and biases are AdamW's, each half with the options that the config gives it."""
    torch.manual_seed(0)
    model = Net()
    spec = spec_of(registry, name, lr=0.05, weight_decay=0.1, adamw_lr=0.003, adamw_wd=0.01, adamw_betas=[0.8, 0.9])
    optimizer = spec.create_optimizer(model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.arange(10)), torch.arange(10))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert ["one.weight", "two.weight"] == marked(optimizer, "use_muon")
    rates = {group["use_muon"]: (group["lr"], group["weight_decay"]) for group in optimizer.param_groups}
    assert {True: (0.05, 0.1), False: (0.003, 0.01)} == rates
    assert [(0.8, 0.9)] == [group["betas"] for group in optimizer.param_groups if not group["use_muon"]]
    assert losses[-1] < losses[0]
    assert not any(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))


def test_rates_of_both_halves_are_multiplied(registry):
    """A rule's multiplier acts on the rate of the half that a parameter is in."""
    rules = [{"match": ["two.*", "head.*"], "lr_multiplier": 0.5}]
    spec = registry.build({"type": "pytorch_optimizer:Muon", "config": {}, "param_groups": rules})
    groups = spec.create_optimizer(Net()).param_groups
    rates = {name: group["lr"] for group in groups for name in group["param_names"]}
    expected = {
        "one.weight": 0.02,
        "two.weight": 0.01,
        "two.bias": 0.00015,
        "head.weight": 0.00015,
        "norm.bias": 0.0003,
    }
    assert expected == {name: rates[name] for name in expected}


@pytest.mark.parametrize("name", [*MUONS, "AdamC", "AdamWSN"])
def test_tensors_alone_are_refused(registry, name):
    """What they are is not known, and a guess would train them otherwise without a word."""
    with pytest.raises(ParamGroupError, match="hand over the model"):
        spec_of(registry, name).create_optimizer(list(Net().parameters()))


@pytest.mark.parametrize("name", MUONS)
def test_a_model_without_hidden_matrices_is_refused(registry, name):
    """AdamW under another name would be a silent no-op."""
    with pytest.raises(ParamGroupError, match=f"{name} is for the weights between embedding and output head"):
        spec_of(registry, name).create_optimizer(nn.Linear(4, 2))


def test_ready_made_groups_say_it_themselves(registry):
    """Groups with the mark go to the library as they are."""
    model = Net()
    rest = [parameter for parameter in model.parameters() if parameter is not model.one.weight]
    groups = [{"params": [model.one.weight], "use_muon": True}, {"params": rest, "use_muon": False}]
    optimizer = spec_of(registry, "Muon", adamw_lr=0.001).create_optimizer(groups)
    assert [(True, 0.02), (False, 0.001)] == [(group["use_muon"], group["lr"]) for group in optimizer.param_groups]


def test_norms_are_normalized_for_adamc(registry):
    """Without the mark AdamC is AdamW."""
    assert ["norm.bias", "norm.weight"] == marked(spec_of(registry, "AdamC").create_optimizer(Net()), "normalized")


def test_weights_of_linear_layers_have_the_subset_norm(registry):
    """Without the mark AdamWSN is AdamW, and `subset_size` has no effect."""
    expected = ["head.weight", "one.weight", "two.weight"]
    assert expected == marked(spec_of(registry, "AdamWSN").create_optimizer(Net()), "sn")
    states = []
    for size in (2, 4):
        torch.manual_seed(0)
        model = Net()
        optimizer = spec_of(registry, "AdamWSN", subset_size=size).create_optimizer(model)
        model(torch.arange(10)).sum().backward()
        optimizer.step()
        states.append(model.one.weight.detach().clone())
    assert not torch.equal(*states)


class Attention(nn.Module):
    """An embedding, projections to queries, keys and values, a norm and a head, named as AdamMini looks for them."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(8, 8, bias=False) for _ in range(3))
        self.norm = nn.LayerNorm(8)
        self.lm_head = nn.Linear(8, 10)

    def forward(self, tokens):
        hidden = self.embed(tokens)
        mixed = torch.softmax(self.q_proj(hidden) @ self.k_proj(hidden).mT, -1) @ self.v_proj(hidden)
        return self.lm_head(self.norm(mixed))


def trained(make):
    """The parameters of the model after three steps of the optimizer that `make` gives."""
    torch.manual_seed(0)
    model = Attention()
    optimizer = make(model)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.arange(10).view(2, 5)).square().mean().backward()
        optimizer.step()
    return model, optimizer


def test_adammini_is_made_from_the_model(registry):
    """It trains bit for bit as the library's class does that is given the model itself."""
    given = {"lr": 0.01, "num_embeds": 8, "num_heads": 2}
    own, _ = trained(lambda model: pytorch_optimizer.AdamMini(model, **given))
    ours, _ = trained(spec_of(registry, "AdamMini", **given).create_optimizer)
    assert all(torch.equal(one, other) for one, other in zip(own.parameters(), ours.parameters(), strict=True))


def test_rules_act_on_adamminis_own_groups(registry):
    """Each parameter keeps the group and the name that the class gives it, with what the config says of it."""
    config = {
        "type": "AdamMini",
        "config": {"lr": 0.01, "num_embeds": 8, "num_heads": 2},
        "param_groups": [{"match": "embed.*", "freeze": True}, {"match": "*.bias", "weight_decay": 0.0}],
    }
    model = Attention()
    optimizer = registry.build(config).create_optimizer(model, lr_multipliers={model.lm_head: 2.0})
    found = {group["name"]: group for group in optimizer.param_groups}
    assert [name for name, _ in model.named_parameters() if name != "embed.weight"] == [
        *sorted(found, key=order(model))
    ]
    assert all([name] == group["param_names"] for name, group in found.items())
    assert (0.01, 0.02) == (found["q_proj.weight"]["lr"], found["lm_head.weight"]["lr"])
    assert (0.1, 0.0, 0.0) == tuple(
        found[name]["weight_decay"] for name in ("v_proj.weight", "lm_head.bias", "norm.weight")
    )
    assert 32 == found["k_proj.weight"]["parameter_per_head"]
    assert not model.embed.weight.requires_grad


def order(model):
    """The key by which names are sorted as in the model."""
    return [name for name, _ in model.named_parameters()].index


def test_adammini_needs_the_model(registry):
    """Which block a parameter is, only its name says."""
    with pytest.raises(ParamGroupError, match=r"AdamMini is made from the model.*: hand over the model"):
        spec_of(registry, "AdamMini").create_optimizer(Attention().named_parameters())
