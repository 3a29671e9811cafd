"""The scores: pooled over tickers without one of them dominating, and never from later years."""

import numpy as np
import pandas as pd
import pytest

from pipeline.scoring.columns import ALL, POOLED
from studies.backtest import scores
from studies.backtest.scores import Forecasts

YEARS = range(2001, 2009)


def made_forecasts(models: dict[str, float], tickers: int = 2, bias: float = 0.0, seed: int = 0) -> Forecasts:
    """Log variances of some tickers, and forecasts whose errors have these standard deviations."""
    rng, parts = np.random.default_rng(seed), []
    for number in range(tickers):
        dates = pd.bdate_range("2001-01-01", "2008-12-31").as_unit("us")
        parts.append(pd.DataFrame({"ticker": f"T{number}", "origin": dates[:-1], "horizon": 1, "date": dates[1:]}))
    known = pd.concat(parts, ignore_index=True)
    known = known.assign(year=known["date"].dt.year, last=100.0, volatility=0.01, actual=rng.normal(-9, 1, len(known)))
    noise = {name: known["actual"] + bias + rng.normal(0, sd, len(known)) for name, sd in models.items()}
    return Forecasts("variance", known, pd.DataFrame(noise), pd.DataFrame(index=known.index))


def test_the_skill_is_that_of_the_errors_and_the_better_model_is_told_from_luck() -> None:
    table = scores.table(made_forecasts({"har": 1.0, "network": 0.8, "ridge": 0.8}))
    whole = table.query("ticker == @POOLED and year == @ALL and loss == 'squared error'").set_index("model")
    assert whole["skill"]["har"] == pytest.approx(0)
    assert whole["skill"]["network"] == pytest.approx(1 - 0.8**2, abs=0.03)
    assert whole["p_value"]["network"] < 1e-6
    assert whole["mcs_p_value"]["har"] < 0.1
    assert max(whole["mcs_p_value"][["network", "ridge"]]) == 1
    assert whole["p_value_against_network"]["ridge"] > 0.001
    assert set(table["year"]) == {ALL, *map(str, YEARS)}


def test_every_ticker_counts_alike_whatever_the_size_of_its_errors() -> None:
    """One ticker's errors are 100 times as large: the pooled skill is still the mean of both skills."""
    small, large = (
        made_forecasts({"har": 1.0, "network": 0.8}, 1),
        made_forecasts({"har": 100.0, "network": 110.0}, 1, seed=1),
    )
    both = Forecasts(
        "variance",
        pd.concat([small.known, large.known.assign(ticker="T1")], ignore_index=True),
        pd.concat([small.models, large.models], ignore_index=True),
        pd.DataFrame(),
    )
    skills = scores.table(both).query("year == @ALL and loss == 'squared error' and model == 'network'")
    by_ticker = skills.set_index("ticker")["skill"]
    assert by_ticker["T0"] > 0 > by_ticker["T1"]
    assert by_ticker[POOLED] == pytest.approx((by_ticker["T0"] + by_ticker["T1"]) / 2)


def test_qlike_and_bands_of_a_year_know_nothing_of_it_or_of_later_ones() -> None:
    clean = made_forecasts({"har": 1.0, "network": 0.8}, bias=0.5)
    later = clean.known["date"] >= pd.Timestamp("2005-01-01")
    changed = clean._replace(known=clean.known.assign(actual=clean.known["actual"].where(~later, -5.0)))
    before, after = (scores.qlike_losses(each) for each in (clean, changed))
    first = clean.known["year"] == 2001
    assert before[first].isna().all(axis=None)
    pd.testing.assert_frame_equal(before[~later], after[~later], check_exact=True)
    assert not before[later].equals(after[later])

    price = clean._replace(target="price", known=clean.known.assign(actual=100.0 + clean.known["actual"]))
    price = price._replace(models=pd.DataFrame({"network": 100.0}, price.known.index))
    other = price._replace(known=price.known.assign(actual=price.known["actual"].where(~later, 500.0)))
    found, felt = (scores.bands(each, clean, 0.9, pooled=True) for each in (price, other))
    earlier = found["year"].isin(["2002", "2003", "2004"])
    assert "2001" not in set(found["year"])
    pd.testing.assert_frame_equal(found[earlier], felt[earlier], check_exact=True)
    widths = [each[each["year"] == "2005"].drop(columns=["coverage", "interval_score"]) for each in (found, felt)]
    pd.testing.assert_frame_equal(*widths, check_exact=True)
    assert (felt.query("year == '2005'")["coverage"] == 0).all()


def test_bands_hold_as_often_as_they_should_if_the_years_are_alike() -> None:
    variance = made_forecasts({"har": 0.3, "network": 0.3}, tickers=4)
    rng = np.random.default_rng(5)
    moves = 100 * rng.standard_t(4, len(variance.known)) * np.exp(variance.known["actual"] / 2)
    price = variance._replace(target="price", known=variance.known.assign(actual=100 + moves))
    price = price._replace(models=pd.DataFrame({"network": 100.0}, price.known.index))
    table = scores.bands(price, variance, 0.9, pooled=True).query("ticker == @POOLED and year == @ALL")
    assert table["coverage"].to_numpy() == pytest.approx(0.9, abs=0.015)


def test_a_model_that_two_of_three_poolings_agree_on_is_shown_once_for_them() -> None:
    columns = {
        f"{kind} ({pooling})": [1.0, number] for kind in ("har", "network") for number, pooling in enumerate("abc")
    }
    table = pd.DataFrame({**columns, "har (c)": columns["har (b)"], "ewma (a)": [0.0, 0.0], "ewma (b)": [0.0, 0.0]})
    names = ["har (a)", "network (a)", "ewma", "har (b)", "network (b)", "network (c)"]
    assert list(scores.distinct(table)) == names


def test_bands_are_those_of_the_first_pooling() -> None:
    variance = made_forecasts({"har (together)": 0.3, "network (together)": 0.3, "network (alone)": 0.2})
    price = variance._replace(target="price", known=variance.known.assign(actual=100.0 + variance.known["actual"]))
    names = ("network (together)", "network (alone)")
    price = price._replace(models=pd.DataFrame(dict.fromkeys(names, 100.0), price.known.index))
    assert set(scores.bands(price, variance, 0.9, pooled=True)["method"]) == {"network (together)", "har (together)"}


CASES = {  # errors of the present and the new forecast in the first and the second half of the years
    "better in both halves": (1.0, 0.8, 1.0, 0.8, True),
    "better in the first half only": (1.0, 0.8, 0.8, 1.0, False),
    "the same": (1.0, 1.0, 1.0, 0.8, False),
}


@pytest.mark.parametrize(("now", "new", "now_later", "new_later", "replaces"), CASES.values(), ids=CASES)
def test_the_default_changes_only_if_both_halves_agree(
    now: float, new: float, now_later: float, new_later: float, replaces: bool
) -> None:
    first = made_forecasts({"har": 1.2, "network": now, "combination": new})
    second = made_forecasts({"har": 1.2, "network": now_later, "combination": new_later})
    later = first.known["year"] > 2004
    table = scores.choice(first._replace(models=first.models.where(~later, second.models)), 1, "network")
    assert table.set_index("model")["replaces"].to_dict() == {"network": False, "combination": replaces}


def test_a_ticker_of_few_years_does_not_choose() -> None:
    short = made_forecasts({"har": 1.2, "network": 1.0, "combination": 0.8})
    few = short.known["year"] > 2003
    short = short._replace(
        known=short.known[few].reset_index(drop=True), models=short.models[few].reset_index(drop=True)
    )
    table = scores.choice(short, 1, "network")
    assert table["skill_choose"].isna().all()
    assert not table["replaces"].any()


def test_models_that_do_not_depend_on_the_pooling_are_shown_once() -> None:
    known = made_forecasts({"har": 1.0}).known
    rows = []
    for pooling, shift in (("together", 0.0), ("by_ticker", 0.1)):
        values = (("har", -1, -9 + shift), ("boosting_train", -1, -9.0), ("network", 0, -8 + shift))
        for model, seed, value in values:
            part = known[["ticker", "origin", "horizon"]].assign(predicted=value, model=model, seed=seed)
            rows.append(part.assign(pooling=pooling, target="variance"))
    values = known.assign(variance=known["actual"], price=100.0).drop(columns="actual")
    (found,) = scores.side_by_side(pd.concat(rows), values, ["together", "by_ticker"], log_price=True)
    names = {
        f"{name} ({pooling})" for name in ("har", "network", "combination") for pooling in ("together", "by_ticker")
    }
    assert set(found.models) == {"boosting_train", *names}
    assert found.models["combination (by_ticker)"].to_numpy() == pytest.approx((-9.0 - 7.9) / 2)
    assert scores.baseline_of(found) == "har (together)"
