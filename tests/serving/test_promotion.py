"""Only the model of a committed state that is at least as good as the champion becomes the champion."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from pipeline.io.artifacts import read_bytes, read_record, read_table
from pipeline.io.errors import UserError
from pipeline.scoring.verdict import Verdict
from pipeline.serving.promotion import ALIAS, losses, promote
from pipeline.track.runs import MODEL
from tests.commands import run
from tests.conftest import walk

NOW = pd.Timestamp("2020-01-02 03:04:05", tz="UTC")
STATE = ("prepare", "benchmark", "train", "predict", "evaluate", "plot", "track")


def commit(folder: Path) -> None:
    """Commit a dvc.lock with the state of the folder."""
    paths = ("data/run.json", "data/verdict.json", "data/predictions.parquet", "data/prices.parquet")
    outs = [{"path": path, "md5": hashlib.md5(read_bytes(folder / path)).hexdigest()} for path in paths]
    YAML().dump({"stages": {"all": {"outs": outs}}}, folder / "dvc.lock")
    for words in (("init", "--quiet"), ("add", "dvc.lock"), ("commit", "--quiet", "-m", "state")):
        assert run(folder, "git", *words).returncode == 0


@pytest.fixture
def folder(walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose state is recorded and committed."""
    copy = shutil.copytree(walked, tmp_path / "copy")
    monkeypatch.chdir(copy)
    walk(copy, read_table(copy / "data/prices.parquet"), "track")
    commit(copy)
    return copy


def champion(folder: Path) -> Any:
    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").get_model_version_by_alias(MODEL, ALIAS)


def again(folder: Path, *stages: str, **changes: dict[str, Any]) -> None:
    """Make another state, record and commit it."""
    walk(folder, read_table(folder / "data/prices.parquet"), *(stages or STATE), **changes)
    commit(folder)


def test_the_first_model_becomes_the_champion_once_and_it_is_told_who_made_it_so(folder: Path) -> None:
    assert promote(NOW, force=False) == "version 1 of closecast is the champion now: there was no champion"
    version = champion(folder)
    assert version.tags["promoted_at"] == "2020-01-02T03:04:05Z"
    assert version.tags["promoted_by"]
    assert promote(NOW, force=False) == "version 1 of closecast is the champion already"
    assert champion(folder).version == version.version


def test_a_state_that_is_not_committed_or_not_recorded_is_refused(folder: Path) -> None:
    lock = (folder / "dvc.lock").read_text()
    walk(folder, read_table(folder / "data/prices.parquet"), "evaluate", evaluate={"coverage": 0.8})
    said = (
        r"^data/verdict.json: found another than that of the last commit; accepted: `dvc repro`, then commit\ndata/pred"
    )
    with pytest.raises(UserError, match=said):  # although data/run.json is that of the commit
        promote(NOW, force=True)
    walk(folder, read_table(folder / "data/prices.parquet"), "plot", "track", evaluate={"coverage": 0.8})
    with pytest.raises(UserError, match=r"^data/run.json: found another than that of the last commit; accepted: "):
        promote(NOW, force=True)
    commit(folder)
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    for recorded in client.search_runs([client.get_experiment_by_name("closecast").experiment_id]):
        client.delete_run(recorded.info.run_id)
    with pytest.raises(UserError, match=r"^data/run.json: found no run of the state \w+ in MLflow; accepted: "):
        promote(NOW, force=True)
    assert lock != (folder / "dvc.lock").read_text()


def test_a_forecast_that_loses_is_refused(walked: Path) -> None:
    verdict = read_record(walked / "data/verdict.json", Verdict)
    worse = [each.model_copy(update={"skill": -0.1, "p_value": 0.001}) for each in verdict.comparisons]
    assert losses(verdict.model_copy(update={"comparisons": worse})) == [
        "data/verdict.json: found a price forecast worse than persistence; accepted: no worse",
        "data/verdict.json: found a variance forecast worse than har; accepted: no worse",
    ]
    better = [each.model_copy(update={"skill": 0.1}) for each in worse]
    assert losses(verdict.model_copy(update={"comparisons": better})) == []


@pytest.mark.slow
def test_a_worse_model_is_refused_and_a_better_one_accepted_each_by_its_own_code(folder: Path) -> None:
    """The champion's code is changed, as if an earlier commit had made it: it forecasts too high a variance."""
    promote(NOW, force=False)
    (code,) = folder.glob("mlartifacts/models/*/artifacts/code/pipeline/forecaster/forecaster.py")
    text = code.read_text()
    assert "volatility=np.exp(log_variance / 2)" in text
    again(folder, train={"epochs": 1})
    code.write_text(text.replace("volatility=np.exp(log_variance / 2)", "volatility=np.exp(log_variance)"))
    said = promote(NOW, force=False)
    assert said.startswith("version 2 of closecast is the champion now: variance MSE ")
    assert champion(folder).version == 2
    assert champion(folder).tags["promoted_against"] in said
    again(folder)  # the first state, whose model's code is the broken one
    with pytest.raises(
        UserError, match=r"^variance MSE \d.*, that of version 2 .*; accepted: an MSE that is not larger"
    ):
        promote(NOW, force=True)
    assert champion(folder).version == 2


@pytest.mark.slow
def test_a_model_of_another_kind_is_refused_unless_it_is_wanted(folder: Path) -> None:
    promote(NOW, force=False)
    again(folder, prepare={"horizon": 2})
    line = r"^horizon: found 2, the champion has 3; accepted: a comparable champion, or FORCE=1$"
    with pytest.raises(UserError, match=line):
        promote(NOW, force=False)
    assert champion(folder).version == 1
    assert "not comparable with version 1: horizon: found 2" in promote(NOW, force=True)
    assert champion(folder).version == 2
    again(folder, train={"epochs": 1}, prepare={"horizon": 2})
    (model,) = folder.glob(f"mlartifacts/models/{champion(folder).source.removeprefix('models:/')}/artifacts")
    shutil.rmtree(model)
    with pytest.raises(
        UserError, match=r"^models:/m-\w+: found no forecast \(.*\); accepted: a comparable champion, or"
    ):
        promote(NOW, force=False)
    assert "not comparable with version 2: models:/m-" in promote(NOW, force=True)


@pytest.mark.slow
def test_a_ticker_that_is_not_forecast_does_not_matter_nor_do_versions_of_others(folder: Path) -> None:
    """Its rows are too few for a forecast. A version may be registered by a button of the page, too."""
    promote(NOW, force=False)
    again(folder, train={"epochs": 1})
    prices = read_table(folder / "data/prices.parquet")
    few = prices[prices["ticker"] == "BBB"].tail(3).assign(ticker="CCC")
    pd.concat([prices, few]).to_parquet(folder / "data/prices.parquet")
    commit(folder)
    try:
        said = promote(NOW, force=False)
    except UserError as error:
        said = str(error)
    assert "variance MSE " in said
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    other = client.create_model_version(MODEL, (folder / "mlartifacts").as_uri())
    client.set_registered_model_alias(MODEL, ALIAS, other.version)
    assert "not comparable with version" in promote(NOW, force=True)


@pytest.mark.slow
def test_sessions_that_the_champion_was_fitted_on_are_left_out(folder: Path) -> None:
    promote(NOW, force=False)
    again(folder, prepare={"validation": 0.3})
    said = promote(NOW, force=True)
    counts = [int(word) for word in said.split(" on ")[1].split(" validation")[0].split(" of ")]
    assert 0 < counts[0] < counts[1]
