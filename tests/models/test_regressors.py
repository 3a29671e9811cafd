"""Ridge and boosting use the network's windows, are fitted on train only, and find a planted signal."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from pipeline.forecaster.preparation import ALL, Scaler, Target
from pipeline.io.errors import UserError
from pipeline.models import registry
from pipeline.models.model import Samples
from pipeline.models.regressors import PENALTIES, fit_ridge, predict_ridge
from tests.conftest import UNPINNED, made_preparation
from tests.imports import ROOT


def planted(signal: str, rows: int = 1500) -> pd.DataFrame:
    """Rows of two tickers whose price departs by a signal in the feature two sessions ago, and half of it one step on.

    The last 500 of each ticker are for test.
    """
    rng, parts = np.random.default_rng(0), []
    for ticker in ("AAA", "BBB"):
        seen = rng.normal(size=(rows, 2)).astype(np.float32)
        past = np.roll(seen[:, 0], 2)
        departure = (past if signal == "linear" else np.abs(past) - 0.8) + rng.normal(0, 0.3, rows)
        parts.append(
            pd.DataFrame({
                "ticker": ticker,
                "split": ["warmup"] * 5 + ["train"] * (rows - 505) + ["test"] * 500,
                "feature_a": seen[:, 0],
                "feature_b": seen[:, 1],
                **{f"date_{h}": pd.Timestamp(2001, 1, 1) for h in (1, 2)},
                **{f"price_{h}": 0.0 for h in (1, 2)},
                **{f"price_{h}_scaled": (departure / h).astype(np.float32) for h in (1, 2)},
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


KINDS = ("ridge", "boosting")
PRICE = Target(baseline="none", coefficients={}, scalers={ALL: [Scaler(center=0.0, scale=1.0)] * 2})
LEVEL = made_preparation(target="level", horizon=2, season_length=1, price=PRICE, variance=None)


def answers(kind: str, rows: pd.DataFrame, window: int) -> np.ndarray:
    """Return the scaled forecasts of a model fitted on train: (rows, 2), NaN without a full window."""
    zeros = {f"price_{h}_baseline": 0.0 for h in (1, 2)}
    samples = Samples(rows.assign(last=0.0, volatility=1.0, **zeros), LEVEL, window)
    (model,) = registry.models_of(kind, ["price"])
    return model.forecast(model.fit(samples, [1, 2]), samples)


def explained(rows: pd.DataFrame, kind: str, window: int, h: int) -> float:
    """Return R² on test."""
    found, test = answers(kind, rows, window), (rows["split"] == "test").to_numpy()
    actual = rows[f"price_{h}_scaled"].to_numpy()[test]
    return 1 - np.mean((actual - found[test, h - 1]) ** 2) / np.var(actual)


@pytest.mark.parametrize("h", [1, 2])
def test_a_planted_signal_is_found(h: int) -> None:
    assert explained(planted("linear"), "ridge", 4, h) > 0.85
    assert explained(planted("linear"), "boosting", 4, h) > 0.75
    assert explained(planted("absolute"), "boosting", 4, h) > 0.6
    assert abs(explained(planted("absolute"), "ridge", 4, h)) < 0.05  # a linear model cannot find it


@pytest.mark.parametrize("kind", KINDS)
def test_rows_before_the_window_are_not_used(kind: str) -> None:
    assert abs(explained(planted("linear"), kind, 2, 1)) < 0.1


def test_ridge_selects_its_penalties_by_leave_one_out() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 6))
    targets = np.column_stack([inputs[:, 0] + rng.normal(0, 0.3, 60), 0.2 * inputs[:, 1] + rng.normal(0, 1, 60)])
    train = np.arange(60) < 40
    found, chosen = predict_ridge(fit_ridge(inputs[train], targets[train]), inputs), []

    def predicted(x: np.ndarray, y: np.ndarray, at: np.ndarray, penalty: float) -> np.ndarray:
        """The normal equations, the constant not penalised."""
        centred = x - x.mean(axis=0)
        slopes = np.linalg.solve(centred.T @ centred + penalty * np.eye(6), centred.T @ (y - y.mean()))
        return y.mean() + (at - x.mean(axis=0)) @ slopes

    x = inputs[train]
    for column in (0, 1):
        y, errors = targets[train, column], []
        for penalty in PENALTIES:
            left = [predicted(np.delete(x, i, 0), np.delete(y, i), x[i], penalty) - y[i] for i in range(40)]
            errors.append(np.mean(np.square(left)))
        chosen.append(PENALTIES[np.argmin(errors)])
        np.testing.assert_allclose(found[:, column], predicted(x, y, inputs, chosen[-1]), rtol=1e-8)
        theirs = Ridge(chosen[-1]).fit(x, y).predict(inputs)
        np.testing.assert_allclose(found[:, column], theirs, rtol=1e-8)
    assert chosen[0] < chosen[1]


@pytest.mark.parametrize("kind", KINDS)
def test_only_train_is_used_for_the_fit(kind: str) -> None:
    rows = planted("linear")
    changed = rows.copy()
    changed.loc[rows["split"] == "test", ["price_1_scaled", "price_2_scaled"]] = 99.0
    changed.loc[rows["split"] == "test", ["feature_a", "feature_b"]] *= -1
    clean, other = (answers(kind, own, 4) for own in (rows, changed))
    test = (rows["split"] == "test").to_numpy()
    assert clean[~test].tobytes() == other[~test].tobytes()
    assert not np.allclose(clean[test], other[test])


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_with_a_full_window_has_a_forecast(kind: str) -> None:
    rows = planted("linear")
    found = answers(kind, rows, 4)
    assert found.shape == (3000, 2)
    answered = np.isfinite(found).all(axis=1)
    assert np.flatnonzero(answered).tolist() == [*range(8, 1500), *range(1508, 3000)]
    assert np.isnan(found[~answered]).all()


def test_a_window_longer_than_train_is_rejected() -> None:
    with pytest.raises(UserError, match=r"^params.yaml: benchmark.window: found 1000, which leaves no sample for tr"):
        answers("ridge", planted("linear"), 1000)


def test_boosting_gives_the_same_bytes_on_any_number_of_threads() -> None:
    code = (
        "from pipeline.models.regressors import fit_boosting, predict_boosting\n"
        "import numpy as np, hashlib, threadpoolctl\n"
        "rng = np.random.default_rng(0); x = rng.normal(size=(20000, 8))\n"
        "y = x[:, :1] + rng.standard_t(2, (20000, 1))\n"
        "found = predict_boosting(fit_boosting(x[:15000], y[:15000]), x)\n"
        "print(hashlib.sha256(found.tobytes()).hexdigest())\n"
        "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**UNPINNED, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    (both,) = printed
    assert both.endswith("\n{1}\n")
