"""Lion has every property that a plugin of optim-core must have, but those that it declares not to have."""

from lion_plugin import Lion

from optim_conformance import conformance_tests

test_conformance = conformance_tests(Lion)
