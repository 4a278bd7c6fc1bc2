"""Whether a class can be a plugin, and the reason where it cannot."""

from __future__ import annotations

import sys

import attrs
import pytest

from optim_core.plugin_class.contract import check_plugin_class, check_signature, further_arguments


@attrs.frozen(kw_only=True)
class WithBuild:
    def build(self, params): ...


@attrs.frozen(kw_only=True)
class WithMore:
    def build(self, params, *, fused=None, **others): ...


@attrs.frozen(kw_only=True)
class WithAnything:
    def build(self, *args): ...


@attrs.frozen(kw_only=True)
class WithStatic:
    @staticmethod
    def build(params): ...


@attrs.frozen(kw_only=True)
class OfModel:
    def build(self, params, model): ...


@attrs.frozen(kw_only=True)
class OfModelIfThereIsOne:
    def build(self, params, model=None): ...


@attrs.define
class Mutable:
    def build(self, params): ...


class Inherits(WithBuild):
    """Its fields come from its base."""


@pytest.mark.parametrize("cls", [WithBuild, WithMore, WithAnything, OfModel, OfModelIfThereIsOne, Mutable, Inherits])
def test_what_is_a_plugin_class(cls):
    """An attrs class with a `build` that can be called with what an optimizer's is called with."""
    assert None is check_plugin_class(cls, "optimizer")


@pytest.mark.parametrize(
    ("kind", "cls", "problem"),
    [
        ("scheduler", WithBuild, "`WithBuild.build` cannot be called as that of a scheduler: too many positional"),
        ("clipper", OfModel, "missing a required argument: 'params'"),
        ("clipper", WithBuild, "missing a required argument: 'params'; it needs `def build(self)`"),
        ("optimizer", WithStatic, "it needs `def build(self, params)`"),
        ("optimizer", WithBuild(), "it names a WithBuild, not an attrs class; name the class itself"),
        ("optimizer", WithBuild.build, "it names the function `WithBuild.build`, not an attrs class"),
        ("optimizer", sys, "it names a module, not an attrs class"),
        ("optimizer", None, "it names a NoneType, not an attrs class"),
    ],
)
def test_what_is_none(kind, cls, problem):
    """The reason holds the repair."""
    assert problem in check_plugin_class(cls, kind)


def test_another_plugin_base_than_attrs_is_told_what_to_write():
    """A plain dataclass is the likeliest mistake."""
    assert "decorate it with @attrs.frozen(kw_only=True)" in check_plugin_class(int, "optimizer")


@pytest.mark.parametrize(
    ("cls", "declared"),
    [
        (WithBuild, {}),
        (WithAnything, {}),
        (OfModel, {"model": "required"}),
        (OfModelIfThereIsOne, {"model": "optional"}),
    ],
)
def test_what_a_build_declares_besides(cls, declared):
    """An optimizer may declare the model, with a default or without one."""
    assert declared == further_arguments(cls, "optimizer")


def test_no_other_kind_is_given_the_model():
    """A scheduler's `build` with the names of an optimizer's is called as a scheduler's."""
    assert {} == further_arguments(OfModel, "scheduler")
    assert None is check_signature(OfModel.build, "scheduler")
