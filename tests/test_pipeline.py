"""Real `dvc repro` in a temporary repository, small: what runs, what does not, and that the bytes repeat."""

import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from pipeline import calendars
from pipeline.track.runs import FINGERPRINT
from tests.conftest import UNPINNED, file_params, small_params, start_record
from tests.imports import ROOT
from tests.series import made_prices
from tests.test_leakage import corrupted
from tests.yahoo import body_of, yahoo

ALL = ["vega", "scrape", "explore", "prepare", "benchmark", "train", "predict", "evaluate", "plot", "track"]
QUIET = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**UNPINNED, **QUIET, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=400,
    )


def repro(folder: Path, *options: str, **environment: str) -> list[str]:
    """The stages that ran, in order."""
    done = run(folder, "dvc", "repro", *options, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^Running stage '(\w+)'", done.stdout, re.MULTILINE)


def copied(folder: Path) -> Path:
    """A repository of what a clone would hold, small parameters in it, nothing run yet."""
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists() and not name.startswith(("tests/", "reports/")) and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    edit(folder)
    start_record(folder)
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    assert run(folder, "git", "commit", "--quiet", "--message", "start").returncode == 0
    return folder


def edit(folder: Path, **changes: dict) -> None:
    """The small parameters with these over them; the sample's own calendar."""
    YAML().dump(small_params(**{"scrape": {"calendar": "XNYS"}, **changes}), folder / "params.yaml")


def digests(folder: Path) -> dict[str, str]:
    """Every output by its digest, what git keeps included."""
    kept = [path for name in ("data", "reports") for path in sorted((folder / name).rglob("*")) if path.is_file()]
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
    return found | {"dvc.lock": hashlib.sha256((folder / "dvc.lock").read_bytes()).hexdigest()}


def states(folder: Path) -> int:
    """How many runs of states the MLflow store holds, without the parents of experiments."""
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    found = client.search_runs([client.get_experiment_by_name("closecast").experiment_id])
    return sum(FINGERPRINT in run.data.tags for run in found)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("repository"))
    assert sorted(repro(folder)) == sorted(ALL)
    return folder


def test_nothing_runs_when_nothing_changed_but_what_an_editor_left(repository: Path) -> None:
    left = [".train.swp", ".DS_Store", "a.py~", ".ipynb_checkpoints/a.py", ".mypy_cache/a.json", "__pycache__/a.pyc"]
    for name in left:
        (repository / "pipeline/train" / name).parent.mkdir(exist_ok=True)
        (repository / "pipeline/train" / name).write_text("left")
    assert repro(repository) == []


def test_another_folder_other_threads_and_another_hash_seed_give_the_same_bytes(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = copied(tmp_path_factory.mktemp("elsewhere") / "a longer path" / "é")
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "2", "TF_NUM_INTRAOP_THREADS": "2"}
    repro(other, PYTHONHASHSEED="7", TZ="Asia/Tokyo", LC_ALL="C", **threads)
    assert digests(other) == digests(repository)


EDITS: list[tuple[dict[str, Any], list[str]]] = [
    ({"evaluate": {"coverage": 0.8}}, ["evaluate", "plot", "track"]),
    ({"plot": {"sessions": 40}}, ["plot", "track"]),
    ({"track": {"experiment": "other"}}, ["track"]),
    ({"benchmark": {"models": ["persistence", "har"]}}, ["benchmark", "evaluate", "plot", "track"]),
    ({"explore": {"lags": 11}}, ["explore", "track"]),
    ({"train": {"epochs": 3}}, ["train", "predict", "evaluate", "plot", "track"]),
]


@pytest.mark.parametrize(("changes", "rerun"), EDITS)
def test_dvc_would_rerun_what_an_edit_touches(changes: dict, rerun: list[str], repository: Path) -> None:
    edit(repository, **changes)
    assert sorted(repro(repository, "--dry", "--force-downstream")) == sorted(rerun)
    edit(repository)


@pytest.mark.parametrize(
    ("changes", "rerun"), [EDITS[0], *(pytest.param(*own, marks=pytest.mark.slow) for own in EDITS[1:])]
)
def test_an_edit_reruns_what_it_touches_and_its_return_restores_all_but_track(
    changes: dict, rerun: list[str], repository: Path
) -> None:
    before, count = digests(repository), states(repository)
    edit(repository, **changes)
    assert repro(repository) == rerun
    edit(repository)
    assert repro(repository) == ["track"]
    assert digests(repository) == before
    if "track" not in changes:
        assert states(repository) == count + 1


@pytest.fixture(scope="module")
def own_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A repository on a file of one made ticker, whose boundaries are dates, and its prices but for the last two."""
    folder = copied(tmp_path_factory.mktemp("own"))
    prices = made_prices("AAA", 500, seed=1).iloc[:-2]
    prices.to_csv(folder / "data/raw/own.csv", index=False)
    dates = {"validation": "2002-07-01", "test": "2002-09-02"}
    edit(folder, scrape=file_params(path="data/raw/own.csv"), prepare=dates)
    assert sorted(repro(folder)) == sorted(ALL)
    return folder, prices


OF_PRICES = sorted(set(ALL) - {"vega"})
WITHOUT_TRAIN = sorted(set(OF_PRICES) - {"train"})


@pytest.mark.slow
def test_one_more_session_does_not_run_train_where_boundaries_are_dates(own_file: tuple[Path, pd.DataFrame]) -> None:
    folder, prices = own_file
    before = digests(folder)
    more = made_prices("AAA", 500, seed=1).iloc[:-1]
    more.to_csv(folder / "data/raw/own.csv", index=False)
    assert sorted(repro(folder)) == WITHOUT_TRAIN
    after = digests(folder)
    for name in ("data/samples/train.parquet", "data/samples/validation.parquet", "data/preparation.json"):
        assert after[name] == before[name]
    assert after["data/forecasts.parquet"] != before["data/forecasts.parquet"]
    prices.to_csv(folder / "data/raw/own.csv", index=False)
    assert repro(folder) == ["track"]


@pytest.mark.slow
def test_other_prices_in_the_test_period_do_not_run_train(own_file: tuple[Path, pd.DataFrame]) -> None:
    folder, prices = own_file
    corrupted(prices, pd.Timestamp("2002-09-01"), seed=0).to_csv(folder / "data/raw/own.csv", index=False)
    assert sorted(repro(folder)) == WITHOUT_TRAIN
    corrupted(prices, pd.Timestamp("2002-06-01"), seed=0).to_csv(folder / "data/raw/own.csv", index=False)
    assert sorted(repro(folder)) == OF_PRICES


def test_train_depends_on_no_file_that_holds_anything_of_test(repository: Path) -> None:
    lock = YAML(typ="safe").load(repository / "dvc.lock")["stages"]["train"]["deps"]
    data = [dep["path"] for dep in lock if not dep["path"].startswith("pipeline/")]
    assert data == ["data/samples/train.parquet", "data/samples/validation.parquet"]


def test_a_comment_reruns_nothing(repository: Path) -> None:
    text = (repository / "params.yaml").read_text()
    (repository / "params.yaml").write_text("# a comment\n" + text)
    assert repro(repository) == []
    (repository / "params.yaml").write_text(text)


def test_a_mistake_stops_its_stage_with_one_line_and_repro_brings_all_back(repository: Path) -> None:
    before = digests(repository)
    edit(repository, benchmark={"window": 0})
    done = run(repository, "dvc", "repro")
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("benchmark: ")]
    assert said == ["benchmark: params.yaml: benchmark.window: found 0; accepted: a whole number of at least 1"]
    assert "Traceback" not in done.stderr
    edit(repository)
    repro(repository)
    assert digests(repository) == before


def test_outputs_name_no_folder_of_the_machine(repository: Path) -> None:
    kept = [path for name in ("data", "reports") for path in (repository / name).rglob("*") if path.is_file()]
    plain = [path for path in kept if path.suffix in (".html", ".json", ".csv", ".keras")]  # these are not compressed
    assert len(plain) >= 10
    for path in plain:
        content = path.read_bytes()
        assert not [name for name in (repository, ROOT, BIN, Path.home()) if f"{name}/".encode() in content], path


def test_the_store_holds_what_made_a_state(repository: Path) -> None:
    client = MlflowClient(f"sqlite:///{repository / 'mlflow.db'}")
    found = client.search_runs([client.get_experiment_by_name("closecast").experiment_id], order_by=["start_time ASC"])[
        0
    ]
    assert found.data.params["train.window"] == "5"
    assert found.data.params["scrape.source"] == "sample"
    assert len(found.data.metrics) <= 30
    assert "test/variance_mse" in found.data.metrics
    assert found.data.tags["mlflow.source.git.commit"] == run(repository, "git", "rev-parse", "HEAD").stdout.strip()
    assert found.data.tags["mlflow.note.content"] == (repository / "reports/summary.md").read_text()
    assert found.data.tags["mlflow.source.name"] == "dvc repro"
    assert len(client.get_metric_history(found.info.run_id, "epoch/variance_loss")) == 2
    files = {path.name for path in (repository / "mlartifacts" / found.info.run_id).rglob("*") if path.is_file()}
    assert {"predictions.parquet", "explore.html", "forecast.html", "forecast.png"} <= files
    model = repository / "mlartifacts/models" / found.outputs.model_outputs[0].model_id
    assert {"1.keras", "2.keras", "preparation.json", "bands.json"} <= {path.name for path in model.rglob("*")}


@pytest.mark.slow
def test_another_clone_pulls_the_forecaster_and_runs_track_alone(repository: Path, tmp_path: Path) -> None:
    first, second, remote = tmp_path / "first", tmp_path / "second", str(tmp_path / "remote")
    shutil.copytree(repository, first, symlinks=True)
    for words in (
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "--allow-empty", "--message", "shared"),
        ("dvc", "remote", "add", "--local", "--default", "storage", remote),
        ("dvc", "push"),
        ("git", "clone", "--quiet", str(first), str(second)),
    ):
        assert run(first, *words).returncode == 0, words
    assert run(second, "dvc", "remote", "add", "--local", "--default", "storage", remote).returncode == 0
    assert run(second, "dvc", "pull", "--allow-missing").returncode == 0
    prices = pd.read_parquet(second / "data/prices.parquet").rename(columns={"adj_close": "unused"})
    prices.to_csv(tmp_path / "own.csv", index=False)
    for file in ((), (str(tmp_path / "own.csv"),)):
        assert "Forecast from" in run(second, sys.executable, "-m", "pipeline", "forecast", *file).stdout
    assert repro(second) == ["track"]
    assert digests(second) == digests(first)
    assert states(second) == 1


@pytest.fixture
def dvc(repository: Path) -> Callable[..., str]:
    def call(*words: str) -> str:
        done = run(repository, "dvc", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_metrics_and_plots_are_dvcs(dvc: Callable[..., str], repository: Path) -> None:
    assert "test.variance.h3.skill" in dvc("metrics", "show", "--md")
    shown = dvc("plots", "show", "--out", "shown")
    assert "shown" in shown
    html = (repository / "shown/index.html").read_text()
    for name in ("loss by epoch", "predicted one step ahead and actual", "skill by horizon"):
        assert name in html
    shutil.rmtree(repository / "shown")


def test_a_vintage_comes_back_from_the_cache_without_asking_yahoo_again(tmp_path: Path) -> None:
    prices = made_prices("AAA", 60, seed=0)
    folder = copied(tmp_path / "vintages")
    asked_for: dict[str, Any] = {
        "source": "yahoo",
        "path": "data/raw",
        "tickers": ["AAA"],
        "start": "2001-01-01",
        "end": "2001-03-30",
    }
    asked_for |= {"calendar": "24/5", "max_missing": 0.0, "invalid_rows": "reject"}
    with yahoo(tmp_path) as fake:

        def scrape(vintage: str) -> bytes:
            edit(folder, scrape={**asked_for, "vintage": vintage})
            done = run(folder, "dvc", "repro", "scrape", **fake.environment)
            assert done.returncode == 0, done.stdout + done.stderr
            return (folder / "data/prices.parquet").read_bytes()

        fake.bodies["AAA"] = body_of(prices)
        first = scrape("1")
        assert fake.asked == ["AAA"]
        fake.bodies["AAA"] = body_of(prices.assign(adj_close=prices["adj_close"] * 0.99))
        assert scrape("2") != first
        shutil.rmtree(folder / "data/yahoo")
        fake.asked.clear()
        assert scrape("1") == first
        assert fake.asked == []


@pytest.mark.slow
def test_a_queue_of_experiments_is_ranked_on_validation_as_the_readme_has_it(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    shutil.copytree(repository, folder, symlinks=True)
    (queued,) = re.findall(r"^(dvc exp run --queue .*?) *#", README, re.MULTILINE)
    (shown,) = re.findall(r"^(dvc exp show .*?) *#", README, re.MULTILINE)
    small = shlex.split(queued)[:6]  # the README's are four
    assert small == ["dvc", "exp", "run", "--queue", "-S", "train.window=5,10"]
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "before")
    assert run(folder, *small).returncode == 0
    assert run(folder, "dvc", "exp", "run", "--run-all").returncode == 0
    table = run(folder, *shlex.split(shown.replace("--md", "--csv"))).stdout
    found = pd.read_csv(io.StringIO(table))
    tried = found[found["Experiment"].notna()]
    assert sorted(tried["train.window"]) == [5, 10]
    skills = tried["validation.variance.h1.skill"].tolist()
    assert skills == sorted(skills, reverse=True)
    assert not [name for name in found if name.startswith("test.")]
    assert states(folder) == states(repository) + 1  # window 5 was there before


@pytest.mark.slow
def test_latest_forecasts_a_new_session_with_the_fitted_network_and_names_who_was_revised(tmp_path: Path) -> None:
    folder = copied(tmp_path / "latest")
    end = calendars.last_finished("24/5", pd.Timestamp.now("UTC"))
    prices = made_prices("AAA", 500, seed=1)
    prices["date"] = pd.bdate_range(end=end, periods=500).as_unit("us")
    day = prices["date"].dt.strftime("%Y-%m-%d")
    asked: dict[str, Any] = {"source": "yahoo", "path": "data/raw", "tickers": ["AAA"], "calendar": "24/5"}
    asked |= {"start": day[0], "end": day[498], "vintage": "1", "max_missing": 0.0, "invalid_rows": "reject"}
    edit(folder, scrape=asked, prepare={"validation": day[350], "test": day[420]})
    with yahoo(tmp_path) as fake:
        fake.bodies["AAA"] = body_of(prices.iloc[:-1])
        assert sorted(repro(folder, **fake.environment)) == sorted(ALL)
        network, before = digests(folder)["data/model/variance/1.keras"], pd.read_csv(folder / "reports/next.csv")
        revised = prices.assign(adj_close=prices["adj_close"].mask(prices.index < 3, prices["adj_close"] * 0.5))
        fake.bodies["AAA"] = body_of(revised)
        done = run(folder, sys.executable, "-m", "pipeline", "latest", **fake.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AAA: 3 sessions revised: adj_close by up to 50.00%" in done.stdout
    assert "1 new session, 1 ticker revised; train did not run: its inputs are the same" in done.stdout
    ran = re.findall(r"^Running stage '(\w+)'", done.stdout, re.MULTILINE)
    assert sorted(ran) == WITHOUT_TRAIN
    assert digests(folder)["data/model/variance/1.keras"] == network
    after = pd.read_csv(folder / "reports/next.csv")
    assert before["origin"].tolist() == day[498:499].tolist() * 3
    assert after["origin"].tolist() == day[499:500].tolist() * 3
    assert after["date"].tolist()[:2] == before["date"].tolist()[1:]
    assert before["date"].iloc[0] == day[499]
    assert after["fingerprint"].nunique() == 1
    assert after["fingerprint"].tolist() == before["fingerprint"].tolist()
