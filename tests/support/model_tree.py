"""Stand-ins for tensors and modules, with as much as core looks at: the tests of core do without torch."""

from __future__ import annotations

__all__ = ["Dropout", "Embedding", "LayerNorm", "Linear", "Model", "Module", "ModuleList", "Parameter", "Sequential"]


class Parameter:
    """A tensor without numbers."""

    def __init__(self, *shape, requires_grad=True):
        self.shape = shape
        self.ndim = len(shape)
        self.requires_grad = requires_grad


class Module:
    """Lists its parts as torch.nn.Module does, by its public methods."""

    def __init__(self, **parts):
        for name, part in parts.items():
            setattr(self, name, part)

    def named_children(self):
        seen = set()
        for name, part in vars(self).items():
            if isinstance(part, Module) and id(part) not in seen:
                seen.add(id(part))
                yield name, part

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        yield prefix, self
        for name, part in self.named_children():
            yield from part.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self):
        return (module for _, module in self.named_modules())

    def named_parameters(self, recurse=True):
        seen = set()
        for path, module in self.named_modules() if recurse else [("", self)]:
            for name, part in vars(module).items():
                if isinstance(part, Parameter) and id(part) not in seen:
                    seen.add(id(part))
                    yield (f"{path}.{name}" if path else name), part

    def parameters(self):
        return (parameter for _, parameter in self.named_parameters())


class ModuleList(Module):
    """Modules by their numbers."""

    def __init__(self, *items):
        super().__init__(**{str(number): item for number, item in enumerate(items)})


class Sequential(ModuleList):
    """Modules that follow each other."""


class Linear(Module):
    def __init__(self, inner=4, outer=4):
        super().__init__(weight=Parameter(outer, inner), bias=Parameter(outer))


class LayerNorm(Module):
    def __init__(self, size=4):
        super().__init__(weight=Parameter(size), bias=Parameter(size))


class Embedding(Module):
    def __init__(self, count=9, size=4):
        super().__init__(weight=Parameter(count, size))


class Dropout(Module):
    """Has no parameter."""


class Model(Module):
    """Embeddings, some blocks of a norm and a linear layer, and a head."""

    def __init__(self, blocks=3):
        super().__init__(
            embed=Embedding(),
            blocks=ModuleList(*(Module(norm=LayerNorm(), fc=Linear(), out=Linear()) for _ in range(blocks))),
            norm=LayerNorm(),
            head=Linear(),
        )
