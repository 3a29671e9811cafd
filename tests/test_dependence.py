"""What is said of how values, volumes and tickers go together, on series where it is so and where it is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from pipeline.figures import dependence
from pipeline.subject import Subject
from pipeline.summary import measured
from tests.series import made_heat, made_prices

CLOSE = Subject("close", "USD", "session", priced=True)
HEAT = Subject("heat", "°C", "hour", priced=False)
NOISE = pd.Series(np.random.default_rng(0).normal(0, 0.01, 2000))
CONSTANT = pd.Series(np.full(100, 0.01))
GARCH = measured(made_prices("AAA", 3000, seed=1)["close"], priced=True)


def following(share: float) -> pd.Series:
    """An AR(1)."""
    return pd.Series(lfilter([1], [1, -share], NOISE))


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        (NOISE, "A return says next to nothing of the one after it"),
        (following(0.5), "A return tends to be followed by one of the same kind"),
        (following(-0.5), "A return tends to be followed by one of the opposite kind"),
    ],
    ids=["noise", "alike", "opposite"],
)
def test_returns_that_follow_from_those_before_are_told_from_those_that_do_not(returns: pd.Series, said: str) -> None:
    r = np.corrcoef(returns[1:], returns[:-1])[0, 1]
    amount = f"their correlation is {r:+.2f}, {r * r:.1%} of the variance."
    assert dependence.lagged(returns, CLOSE, 100).says == f"{said}: {amount}"


def test_each_dot_is_a_value_and_the_one_before_it_gaps_passed_over() -> None:
    figure = dependence.lagged(pd.Series([1.0, 2.0, np.nan, 5.0, 6.0, 8.0]), HEAT, 100)
    assert figure.rows["dots"].to_numpy().tolist() == [[1, 2], [5, 6], [6, 8]]
    assert figure.title == "Each value against the one before"


def test_many_dots_are_thinned_and_the_sentence_is_of_all() -> None:
    few, all_of_them = (dependence.lagged(NOISE, CLOSE, most) for most in (50, 5000))
    assert (len(few.rows["dots"]), len(all_of_them.rows["dots"])) == (50, 1999)
    assert few.says == all_of_them.says


@pytest.mark.parametrize("values", [CONSTANT, CONSTANT[:1], CONSTANT[:0]], ids=["constant", "one", "none"])
def test_values_that_do_not_vary_say_nothing_of_the_next(values: pd.Series) -> None:
    assert "says next to nothing of the one after it" in dependence.lagged(values, HEAT, 100).says


def volume(of: str) -> pd.Series:
    rng = np.random.default_rng(1)
    around = np.exp(rng.normal(0, 0.3, 2000))
    size = NOISE.abs() / 0.01 + 0.1
    return pd.Series({"large": size * around, "small": around / size, "independent": pd.Series(around)}[of])


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("large", "Large moves come with high volume"),
        ("small", "Large moves come with low volume"),
        ("independent", "Volume and the size of the move hardly go together"),
    ],
)
def test_volume_that_follows_moves_is_told_from_volume_that_does_not(of: str, said: str) -> None:
    assert dependence.volumes(NOISE, volume(of), CLOSE, 100).says.startswith(f"{said}: their rank correlation is ")


def test_the_rank_correlations_are_spearmans_beside_the_usual_volume_and_as_it_is() -> None:
    traded = volume("large")
    usual = traded.shift(1).rolling(22).mean()[22:]
    beside = stats.spearmanr(NOISE[22:].abs(), traded[22:] / usual).statistic
    as_it_is = stats.spearmanr(NOISE.abs(), traded).statistic
    figure = dependence.volumes(NOISE, traded, CLOSE, 5000)
    assert figure.rows["dots"].loc[500].tolist() == pytest.approx(
        [abs(NOISE[500]), traded[500] / traded[478:500].mean()]
    )
    told = f"is {beside:+.2f}, volume taken beside its usual level; {as_it_is:+.2f} as it is."
    assert figure.says.endswith(told)


def test_volume_that_grows_over_the_years_is_taken_beside_its_usual_level() -> None:
    """Moves shrink while volume grows: as it is, volume seems low where moves are large."""
    years = np.exp(np.arange(2000) / 300)
    figure = dependence.volumes(NOISE / years, volume("large") * years, CLOSE, 100)
    assert figure.says.startswith("Large moves come with high volume")
    assert float(figure.says.split("; ")[1].split(" ")[0]) < -0.5


def test_sessions_without_volume_are_passed_over() -> None:
    thin = volume("large").where(np.arange(2000) % 3 > 0, 0.0)
    figure = dependence.volumes(NOISE, thin, CLOSE, 5000)
    assert figure.says.startswith("Large moves come with high volume")
    assert (figure.rows["dots"]["y"] > 0).all()
    assert len(figure.rows["dots"]) < 1334


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_no_volume_at_all_has_no_dots(value: float) -> None:
    assert dependence.volumes(NOISE, pd.Series(np.full(2000, value)), CLOSE, 100).rows["dots"].empty


def memory(values: pd.Series, lags: int = 40, subject: Subject = CLOSE) -> str:
    return dependence.memory(values, lags, subject, subject.many).says


def test_noise_is_all_but_uncorrelated_with_what_came_before() -> None:
    assert memory(NOISE).startswith("The returns are all but uncorrelated with those before: at most ")


@pytest.mark.parametrize("part", range(5))
def test_the_largest_of_many_autocorrelations_of_little_noise_is_not_taken_for_one(part: int) -> None:
    figure = dependence.memory(NOISE[300 * part : 300 * part + 300], 40, CLOSE, "returns")
    assert figure.rows["lags"]["acf"].abs().max() > 0.1
    assert figure.says.startswith("The returns are not told apart from noise: the largest autocorrelation is ")


@pytest.mark.parametrize("share", [0.5, -0.5])
def test_values_that_follow_from_those_before_are_said_to_be_correlated(share: float) -> None:
    values = following(share)
    first = values.autocorr(1)
    assert memory(values).startswith(f"The returns are correlated with those before: {first:+.2f} at lag 1")


def test_a_day_is_found_in_hourly_values_and_not_in_noise() -> None:
    assert ", and again 24 hours before (+0." in memory(made_heat("Oslo", 1500, seed=1)["heat"], 48, HEAT)
    assert "again" not in memory(NOISE, 48, HEAT)


def test_how_many_lie_outside_the_band_of_white_noise_is_counted() -> None:
    figure = dependence.memory(following(0.5), 40, CLOSE, "returns")
    bound = 1.96 / np.sqrt(2000)
    assert figure.rows["noise"]["bound"].tolist() == [-bound, bound]
    outside = (figure.rows["lags"]["acf"].abs() > bound).sum()
    assert figure.says.endswith(f"; {outside} of 40 lie outside the band of white noise.")


@pytest.mark.parametrize("values", [CONSTANT, NOISE[:3], NOISE[:0]], ids=["constant", "few", "none"])
def test_too_few_values_that_differ_have_no_memory(values: pd.Series) -> None:
    assert memory(values) == "Too few returns that differ for autocorrelations."
    assert dependence.clustering(values, 40, CLOSE).says == "Too few returns that differ for autocorrelations."


def test_squared_returns_that_cluster_are_said_to_be_forecastable() -> None:
    says = dependence.clustering(GARCH, 60, CLOSE).says
    assert says.startswith("Squared returns stay correlated for ")
    assert says.endswith(" sessions: volatility clusters, so it can be forecast.")
    assert 5 <= int(says.split(" ")[5]) < 60


def test_squared_returns_correlated_at_every_lag_shown_may_stay_so_for_more() -> None:
    assert dependence.clustering(GARCH, 6, CLOSE).says.startswith("Squared returns stay correlated for 6 sessions and ")


def test_the_same_returns_shuffled_are_said_not_to_cluster() -> None:
    shuffled = pd.Series(np.random.default_rng(0).permutation(GARCH.dropna()))
    said = "Squared returns are not told apart from noise: volatility does not cluster here."
    assert dependence.clustering(shuffled, 60, CLOSE).says == said


def test_squared_returns_that_follow_from_the_one_before_alone_cluster_little() -> None:
    """ARCH(1)."""
    rng, returns = np.random.default_rng(0), [0.0]
    for shock in rng.normal(0, 0.01, 3000):
        returns.append(shock * np.sqrt(1 + 0.3 * (returns[-1] / 0.01) ** 2))
    says = dependence.clustering(pd.Series(returns), 60, CLOSE).says
    assert says.startswith("Squared returns stay correlated for ")
    assert says.endswith(" only: volatility clusters little.")


def panel(shared: float, count: int = 6, steps: int = 500) -> pd.DataFrame:
    """Tickers of one factor, correlated by `shared`."""
    rng = np.random.default_rng(0)
    own = np.sqrt(1 - shared) * rng.normal(size=(steps, count))
    every = np.sqrt(shared) * rng.normal(size=(steps, 1))
    return pd.DataFrame(every + own, columns=[f"T{number:03}" for number in range(count)])


@pytest.mark.parametrize(
    ("shared", "said"), [(0.8, "move together"), (0.35, "move together somewhat"), (0.0, "hardly move together")]
)
def test_tickers_that_move_together_are_told_from_those_that_do_not(shared: float, said: str) -> None:
    values = panel(shared)
    middle = np.median(np.corrcoef(values.T)[np.triu_indices(6, 1)])
    told = f"The tickers {said}: the median correlation of their returns is {middle:+.2f} over 15 pairs, the highest "
    assert dependence.heat(values, CLOSE).says.startswith(told)


def test_twins_are_named_and_stand_side_by_side() -> None:
    values = panel(0.3)
    twins = values.assign(GOOGL=values["T002"] + 0.05 * np.random.default_rng(1).normal(size=500))
    figure = dependence.heat(twins.rename(columns={"T002": "GOOG"}), CLOSE)
    assert "the highest +1.00 (" in figure.says
    assert "(GOOG and GOOGL)" in figure.says or "(GOOGL and GOOG)" in figure.says
    order = list(figure.rows["cells"]["a"].unique())
    assert abs(order.index("GOOG") - order.index("GOOGL")) == 1


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (40, 40), (41, 40), (90, 40)])
def test_a_heat_map_has_a_cell_for_each_pair_of_at_most_40_tickers(count: int, shown: int) -> None:
    figure = dependence.heat(panel(0.5, count, 60), CLOSE)
    cells = figure.rows["cells"]
    assert len(cells) == shown**2
    assert cells["a"].nunique() == cells["b"].nunique() == shown
    assert f" over {count * (count - 1) // 2:,} pairs" in figure.says
    assert (f"{shown} of {count}" in figure.title) == (count > shown)
    np.testing.assert_allclose(cells.loc[cells["a"] == cells["b"], "correlation"], 1)


def test_tickers_that_share_too_few_steps_are_said_to_have_no_correlation() -> None:
    values = panel(0.5, 2)
    values.loc[:479, "T000"] = np.nan
    assert dependence.heat(values, CLOSE).says == "No two tickers share enough steps."


def test_a_ticker_that_stands_still_is_left_out_of_the_sentence() -> None:
    assert "over 10 pairs" in dependence.heat(panel(0.5).assign(T003=0.0), HEAT).says


@pytest.mark.parametrize("seed", range(8))
def test_clustering_is_seen_in_a_few_years_though_one_lag_lies_inside_the_band(seed: int) -> None:
    returns = measured(made_prices("AAA", 1500, seed=seed)["close"], priced=True)
    assert "volatility clusters, so it can be forecast" in dependence.clustering(returns, 60, CLOSE).says


def test_noise_seldom_seems_to_have_a_season() -> None:
    draws = [pd.Series(np.random.default_rng(seed).normal(size=200)).diff() for seed in range(20)]
    says = [dependence.memory(own, 48, HEAT, "changes").says for own in draws]
    assert sum("and again" in text for text in says) <= 2


def test_tickers_that_move_against_one_another_are_said_to() -> None:
    says = dependence.heat(pd.DataFrame({"AAA": NOISE, "BBB": -NOISE}), CLOSE).says
    assert says.startswith("The tickers move against one another: the correlation of their returns is -1.00")


def test_too_few_volumes_are_said_to_be_too_few() -> None:
    sparse = pd.Series(np.where(np.arange(2000) < 5, 100.0, np.nan))
    assert dependence.volumes(NOISE, sparse, CLOSE, 100).says == "Too few sessions with a volume and a return."


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_a_series_that_stays_where_it_was_seldom_seems_to_have_a_season(share: float) -> None:
    draws = [lfilter([1], [1, -share], np.random.default_rng(seed).normal(size=1000)) for seed in range(20)]
    says = [dependence.memory(pd.Series(own), 60, HEAT, "values").says for own in draws]
    assert sum("and again" in text for text in says) <= 2


def test_volatility_that_lasts_two_sessions_clusters_little() -> None:
    shocks = np.random.default_rng(0).normal(size=(2, 3000))
    loud = 1 + 2 * (shocks[1] > 1.5)
    returns = pd.Series(shocks[0] * np.maximum(loud, np.roll(loud, 1)))
    assert "volatility clusters little" in dependence.clustering(returns, 60, CLOSE).says
