"""A training script that is killed again and again: `killed_run.py HOW MOMENTS FOLDER…`.

Each moment begins a run in a process of its own, which is killed, and continues it in another from what the first left,
in each of the folders in turn.
A line is printed for each: the step at which the run was continued, whether its weights at the end are, bit for bit,
those of a run that nobody killed, and whether no other file is left.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from optim_core import load_checkpoint, registry, save_checkpoint
from optim_core.run.saving import durable

STEPS, EVERY = 13, 2
CONFIG = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.05}},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 3}},
    "gradient_clipping": {"type": "norm", "config": {"max_norm": 0.5}},
}
# Found and imported once, before the processes are forked.
RECIPE = registry.build(CONFIG)
RECIPE.create(torch.nn.Linear(1, 1), total_steps=STEPS)


def train(folder, after_step=lambda step: None, before_save=lambda step: None):
    """Train to the end, from the checkpoint where there is one, and leave the weights as a file."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(16, 2)
    )
    data = torch.randn(40, 6, generator=torch.Generator().manual_seed(7))
    order = torch.Generator().manual_seed(1)
    run = RECIPE.create(model, total_steps=STEPS)
    begin, left = 0, []
    if (folder / "last.pt").exists():
        extra = load_checkpoint(folder / "last.pt", run=run, model=model, generators={"order": order})
        begin, left = extra["step"], extra["left"]
    for step in range(begin, STEPS):
        left = left or torch.randperm(len(data), generator=order).tolist()
        batch, left = data[left[:8]], left[8:]
        noise = random.gauss(0, 0.1) + np.random.normal(0, 0.1)
        run.step(lambda inputs=batch + noise: model(inputs).square().mean())
        if (step + 1) % EVERY == 0:
            before_save(step + 1)
            extra = {"step": step + 1, "left": left}
            save_checkpoint(folder / "last.pt", run=run, model=model, extra=extra, generators={"order": order})
        after_step(step + 1)
    torch.save(model.state_dict(), folder / "weights.pt")
    (folder / "begun").write_text(str(begin))


def in_a_process(work):
    """Run `work` in a fork, and return its number."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return child


def end_of(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_in_time(folder, moment):
    """Kill a run from outside, a while after one of its steps, whatever it does then."""
    reader, writer = os.pipe()
    begun = time.perf_counter()

    def work():
        train(folder, after_step=lambda step: os.write(writer, b"."))
        time.sleep(600)

    child = in_a_process(work)
    steps = 1 + moment % (STEPS - 2)
    for _ in range(steps):
        assert os.read(reader, 1) == b"."
    # Of the time that a step and its checkpoint took, a part that is another one each time.
    time.sleep((time.perf_counter() - begun) / (steps + 3) * (moment * 0.618 % 1))
    os.kill(child, signal.SIGKILL)
    assert -signal.SIGKILL == end_of(child)


def killed_in_a_save(folder, moment):
    """Kill a run at one of the lines of the module that writes, in one of its checkpoints."""
    left = 1 + 4 * moment
    saves = 2 + 2 * (moment % 3)

    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != durable.__file__:
            return None
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    assert -signal.SIGKILL == end_of(
        in_a_process(lambda: train(folder, before_save=lambda step: step == saves and sys.settrace(trace)))
    )


def same(one, other):
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def main(how, moments, folders):
    whole = folders[0] / "whole"
    whole.mkdir()
    assert end_of(in_a_process(lambda: train(whole))) == 0
    expected = torch.load(whole / "weights.pt", weights_only=True)
    for moment in range(moments):
        place = folders[moment % len(folders)] / str(moment)
        place.mkdir()
        {"time": killed_in_time, "save": killed_in_a_save}[how](place, moment)
        assert end_of(in_a_process(lambda place=place: train(place))) == 0
        found = torch.load(place / "weights.pt", weights_only=True)
        names = sorted(file.name for file in place.iterdir())
        whole = ["begun", "last.pt", "weights.pt"] == names
        sys.stdout.write(f"{(place / 'begun').read_text()} {same(expected, found)} {whole}\n")
        # A process that is forked with what is not yet written would write it again.
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [Path(folder) for folder in sys.argv[3:]])
