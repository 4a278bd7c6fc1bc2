"""A plugin class in a module that imports torch."""

from __future__ import annotations

import torch
from sound import SoundSGD
from wrong_plugins import wrong


@wrong("light_import")
class Heavy(SoundSGD):
    """SGD, in a module that knows torch's version."""

    version = torch.__version__
