"""Whose matrices are Muon's in models that people train."""

import pytest
import torch
from torch import nn

from optim_core import registry

transformers = pytest.importorskip("transformers")

SMALL = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 32}


def split(model, halves, **config):
    """The names in each half of Muon."""
    return halves(registry.build({"type": "Muon", "config": config}).create_optimizer(model))


def matrices_in(names, model):
    """Return those of `names` that have two dimensions or more."""
    parameters = dict(model.named_parameters())
    return {name for name in names if parameters[name].ndim >= 2}


def bert():
    return transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=50, **SMALL))


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2))


def llama():
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=50, num_key_value_heads=2, **SMALL))


def vit():
    return transformers.ViTForImageClassification(transformers.ViTConfig(image_size=8, patch_size=4, **SMALL))


def t5():
    config = transformers.T5Config(vocab_size=50, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    return transformers.T5ForConditionalGeneration(config)


def encoder():
    layer = nn.TransformerEncoderLayer(16, 2, 32)
    return nn.Sequential(
        nn.Embedding(50, 16), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(16, 50)
    )


class Residual(nn.Module):
    """A block of a ResNet."""

    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)

    def forward(self, images):
        return images + self.bn2(self.conv2(self.bn1(self.conv1(images)).relu()))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.layer1 = nn.Sequential(Residual(8), Residual(8))
        self.fc = nn.Linear(8, 4)

    def forward(self, images):
        return self.fc(self.layer1(self.conv1(images)).mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("make", "kept"),
    [
        (
            bert,
            {
                "bert.embeddings.word_embeddings.weight",
                "bert.embeddings.position_embeddings.weight",
                "bert.embeddings.token_type_embeddings.weight",
                "classifier.weight",
            },
        ),
        (gpt2, {"transformer.wte.weight", "transformer.wpe.weight"}),
        (llama, {"model.embed_tokens.weight", "lm_head.weight"}),
        (
            vit,
            {"vit.embeddings.cls_token", "vit.embeddings.position_embeddings", "classifier.weight"},
        ),
        (
            t5,
            {
                "shared.weight",
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            },
        ),
        (encoder, {"0.weight", "2.weight"}),
        (ResNet, {"fc.weight"}),
    ],
)
def test_the_matrices_that_stay_with_adamw(make, kept, halves):
    """By `auto` they are embeddings, position embeddings, class tokens and heads, tied or not, and no others."""
    model = make()
    ours, others = split(model, halves)

    assert kept == matrices_in(others, model)
    assert set(ours) == {name for name, one in model.named_parameters() if one.ndim >= 2} - kept
    assert {name for name, _ in model.named_parameters()} == {*ours, *others}


def test_the_rule_by_name_takes_gpt2s_embeddings(halves):
    """`matrices: transformer` is the documents' rule to the letter; `auto` is there because of this."""
    ours, _ = split(gpt2(), halves, matrices="transformer")
    assert {"transformer.wte.weight", "transformer.wpe.weight"} <= set(ours)


def test_the_rule_by_name_finds_nothing_in_llama(halves):
    """Where the rule by name finds no matrix, Muon says so, instead of training with AdamW alone."""
    with pytest.raises(ValueError, match=r"leaves Muon no matrix.*`matrices: hidden` would take model\.layers\.0"):
        split(llama(), halves, matrices="transformer")


@pytest.mark.parametrize("make", [bert, gpt2, llama, vit, t5, encoder, ResNet])
def test_a_step_moves_every_parameter_and_keeps_it_finite(make):
    """Tied weights, convolutions and tokens of three dimensions included."""
    torch.manual_seed(0)
    model = make()
    optimizer = registry.build({"type": "Muon"}).create_optimizer(model)
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    for one in model.parameters():
        one.grad = torch.randn_like(one)
    optimizer.step()

    assert all(one.isfinite().all() for one in model.parameters())
    assert [] == [name for name, one in model.named_parameters() if torch.equal(before[name], one)]


def test_fused_attention_is_divided(halves):
    """torch's in_proj_weight has query, key and value one below the other; GPT-2's Conv1D side by side."""
    registry.build({"type": "Muon", "config": {"split": {"*.in_proj_weight": 3}}}).create_optimizer(encoder())
    with pytest.raises(ValueError, match="Conv1D"):
        split(gpt2(), halves, split={"*.c_attn.weight": 4})
