"""Which parameters are Muon's, by each rule; and what is said where a rule and the parameters do not fit."""

import pytest

from optim_core import ParameterInfo, ParamGroupError
from optim_muon.choosing.fused_weights import parts_of_each
from optim_muon.choosing.matrices import matrices_among


def info(name, *shape, module="Linear", is_embedding=False, is_head=False, **more):
    return ParameterInfo(
        name=name, shape=shape, module=module, is_embedding=is_embedding, is_head=is_head, in_block=False, **more
    )


GPT = [
    info("embed.weight", 9, 4, module="Embedding", is_embedding=True),
    info("positions", 1, 8, 4, module="GPT", is_embedding=True),
    info("blocks.0.qkv.weight", 12, 4),
    info("blocks.0.qkv.bias", 12, is_bias=True),
    info("blocks.0.norm.weight", 4, module="LayerNorm", is_norm=True),
    info("blocks.0.up.weight", 16, 4),
    info("head.weight", 9, 4, is_head=True),
]
NAMED = [ParameterInfo(name=one.name, shape=one.shape) for one in GPT]
NAMELESS = [ParameterInfo(name=None, shape=one.shape) for one in GPT]


def chosen(infos, matrices):
    return [one.name for one, ours in zip(infos, matrices_among(infos, matrices), strict=True) if ours]


def refusal(infos, matrices):
    with pytest.raises(ParamGroupError) as caught:
        matrices_among(infos, matrices)
    return str(caught.value)


@pytest.mark.parametrize("matrices", ["auto", "hidden"])
def test_weights_that_are_no_embedding_and_no_head_are_hidden(matrices):
    """Position embeddings of three dimensions are embeddings, and vectors are no matrices."""
    assert ["blocks.0.qkv.weight", "blocks.0.up.weight"] == chosen(GPT, matrices)


def test_transformer_is_the_rule_by_name():
    """Two dimensions or more and `transformer` in the name, an embedding as well as any other."""
    infos = [
        info("transformer.wte.weight", 9, 4, module="Embedding", is_embedding=True),
        info("transformer.h.0.weight", 4, 4),
        info("transformer.h.0.bias", 4, is_bias=True),
        info("encoder.weight", 4, 4),
    ]
    assert ["transformer.wte.weight", "transformer.h.0.weight"] == chosen(infos, "transformer")


def test_auto_is_narrowed_to_the_transformer_where_there_is_one():
    """Hidden matrices outside of it go to AdamW then; its embedding does in every case."""
    infos = [
        info("stem.weight", 4, 4),
        info("transformer.wte.weight", 9, 4, module="Embedding", is_embedding=True),
        info("transformer.h.0.weight", 4, 4),
        info("lm_head.weight", 9, 4, is_head=True),
    ]
    assert ["transformer.h.0.weight"] == chosen(infos, "auto")
    assert ["stem.weight", "transformer.h.0.weight"] == chosen(infos, "hidden")


def test_an_embedding_with_transformer_in_its_name_narrows_nothing():
    """Only the names of hidden matrices count."""
    infos = [info("transformer.wte.weight", 9, 4, module="Embedding", is_embedding=True), info("mixer.weight", 4, 4)]
    assert ["mixer.weight"] == chosen(infos, "auto")


def test_biases_and_norms_of_two_dimensions_are_not_hidden():
    """They have the form of a matrix, and are added and multiplied number by number."""
    infos = [
        info("relative_bias", 4, 4, module="Attention", is_bias=True),
        info("norm.weight", 3, 8, 8, module="LayerNorm"),
        info("scale.weight", 4, 4, module="RMSNorm"),
        info("conv.weight", 4, 3, 3, 3, module="Conv2d"),
    ]
    assert ["conv.weight"] == chosen(infos, "hidden")


def test_vectors_with_dimensions_of_one_are_not_hidden():
    """Magnitudes of weight normalisation and scales have no directions that could be made orthogonal; a layer's weight
    of one row or column is a weight all the same."""
    infos = [
        info("conv.weight_g", 4, 1, 1),
        info("conv.weight_v", 4, 3, 3),
        info("up.parametrizations.weight.original0", 4, 1),
        info("up.parametrizations.weight.original1", 4, 3),
        info("block.gamma", 1, 1, 4, module="Block"),
        info("down.weight", 1, 4),
    ]
    assert ["conv.weight_v", "up.parametrizations.weight.original1", "down.weight"] == chosen(infos, "hidden")


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["blocks.*"], ["blocks.0.qkv.weight", "blocks.0.up.weight"]),
        (["re:up|head", "embed.*"], ["embed.weight", "blocks.0.up.weight", "head.weight"]),
        (["*.qkv.*", "*"], [one.name for one in GPT if one.ndim >= 2]),
    ],
)
@pytest.mark.parametrize("infos", [GPT, NAMED])
def test_patterns_choose_among_what_has_two_dimensions(patterns, expected, infos):
    """By name alone, embeddings and heads included; they need no model."""
    assert expected == chosen(infos, patterns)


def test_a_pattern_without_a_match_is_refused():
    """It is named, with names that there are."""
    said = refusal(GPT, ["blocks.*", "block.*"])
    assert "matrices: `block.*` matches no parameter" in said
    assert "blocks.0.qkv.weight" in said


def test_upper_and_lower_case_are_told_apart():
    """A pattern in another case matches nothing, as in the patterns of parameter groups."""
    assert "`BLOCKS.*` matches no parameter" in refusal(GPT, ["BLOCKS.*"])


def test_a_pattern_that_matches_vectors_only_is_refused():
    """It would do nothing."""
    said = refusal(GPT, ["*.bias"])
    assert "matches no matrix but blocks.0.qkv.bias" in said


@pytest.mark.parametrize("matrices", ["auto", "hidden", "transformer", ["*"]])
def test_a_model_without_a_matrix_is_refused(matrices):
    """Whatever the rule is."""
    said = refusal([info("norm.weight", 4), info("norm.bias", 4)], matrices)
    assert "none of the 2 parameters has two dimensions or more" in said
    assert "take AdamW" in said


def test_a_name_rule_that_matches_nothing_says_what_another_would_take():
    """With the rule's name, and the first names of the matrices that there are."""
    said = refusal(GPT, "transformer")
    assert "`matrices: transformer` leaves Muon no matrix" in said
    assert "`matrices: hidden` would take blocks.0.qkv.weight, blocks.0.up.weight" in said
    assert "`matrices: [pattern, …]`" in refusal(NAMED, "transformer")


@pytest.mark.parametrize("matrices", ["auto", "hidden"])
def test_nothing_but_embeddings_and_heads_is_refused(matrices):
    """Each is shown with what it is."""
    said = refusal([GPT[0], GPT[-1], info("norm.weight", 4, 4, module="LayerNorm")], matrices)
    assert f"`matrices: {matrices}` leaves Muon no matrix" in said
    assert "embed.weight (embedding), head.weight (output head), norm.weight (norm)" in said


@pytest.mark.parametrize("matrices", ["auto", "hidden"])
def test_names_do_not_say_what_is_an_embedding(matrices):
    """Of (name, tensor) pairs the rule would send embeddings to Muon: it asks for the model."""
    said = refusal(NAMED, matrices)
    assert "hand over the model instead of its parameters" in said
    assert "`matrices: transformer`" in said


@pytest.mark.parametrize("matrices", ["auto", "hidden", "transformer", ["*"]])
def test_tensors_without_names_are_refused(matrices):
    """Every rule needs to know which they are."""
    said = refusal(NAMELESS, matrices)
    assert "hand over the model" in said
    assert "(9, 4)" in said


def test_fused_weights_are_divided():
    """A pattern gives the number of parts of what it matches, the first that matches decides; all else is whole."""
    halves = matrices_among(GPT, "auto")
    assert [1, 1, 3, 1, 1, 1, 1] == parts_of_each(GPT, halves, {"*.qkv.weight": 3})
    assert [1, 1, 3, 1, 1, 2, 1] == parts_of_each(GPT, halves, {"re:qkv.weight$": 3, "re:(qkv|up).weight": 2})
    assert [1] * 7 == parts_of_each(GPT, halves, {})


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"*.kqv.weight": 3}, "split: `*.kqv.weight` matches no parameter"),
        ({"*.qkv.*": 3}, "matches blocks.0.qkv.bias, which is not among Muon's matrices"),
        ({"head.weight": 3}, "matches head.weight, which is not among Muon's matrices"),
        ({"*.qkv.weight": 5}, "its shape is (12, 4), and 12 rows are no multiple of 5"),
        ({"*.qkv.weight": 12}, "into parts of one row, which are vectors"),
        ({"*.qkv.weight": 3, "re:qkv.*weight": 2}, "everything that `re:qkv.*weight` matches was taken"),
    ],
)
def test_what_cannot_be_divided_is_refused(split, words):
    """The pattern is named, and why."""
    with pytest.raises(ParamGroupError) as caught:
        parts_of_each(GPT, matrices_among(GPT, "auto"), split)
    assert words in str(caught.value)


def test_a_weight_whose_parts_are_columns_is_not_divided_by_rows():
    """GPT-2's Conv1D in transformers holds (in, out): 4 rows could be divided by 2, and would be the wrong ones."""
    infos = [info("h.0.c_attn.weight", 4, 12, module="Conv1D"), info("h.0.c_proj.weight", 4, 4, module="Conv1D")]
    with pytest.raises(ParamGroupError, match=r"h\.0\.c_attn\.weight, whose module, a Conv1D, .* in columns"):
        parts_of_each(infos, [True, True], {"*.c_attn.weight": 2})
