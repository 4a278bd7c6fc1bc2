"""Optimizers that change what belongs to the whole process, or end it."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

from sound import SoundSGD, made, step
from wrong_plugins import MoreOrLess, wrong

# What this leaves behind, as the kit calls it.
LEFT_BEHIND = (
    "environment variables",
    "what warnings are shown",
    "the root logger",
    "sys.path",
    "the handler of SIGTERM",
    "running threads",
    "files in the working directory",
    "functions of torch.nn.utils",
    "garbage collection",
    "how tensors are printed",
    "child processes",
)


@wrong("global_state")
class LeavesMuchBehind(SoundSGD):
    """It changes whatever belongs to the whole process."""

    def build(self, params):
        import torch

        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        warnings.filterwarnings("ignore")
        logging.basicConfig(level=logging.DEBUG)
        sys.path.append("/nowhere")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        own = torch.nn.utils.clip_grad_norm_
        torch.nn.utils.clip_grad_norm_ = lambda *given, **more: own(*given, **more)
        gc.disable()
        torch.set_printoptions(precision=2)
        if "optim_conformance.processes.child" in sys.orig_argv:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            Path("optimizer_debug.txt").write_text("built", encoding="utf-8")
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        return made(self, params)


@wrong("silent")
class Warns(SoundSGD):
    """It warns of nothing in particular."""

    def build(self, params):
        warnings.warn("it is built", UserWarning, stacklevel=2)
        return made(self, params)


def _in_process_of_the_kit():
    return "OPTIM_CORE_CONFORMANCE_CHILD" in os.environ


@wrong("defaults")
class EndsAtBuild(SoundSGD):
    """It ends the process when it is built."""

    def build(self, params):
        if _in_process_of_the_kit():
            os._exit(3)
        return made(self, params)


@wrong("defaults")
class LeavesAtBuild(SoundSGD):
    """It raises SystemExit when it is built."""

    def build(self, params):
        sys.exit("no licence")


@wrong("steps", MoreOrLess)
class EndsAtStep(SoundSGD):
    """It ends the process at its first step."""

    def build(self, params):
        def end(self, closure=None):
            if _in_process_of_the_kit():
                os.kill(os.getpid(), signal.SIGSEGV)
            return step(self, closure)

        return made(self, params, step=end)


@wrong("float64", "state_tensors")
class EndsInDoublePrecision(SoundSGD):
    """It ends the process where parameters are float64."""

    def build(self, params):
        def end(self, closure=None):
            parameters = [parameter for group in self.param_groups for parameter in group["params"]]
            if any(parameter.element_size() == 8 and not parameter.is_complex() for parameter in parameters):
                os._exit(4)
            return step(self, closure)

        return made(self, params, step=end)
