"""What is found in the models that people train: embeddings, heads, norms and layers of transformers' models."""

from __future__ import annotations

import pytest
from torch import nn

from optim_core.groups.model.survey import survey
from optim_core.groups.targets import target_of

transformers = pytest.importorskip("transformers")

TINY = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
TEXT = {**TINY, "vocab_size": 40, "bos_token_id": 0, "eos_token_id": 1}
IMAGE = {**TINY, "image_size": 32, "patch_size": 16, "num_labels": 3}
GPT2 = {
    "n_embd": 16,
    "n_layer": 3,
    "n_head": 2,
    "vocab_size": 40,
    "n_positions": 8,
    "bos_token_id": 0,
    "eos_token_id": 1,
}
SWIN = {
    "image_size": 32,
    "patch_size": 2,
    "embed_dim": 8,
    "depths": [1, 2, 2],
    "num_heads": [2, 2, 2],
    "window_size": 2,
}
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [2, 3], "num_labels": 3}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "vocab_size": 40}

MODELS = {
    "BertForSequenceClassification": (transformers.BertConfig, TEXT, 3, {"classifier"}),
    "BertForPreTraining": (transformers.BertConfig, TEXT, 3, {"embeddings", "predictions", "seq_relationship"}),
    "LlamaForCausalLM": (transformers.LlamaConfig, {**TEXT, "num_key_value_heads": 2}, 3, {"lm_head"}),
    "MixtralForCausalLM": (transformers.MixtralConfig, {**TEXT, "num_key_value_heads": 2}, 3, {"lm_head"}),
    "GPT2LMHeadModel": (transformers.GPT2Config, GPT2, 3, {"wte"}),
    "GPT2Model": (transformers.GPT2Config, GPT2, 3, set()),
    "T5ForConditionalGeneration": (transformers.T5Config, T5, 4, {"shared"}),
    "ViTForImageClassification": (transformers.ViTConfig, IMAGE, 3, {"classifier"}),
    "SwinForImageClassification": (transformers.SwinConfig, SWIN, 5, {"classifier"}),
    "ResNetForImageClassification": (transformers.ResNetConfig, RESNET, 5, {"classifier"}),
}


def traits_of(model):
    target = target_of(model)
    known = survey(target.trees)
    return {name: known[id(each)] for name, each in zip(target.names, target.parameters, strict=True)}


@pytest.fixture(params=MODELS, scope="module")
def found(request):
    """The model, its traits by name, the number of its layers, and words in the paths of its heads."""
    config, options, layers, heads = MODELS[request.param]
    model = getattr(transformers, request.param)(config(**options))
    return model, traits_of(model), layers, heads


def test_layers_are_counted(found):
    """There are as many layers as the config has, stages counted through, an encoder before its decoder."""
    _, traits, layers, _ = found
    assert {layers} == {each.num_layers for each in traits.values()}
    assert set(range(1, layers + 1)) == {each.depth for each in traits.values() if each.in_block}


def test_heads_are_found(found):
    """By name, position or tying; a pooler is none."""
    _, traits, _, heads = found
    paths = [name for name, each in traits.items() if each.is_head]
    assert bool(heads) == bool(paths)
    assert all(any(word in path for word in heads) for path in paths)


def test_embeddings_are_found(found):
    """Every parameter of an nn.Embedding, and no weight of a linear layer that is not tied to one."""
    model, traits, _, _ = found
    for path, module in model.named_modules():
        if isinstance(module, nn.Embedding) and f"{path}.weight" in traits:
            assert traits[f"{path}.weight"].is_embedding
    assert not any(each.is_embedding and each.module in ("Linear", "Conv2d") for each in traits.values())


def test_what_is_one_dimensional_is_a_norm_or_a_bias(found):
    """In these models nothing else has one dimension."""
    model, traits, _, _ = found
    vectors = [name for name, parameter in model.named_parameters() if parameter.ndim < 2 and parameter.numel() > 1]
    assert [] == [name for name in vectors if not traits[name].is_norm and not traits[name].is_bias]
    assert [] == [name for name, each in traits.items() if each.is_norm and name not in vectors]
