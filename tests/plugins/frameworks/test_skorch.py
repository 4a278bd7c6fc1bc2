"""Tests of RecipeNet: what skorch trains with a recipe is what the plain loop trains."""

import copy
import pickle

import numpy
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import Checkpoint, EpochScoring, GradientNormClipping, LoadInitState, LRScheduler
from skorch.helper import predefined_split

from optim_core import CheckpointMismatchError, ConfigError, OptimError, Recipe, registry
from optim_frameworks.skorch import RecipeNet

EPOCHS, BATCH, STEPS = 3, 8, 4
GENERATOR = torch.Generator().manual_seed(7)
X = torch.randn(STEPS * BATCH, 4, generator=GENERATOR)
Y = X.sum(1, keepdim=True).sin()
VALID = torch.utils.data.TensorDataset(X[:16], Y[:16])


class Net(RecipeNet, NeuralNetRegressor):
    pass


class Module(torch.nn.Module):
    def __init__(self, hidden=6):
        super().__init__()
        torch.manual_seed(3)
        self.hidden = torch.nn.Linear(4, hidden)
        self.norm = torch.nn.LayerNorm(hidden)
        self.head = torch.nn.Linear(hidden, 1)

    def forward(self, x):
        return self.head(self.norm(torch.tanh(self.hidden(x))))


def net_of(config, **options):
    given = {"max_epochs": EPOCHS, "batch_size": BATCH, "train_split": predefined_split(VALID), "verbose": 0}
    return Net(Module, recipe=config, **{**given, **options})


def plain(config, epochs=EPOCHS, overrides=()):
    """Train as the plain loop does; return the model, in the mode for use, and the run."""
    model = Module()
    run = registry.recipe(config, overrides=overrides).create(model, steps_per_epoch=STEPS, epochs=epochs)
    loss_of = torch.nn.MSELoss()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=BATCH)
    valid = torch.utils.data.DataLoader(VALID, batch_size=BATCH)
    for _ in range(epochs):
        model.train()
        run.train()
        for x, y in loader:
            run.step(lambda x=x, y=y: loss_of(model(x), y))
        run.eval()
        model.eval()
        with torch.no_grad():
            losses = [float(loss_of(model(x), y)) for x, y in valid]
        run.end_epoch(float(numpy.average(losses)))
    return model, run


def assert_same(model, net):
    expected, found = model.state_dict(), net.module_.state_dict()
    assert [] == [name for name in expected if not torch.equal(expected[name], found[name])]


CLIPPED = {"gradient_clipping": {"max_norm": 0.1}}
RECIPES = {
    "a cosine by steps, clipped": {
        "optimizer": {"type": "AdamW", "config": {"lr": 0.01}, "no_decay": ["bias", "norm"]},
        "scheduler": {"type": "cosine", "config": {"num_warmup_steps": "20%"}},
        **CLIPPED,
    },
    "a schedule by epochs": {
        "optimizer": {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}},
        "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}},
    },
    "a decay": {"optimizer": {"type": "AdamW", "lr": 0.01, "lr_decay_gamma": 0.5}},
    "a plateau": {
        "optimizer": {"type": "AdamW", "lr": 0.1},
        "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0, "threshold": 0.9, "factor": 0.5}},
    },
    "a closure, clipped": {"optimizer": {"type": "LBFGS", "config": {"max_iter": 3}}, **CLIPPED},
    "gradients of gradients": {"optimizer": {"type": "AdaHessian", "config": {"lr": 0.01}}},
    "modes": {"optimizer": {"type": "ScheduleFreeAdamW", "config": {"lr": 0.05}}},
    "Muon": {"optimizer": {"type": "Muon", "config": {"lr": 0.02}}, "scheduler": {"type": "linear"}},
    "groups": {
        "optimizer": {
            "type": "AdamW",
            "config": {"lr": 0.01},
            "param_groups": [{"match": "head.*", "lr_multiplier": 5.0}, {"match": "norm.*", "freeze": True}],
        },
        "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.1}},
    },
}


@pytest.mark.parametrize("name", RECIPES)
def test_training_is_that_of_the_plain_loop(name):
    torch.manual_seed(0)
    model, run = plain(RECIPES[name])
    torch.manual_seed(0)
    net = net_of(RECIPES[name]).fit(X, Y)
    assert_same(model, net)
    rates = [[group["lr"] for group in each.optimizer.param_groups] for each in (run, net.run_)]
    assert rates[0] == rates[1]
    assert run["default"].steps == net.run_["default"].steps == EPOCHS * STEPS


def test_fields_of_the_recipe_are_replaced_by_arguments():
    config = RECIPES["a cosine by steps, clipped"]
    overrides = ["optimizer.config.lr=0.05", "scheduler.config.num_warmup_steps=2", "gradient_clipping.max_norm=0.5"]
    model, _ = plain(config, overrides=overrides)
    net = net_of(config, optimizer__lr=0.05, scheduler__num_warmup_steps=2)
    assert_same(model, net.set_params(clipper__max_norm=0.5).fit(X, Y))


@pytest.mark.parametrize(
    ("arguments", "path", "hint"),
    [
        ({"optimizer__lrr": 0.1}, "optimizer__lrr", "did you mean `lr`"),
        ({"optimizer__lr": -1}, "optimizer__lr", ""),
        ({"scheduler__eta_mn": 0.1}, "scheduler__eta_mn", "eta_min"),
        ({"optimizer__lr": 1e-3, "scheduler__eta_min": 0.1}, "scheduler.config.eta_min", "lower it"),
    ],
)
def test_a_field_that_is_wrong_is_told(arguments, path, hint):
    net = net_of(RECIPES["a cosine by steps, clipped"], **arguments)
    with pytest.raises(ConfigError) as raised:
        net.initialize()
    (problem,) = raised.value.problems
    assert path == problem.path
    assert hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scheduler__gamma": 0.1}, "scheduler__gamma is set, and the recipe has no scheduler"),
        ({"clipper__max_norm": 0.1}, "clipper__max_norm is set, and the recipe has no clipper"),
        ({"optimizer__param_groups": [("head*", {"lr": 1})]}, "param_groups in the config"),
        ({"recipe": None}, "has no recipe"),
        ({"recipe": {"optimizer_configs": {"a": {"type": "SGD"}, "b": {"type": "SGD"}}}}, "has several: a, b"),
    ],
)
def test_what_the_recipe_does_not_have_is_told(arguments, said):
    with pytest.raises(OptimError, match=said):
        net_of({"type": "SGD"}).set_params(**arguments).initialize()


@pytest.mark.parametrize("arguments", [{"lr": 0.01}, {"optimizer": torch.optim.Adam}])
def test_optimizer_and_rate_beside_a_recipe_are_refused(arguments):
    with pytest.raises(OptimError, match="is given beside a recipe"):
        net_of({"type": "SGD"}, **arguments)
    with pytest.raises(OptimError, match="is given beside a recipe"):
        net_of({"type": "SGD"}).set_params(**arguments)
    with pytest.raises(OptimError, match="is given beside a recipe"):
        type("Own", (RecipeNet, NeuralNet), {})(Module, torch.nn.MSELoss, torch.optim.Adam, recipe={"type": "SGD"})


def test_a_wrong_order_of_bases_is_told():
    with pytest.raises(OptimError, match="is no net"):
        RecipeNet(Module, recipe={"type": "SGD"})
    with pytest.raises(OptimError, match="stands before the net"):
        type("Wrong", (NeuralNetRegressor, RecipeNet), {})


def test_a_grid_search_goes_over_fields_and_whole_recipes():
    net = net_of({"optimizer": {"type": "SGD"}, "scheduler": {"type": "cosine"}}, train_split=None)
    grid = {"optimizer__lr": [1e-5, 0.1], "scheduler__num_warmup_steps": [0, 1]}
    search = GridSearchCV(net, grid, cv=2, scoring="neg_mean_squared_error", error_score="raise", refit=False)
    search.fit(X.numpy(), Y.numpy())
    assert 0.1 == search.best_params_["optimizer__lr"]
    recipes = [registry.recipe({"type": name, "lr": rate}) for name, rate in (("SGD", 1e-6), ("AdamW", 0.05))]
    search = GridSearchCV(net, {"recipe": recipes}, cv=2, scoring="neg_mean_squared_error", error_score="raise")
    search.fit(X.numpy(), Y.numpy())
    assert "AdamW" == search.best_params_["recipe"].optimizer.type
    assert isinstance(search.best_estimator_.run_.optimizer, torch.optim.AdamW)


def test_a_clone_has_the_arguments_and_not_the_run():
    net = net_of(registry.recipe({"type": "AdamW"}), optimizer__lr=0.5, total_epochs=9).fit(X, Y)
    other = clone(net)
    assert (0.5, 9, False) == (other.optimizer__lr, other.total_epochs, other.initialized_)
    assert isinstance(other.recipe, Recipe)
    assert {"optimizer", "lr"}.isdisjoint(net.get_params())
    assert 0.5 == other.fit(X, Y).run_.optimizer.param_groups[0]["lr"]


def test_a_field_that_changes_between_epochs_keeps_moments_and_place():
    config = RECIPES["groups"]
    net = net_of(config, total_epochs=3, max_epochs=1).fit(X, Y)
    net.set_params(optimizer__betas=(0.5, 0.9), optimizer__weight_decay=0.0)
    net.partial_fit(X, Y).partial_fit(X, Y)
    model = Module()
    first = registry.recipe(config).create(model, steps_per_epoch=STEPS, epochs=3)
    changed = registry.recipe(config, overrides=["optimizer.config.betas=[0.5,0.9]", "optimizer.config.weight_decay=0"])
    second = changed.create(model, steps_per_epoch=STEPS, epochs=3)
    for epoch in range(3):
        run = second if epoch else first
        if epoch == 1:
            second.load_state_dict(first.state_dict(), changed="config")
        for begin in range(0, len(X), BATCH):
            run.step(torch.nn.functional.mse_loss(model(X[begin : begin + BATCH]), Y[begin : begin + BATCH]))
        run.end_epoch()
    assert_same(model, net)


def test_a_wrong_field_changes_nothing_of_a_run():
    net = net_of({"type": "SGD"}, optimizer__momentum=0.5).fit(X, Y)
    with pytest.raises(ConfigError, match="optimizer__momentun"):
        net.set_params(optimizer__momentun=0.9)
    with pytest.raises(ConfigError, match="optimizer__momentum"):
        net.set_params(optimizer__momentum=-1)
    assert (0.5, 0.5) == (net.optimizer__momentum, net.run_.optimizer.param_groups[0]["momentum"])
    assert "optimizer__momentun" not in net.get_params()


def test_another_recipe_begins_anew():
    net = net_of({"type": "SGD"}).fit(X, Y).set_params(recipe={"type": "AdamW"})
    assert isinstance(net.optimizer_, torch.optim.AdamW)
    assert 0 == net.run_["default"].steps
    assert net.partial_fit(X, Y).optimizer_ is net.run_.optimizer


def test_partial_fit_goes_on_where_the_schedule_needs_no_length():
    config = RECIPES["a schedule by epochs"]
    model, _ = plain(config)
    net = net_of(config, max_epochs=1)
    for _ in range(EPOCHS):
        net.partial_fit(X, Y)
    assert_same(model, net)


def test_partial_fit_goes_on_within_the_length_of_the_whole_run():
    config = RECIPES["a cosine by steps, clipped"]
    model, _ = plain(config)
    net = net_of(config, max_epochs=1, total_epochs=EPOCHS, warm_start=True)
    for _ in range(EPOCHS):
        net.fit(X, Y)
    assert_same(model, net)
    with pytest.raises(OptimError, match="made for 3 epochs, of which 0 are left, and 1 are asked for"):
        net.fit(X, Y)


def test_a_schedule_beyond_its_end_and_other_data_are_refused():
    net = net_of(RECIPES["a cosine by steps, clipped"]).fit(X, Y)
    with pytest.raises(OptimError, match="of which 0 are left"):
        net.partial_fit(X, Y)
    net = net_of(RECIPES["a cosine by steps, clipped"], total_epochs=9).fit(X, Y)
    with pytest.raises(OptimError, match="made for 4 steps an epoch, and the data has 2 now"):
        net.partial_fit(X[:16], Y[:16])
    assert EPOCHS * STEPS == net.fit(X, Y).run_["default"].steps


def test_lengths_beyond_the_run_are_refused_where_all_of_it_is_known():
    config = {"optimizer": {"type": "SGD"}, "scheduler": {"type": "constant_with_warmup", "num_warmup_steps": 50}}
    with pytest.raises(OptimError, match="num_warmup_steps must be shorter than the run of 12 steps, is 50"):
        net_of(config).fit(X, Y)
    with pytest.raises(OptimError, match="num_warmup_steps must be shorter than the run of 48 steps, is 50"):
        net_of(config, total_epochs=12).partial_fit(X, Y)
    assert EPOCHS * STEPS == net_of(config).partial_fit(X, Y).run_["default"].steps


def test_no_epochs_and_more_than_the_whole_run():
    config = RECIPES["a cosine by steps, clipped"]
    net = net_of(config).initialize()
    before = copy.deepcopy(net.module_)
    assert_same(before, net.set_params(max_epochs=0).partial_fit(X, Y))
    with pytest.raises(OptimError, match="total_epochs=2 is the whole run, and 3 epochs are asked for"):
        net_of(config, total_epochs=2).fit(X, Y)


# -- saving and loading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a cosine by steps, clipped", "a plateau", "modes", "Muon", "a decay"])
def test_a_run_that_is_killed_and_continued_is_the_one_that_was_not(name, tmp_path):
    torch.manual_seed(0)
    whole = net_of(RECIPES[name]).fit(X, Y)
    saves = Checkpoint(dirname=tmp_path, monitor=None)
    torch.manual_seed(0)
    net_of(RECIPES[name], max_epochs=1, total_epochs=EPOCHS, callbacks=[saves]).fit(X, Y)
    loads = LoadInitState(Checkpoint(dirname=tmp_path))
    later = net_of(RECIPES[name], max_epochs=EPOCHS - 1, callbacks=[loads]).fit(X, Y)
    assert_same(whole.module_, later)
    assert whole.run_["default"].steps == later.run_["default"].steps
    assert EPOCHS == len(later.history)


def test_more_epochs_than_a_loaded_schedule_has_are_refused(tmp_path):
    config = RECIPES["a cosine by steps, clipped"]
    net_of(config, max_epochs=1, total_epochs=EPOCHS, callbacks=[Checkpoint(dirname=tmp_path, monitor=None)]).fit(X, Y)
    with pytest.raises(OptimError, match="of which 2 are left, and 3 are asked for: set max_epochs=2"):
        net_of(config, callbacks=[LoadInitState(Checkpoint(dirname=tmp_path))]).fit(X, Y)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"optimizer": {"type": "Adam"}, "scheduler": {"type": "cosine"}}, "the saved one is AdamW, this one is Adam"),
        ({"optimizer": {"type": "AdamW", "lr": 0.5}, "scheduler": {"type": "cosine"}}, "lr"),
    ],
)
def test_a_run_of_another_recipe_is_not_loaded(config, said, tmp_path):
    net = net_of({"optimizer": {"type": "AdamW", "lr": 0.1}, "scheduler": {"type": "cosine"}}).fit(X, Y)
    net.save_params(f_params=tmp_path / "weights.pt", f_optimizer=tmp_path / "run.pt")
    with pytest.raises(CheckpointMismatchError, match=said):
        net_of(config).initialize().load_params(f_optimizer=tmp_path / "run.pt")


def test_an_optimizer_that_skorch_saved_is_told(tmp_path):
    net = NeuralNetRegressor(Module, max_epochs=1, verbose=0).fit(X, Y)
    net.save_params(f_optimizer=tmp_path / "optimizer.pt")
    for config in ({"type": "SGD"}, {"optimizer": {"type": "SGD"}, "scheduler": {"type": "cosine"}}):
        with pytest.raises(OptimError, match=r"does not fit|holds no run"):
            net_of(config).initialize().load_params(f_optimizer=tmp_path / "optimizer.pt")


@pytest.mark.parametrize("name", ["a cosine by steps, clipped", "modes", "a decay"])
@pytest.mark.parametrize("copied", [lambda net: pickle.loads(pickle.dumps(net)), copy.deepcopy])
def test_a_copy_goes_on_by_itself(name, copied):
    torch.manual_seed(0)
    net = net_of(RECIPES[name], max_epochs=1, total_epochs=2).fit(X, Y)
    other = copied(net)
    assert other.optimizer_ is other.run_.optimizer
    assert {id(p) for p in other.module_.parameters()} == {id(p) for p in other.run_["default"].parameters()}
    assert_same(other.partial_fit(X, Y).module_, net.partial_fit(X, Y))


def test_weights_for_use_are_those_that_the_net_predicts_with(tmp_path):
    net = net_of(RECIPES["modes"]).fit(X, Y)
    predicted = net.predict(X)
    net.save_params(f_params=tmp_path / "weights.pt")
    other = net_of({"type": "SGD"}).initialize()
    other.load_params(f_params=tmp_path / "weights.pt")
    assert numpy.array_equal(predicted, other.predict(X))
    net.trim_for_prediction()
    assert numpy.array_equal(predicted, net.predict(X))


# -- callbacks, modules and metrics ----------------------------------------------------------------------------------


def test_callbacks_that_do_what_the_recipe_does_are_refused():
    config = RECIPES["a cosine by steps, clipped"]
    with pytest.raises(OptimError, match="clips gradients, and so does the recipe"):
        net_of(config, callbacks=[GradientNormClipping(1.0)]).fit(X, Y)
    with pytest.raises(OptimError, match="is a schedule, and the recipe has one"):
        net_of(config, callbacks=[LRScheduler("StepLR", step_size=1)]).fit(X, Y)


def test_callbacks_that_the_recipe_leaves_room_for_act():
    clipped, _ = plain({"optimizer": {"type": "SGD", "lr": 0.1}, **CLIPPED})
    net = net_of({"type": "SGD", "lr": 0.1}, callbacks=[GradientNormClipping(0.1)]).fit(X, Y)
    assert_same(clipped, net)
    net = net_of({"type": "SGD", "lr": 0.1}, callbacks=[LRScheduler("StepLR", step_size=1, gamma=0.1)]).fit(X, Y)
    assert 1e-4 == pytest.approx(net.optimizer_.param_groups[0]["lr"])


def test_a_plateau_follows_the_column_that_it_names():
    config = copy.deepcopy(RECIPES["a plateau"])
    config["scheduler"]["config"]["monitor"] = "train_loss"
    net = net_of(config, train_split=None).fit(X, Y)
    assert net.run_.scheduler.best in net.history[:, "train_loss"]
    with pytest.raises(OptimError, match=r"follows `valid_loss`, and the history of the epoch has .*train_loss"):
        net_of(RECIPES["a plateau"], train_split=None).fit(X, Y)
    config["scheduler"]["config"]["monitor"] = "r2"
    assert net_of(config, callbacks=[EpochScoring("r2", name="r2", lower_is_better=False)]).fit(X, Y).run_.scheduler


def test_a_plateau_by_steps_is_refused():
    config = {"optimizer": {"type": "SGD"}, "scheduler": {"type": "ReduceLROnPlateau", "interval": "step"}}
    with pytest.raises(OptimError, match="waits for a metric at each step"):
        net_of(config).initialize()


def test_a_classifier_with_a_criterion_that_is_trained_trains_both():
    class Weighted(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def forward(self, predicted, target):
            return torch.nn.functional.cross_entropy(predicted * self.scale, target)

    class Classifier(RecipeNet, NeuralNetClassifier):
        pass

    labels = (Y[:, 0] > 0).long()
    net = Classifier(torch.nn.Linear(4, 2), recipe={"type": "SGD", "lr": 0.1}, criterion=Weighted, verbose=0)
    net.fit(X.numpy(), labels.numpy())
    assert 1.0 != net.criterion_.scale.item()
    assert 0.7 < (net.predict(X.numpy()) == labels.numpy()).mean()
    names = [name for group in net.optimizer_.param_groups for name in group["param_names"]]
    assert ["module.weight", "module.bias", "criterion.scale"] == names


def test_a_step_of_ones_own_is_taken_as_it_is():
    class Halved(Net):
        def train_step_single(self, batch, **fit_params):
            self._set_training(True)
            x, y = batch
            predicted = self.infer(x, **fit_params)
            loss = self.get_loss(predicted, y, X=x, training=True) / 2
            loss.backward()
            return {"loss": loss, "y_pred": predicted}

    config = {"type": "SGD", "lr": 0.1}
    halved = Halved(Module, recipe=config, max_epochs=EPOCHS, batch_size=BATCH, train_split=None, verbose=0).fit(X, Y)
    model, _ = plain({"type": "SGD", "lr": 0.05})
    assert all(torch.allclose(a, b) for a, b in zip(model.parameters(), halved.module_.parameters(), strict=True))


def test_a_step_in_place_of_the_recipes_is_refused():
    """As skorch's own example of accumulated gradients has it: nothing would be clipped, and no schedule would move."""

    class Accumulates(Net):
        def train_step(self, batch, **fit_params):
            step = self.train_step_single(batch, **fit_params)
            if len(self.history[-1, "batches"]) % 2 == 0:
                self.optimizer_.step()
                self.optimizer_.zero_grad()
            return step

    class Watches(Net):
        def train_step(self, batch, **fit_params):
            return super().train_step(batch, **fit_params)

    made = {"recipe": {"type": "SGD"}, "max_epochs": 1, "train_split": None, "verbose": 0, "batch_size": BATCH}
    with pytest.raises(OptimError, match=r"Accumulates.train_step does not call super\(\).train_step"):
        Accumulates(Module, **made).fit(X, Y)
    assert Watches(Module, **made).fit(X, Y).run_["default"].steps


def test_a_recipe_may_be_a_file(tmp_path):
    (tmp_path / "train.yaml").write_text("{type: AdamW, lr: 0.5}")
    assert 0.5 == net_of(str(tmp_path / "train.yaml")).fit(X, Y).optimizer_.param_groups[0]["lr"]
    spec = registry.build({"type": "AdamW", "lr": 0.5})
    assert 0.5 == net_of(spec).fit(X, Y).optimizer_.param_groups[0]["lr"]


def test_data_without_a_length_is_told_where_the_schedule_needs_one():
    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(zip(X, Y, strict=True))

    net = net_of(RECIPES["a cosine by steps, clipped"], train_split=None)
    with pytest.raises(OptimError, match="needs the length of an epoch"):
        net.fit(Endless(), None)
    assert STEPS == net_of({"type": "SGD"}, train_split=None, max_epochs=1).fit(Endless(), None).run_["default"].steps
