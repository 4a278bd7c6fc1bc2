"""Norms, biases and embeddings are known by the names of classes and parameters."""

from __future__ import annotations

from model_tree import Embedding, LayerNorm, Linear, Module, Parameter
from parameter_groups import groups, spec


class LlamaRMSNorm(Module):
    def __init__(self):
        super().__init__(weight=Parameter(4))


class BatchNorm2d(LlamaRMSNorm):
    pass


class GRN(Module):
    def __init__(self):
        super().__init__(gamma=Parameter(1, 1, 1, 4))


class LayerNormLinear(Module):
    def __init__(self):
        super().__init__(layer_norm_weight=Parameter(4), weight=Parameter(4, 4))


class PositionalEmbedding(Module):
    def __init__(self):
        super().__init__(weight=Parameter(9, 4))


def exempt(kinds, **parts):
    found = groups(spec(no_decay=kinds), Module(**parts, last=Linear()))
    return [name for names, options in found if options.get("weight_decay") == 0 for name in names]


def test_norms_are_known_by_the_class_of_their_module():
    """Every variant's name says Norm; a matrix in such a module is none."""
    parts = {"a": LlamaRMSNorm(), "b": BatchNorm2d(), "c": GRN(), "d": LayerNormLinear(), "normal": Linear()}
    assert ["a.weight", "b.weight", "c.gamma", "d.layer_norm_weight"] == exempt(["norm"], **parts)


def test_norms_of_the_base_class_are_not_misread():
    """A plain linear layer is neither a norm nor an embedding."""
    assert [] == exempt(["norm", "embedding"], a=Linear(), normal=Linear())
    assert ["a.weight", "a.bias"] == exempt(["norm"], a=LayerNorm())


def test_biases_are_known_by_their_own_name_alone():
    """A module called debias has a weight like any other."""
    parts = {
        "debias": Module(weight=Parameter(4, 4)),
        "attention": Module(in_proj_bias=Parameter(4), in_proj_weight=Parameter(4, 4)),
        "lstm": Module(bias_ih_l0=Parameter(4), unbiased=Parameter(4)),
    }
    assert ["attention.in_proj_bias", "lstm.bias_ih_l0", "last.bias"] == exempt(["bias"], **parts)


def test_embeddings_are_tables_positions_and_tokens():
    """By the class of their module, or by the name of a parameter that a model owns itself."""
    parts = {
        "tokens": Embedding(),
        "places": PositionalEmbedding(),
        "vit": Module(cls_token=Parameter(1, 1, 4), pos_embed=Parameter(1, 9, 4), proj=Linear()),
        "embed_proj": Linear(),
    }
    wanted = ["tokens.weight", "places.weight", "vit.cls_token", "vit.pos_embed"]
    assert wanted == exempt(["embedding"], **parts)
