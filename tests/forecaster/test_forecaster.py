"""The forecaster returns the same forecasts as the pipeline, and rejects prices that it cannot forecast from."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.forecaster.forecaster import Forecaster
from pipeline.io.artifacts import read_table
from pipeline.io.errors import UserError
from tests.commands import run
from tests.conftest import walk

KEY = ["ticker", "origin", "horizon"]
COLUMNS = [*KEY, "forecast", "lower", "upper", "volatility"]


def pipeline_forecasts(folder: Path) -> pd.DataFrame:
    """Return the forecasts of the pipeline, with the forecaster's column names."""
    found = read_table(folder / "data/predictions.parquet").rename(columns={"predicted": "forecast"})
    return found.assign(volatility=np.exp(found["variance_predicted"] / 2))


def same(answer: pd.DataFrame, pipeline: pd.DataFrame, columns: list[str]) -> None:
    """Check that the columns have the same bits as the pipeline's, in all rows of the answer. Bands begin with test."""
    expected = answer[KEY].merge(pipeline, how="left", on=KEY, validate="one_to_one")
    bands = answer[["lower", "upper"]]
    assert bands.notna().all(axis=None)
    answer = answer.assign(**bands.where(expected[["lower", "upper"]].notna()))
    pd.testing.assert_frame_equal(answer[columns], expected[columns], check_exact=True, check_dtype=False)


@pytest.fixture(scope="module")
def forecaster(walked: Path) -> Forecaster:
    return Forecaster.load(walked / "data")


@pytest.fixture(scope="module")
def prices(walked: Path) -> pd.DataFrame:
    return read_table(walked / "data/prices.parquet")


@pytest.fixture(scope="module")
def of_heat(walked_heat: Path) -> Forecaster:
    return Forecaster.load(walked_heat / "data")


def test_the_forecast_from_the_last_row_is_that_of_the_pipeline(
    forecaster: Forecaster, of_heat: Forecaster, prices: pd.DataFrame, walked: Path, walked_heat: Path
) -> None:
    heat = read_table(walked_heat / "data/prices.parquet")  # with a gap in the last window of one series
    for own, table, folder in ((forecaster, prices, walked), (of_heat, heat, walked_heat)):
        pipeline = pipeline_forecasts(folder)
        last = pipeline[pipeline["origin"] == pipeline.groupby("ticker")["origin"].transform("max")]
        answer = own.forecast(table, since=last["origin"].min() if own is of_heat else None)
        same(answer, pipeline, ["date", *COLUMNS])
        assert set(map(tuple, last[KEY].to_numpy())) <= set(map(tuple, answer[KEY].to_numpy()))
        assert own is of_heat or len(answer) == len(last)
        assert answer[["forecast", "lower", "upper"]].notna().all(axis=None)


@pytest.mark.parametrize("session", [120, 260, 350, 418])
def test_the_forecast_from_an_earlier_row_is_that_of_the_pipeline(
    session: int, forecaster: Forecaster, prices: pd.DataFrame, walked: Path
) -> None:
    t = prices.loc[session, "date"]
    answer = forecaster.forecast(prices[prices["date"] <= t])
    assert set(answer["origin"]) == {t}
    same(answer, pipeline_forecasts(walked), COLUMNS)


@pytest.mark.parametrize("hour", [200, 777])
def test_the_forecast_of_a_series_with_gaps_is_that_of_the_pipeline(
    hour: int, of_heat: Forecaster, walked_heat: Path
) -> None:
    heat = read_table(walked_heat / "data/prices.parquet")
    t = heat.loc[hour, "date"]
    since = t - pd.Timedelta(hours=60)  # at the last hours there may be a gap
    same(of_heat.forecast(heat[heat["date"] <= t], since=since), pipeline_forecasts(walked_heat), COLUMNS)


def test_the_forecast_of_a_ticker_does_not_depend_on_other_tickers(
    forecaster: Forecaster, prices: pd.DataFrame
) -> None:
    both = forecaster.forecast(prices)
    for ticker, own in prices.groupby("ticker"):
        expected = both[both["ticker"] == ticker].reset_index(drop=True)
        pd.testing.assert_frame_equal(forecaster.forecast(own), expected, check_exact=True)


def test_a_table_that_starts_later_gives_the_same_forecast(forecaster: Forecaster, prices: pd.DataFrame) -> None:
    whole = forecaster.forecast(prices)
    later = forecaster.forecast(prices.groupby("ticker").tail(forecaster.window + 250))
    assert forecaster.max_sessions <= forecaster.window + 250
    np.testing.assert_allclose(later[COLUMNS[3:]], whole[COLUMNS[3:]], rtol=1e-6)
    assert later[KEY].equals(whole[KEY])


def test_a_new_ticker_is_forecast_if_all_share_a_scaler(forecaster: Forecaster, prices: pd.DataFrame) -> None:
    own = prices[prices["ticker"] == "AAA"]
    named, known = forecaster.forecast(own.assign(ticker="NEW")), forecaster.forecast(own)
    pd.testing.assert_frame_equal(named.drop(columns="ticker"), known.drop(columns="ticker"), check_exact=True)


def test_the_form_of_the_table_does_not_matter(forecaster: Forecaster, prices: pd.DataFrame) -> None:
    expected = forecaster.forecast(prices)
    mixed = prices.sort_values(["date", "ticker"]).astype({"volume": "int64", "date": "datetime64[ns]"})
    other = mixed.assign(note="x").set_index(np.zeros(len(mixed)))[["note", *mixed.columns[::-1]]]
    pd.testing.assert_frame_equal(forecaster.forecast(other), expected, check_exact=True)


@pytest.mark.parametrize("target", ["level", "difference"])
def test_without_a_variance_forecast_the_band_still_follows_the_range_of_prices(
    target: str, two_tickers: pd.DataFrame, tmp_path: Path
) -> None:
    prepare = {"target": target, "variance": "none", "features": ["close"], "scaling": "minmax", "baseline": "none"}
    stages = ("scrape", "prepare", "benchmark", "train", "predict", "evaluate")
    benchmark, train = {"models": ["persistence"]}, {"members": 1}
    walk(tmp_path, two_tickers, *stages, prepare=prepare, benchmark=benchmark, train=train)
    own = Forecaster.load(tmp_path / "data")
    assert own.columns == ["close", "high", "low", "open"]
    for t in (two_tickers["date"].max(), two_tickers.loc[300, "date"]):
        answer = own.forecast(two_tickers[two_tickers["date"] <= t])
        same(answer, pipeline_forecasts(tmp_path), COLUMNS)
        assert answer["volatility"].isna().all()


def without(prices: pd.DataFrame, ticker: str, back: int, column: str) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Return the prices with one missing value, `back` rows before the ticker's last row, and its date."""
    at = prices.index[prices["ticker"] == ticker][-1 - back]
    changed = prices.copy()
    changed.loc[at, column] = np.nan
    return changed, prices.loc[at, "date"]


@pytest.mark.parametrize(("back", "column"), [(0, "open"), (0, "close"), (3, "close"), (20, "high")])
def test_a_missing_value_in_the_last_window_is_named_and_there_are_forecasts_from_before_it(
    back: int, column: str, forecaster: Forecaster, prices: pd.DataFrame, walked: Path
) -> None:
    changed, date = without(prices, "BBB", back, column)
    last = prices.loc[prices["ticker"] == "BBB", "date"].max()
    line = rf"^BBB: no forecast from {last:%Y-%m-%d}: found no {column} on {date:%Y-%m-%d}; accepted: prices "
    with pytest.raises(UserError, match=line):
        forecaster.forecast(changed)
    with pytest.raises(UserError, match=line):
        forecaster.forecast(changed, since=date)
    earlier = prices.loc[(prices["ticker"] == "BBB") & (prices["date"] < date), "date"].tail(3)
    answer = forecaster.forecast(changed, since=earlier.iloc[0])
    assert set(answer.loc[answer["ticker"] == "BBB", "origin"]) == set(earlier)
    same(answer, pipeline_forecasts(walked), ["date", *COLUMNS])


def test_since_a_date_there_are_forecasts_of_the_tickers_that_have_rows_then(
    forecaster: Forecaster, prices: pd.DataFrame, walked: Path
) -> None:
    last = prices.groupby("ticker")["date"].max()
    answer = forecaster.forecast(prices, since=last["BBB"])
    assert set(answer["ticker"]) == {"AAA", "BBB"}
    assert answer["origin"].min() == last["BBB"]
    same(answer, pipeline_forecasts(walked), COLUMNS)
    assert set(forecaster.forecast(prices, since=last["BBB"] + pd.Timedelta(days=1))["ticker"]) == {"AAA"}
    with pytest.raises(UserError, match=r"^prices: found no row on or after 2030-01-01; accepted: rows since then$"):
        forecaster.forecast(prices, since=pd.Timestamp("2030-01-01"))


def test_a_missing_value_before_the_used_rows_changes_nothing(forecaster: Forecaster, prices: pd.DataFrame) -> None:
    changed, _ = without(prices, "BBB", 26, "open")  # 5 sessions of window and 21 before
    np.testing.assert_allclose(forecaster.forecast(changed)["forecast"], forecaster.forecast(prices)["forecast"])


REFUSED: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    ("few rows", lambda own: own.tail(25), r"^BBB: found 25 rows; accepted: at least 26$"),
    ("no column", lambda own: own.drop(columns="volume"), r"^prices: found no column volume; accepted: ticker, date, "),
    ("no volume", lambda own: own.assign(volume=np.nan), r"^BBB: found no value of volume in the last 26 rows; "),
    ("twice", lambda own: own.assign(x=1.0).rename(columns={"x": "close"}), r"^prices: found the column close twice; "),
    ("texts", lambda own: own.assign(open="1"), r"^prices: column open: found str; accepted: numbers$"),
    ("text dates", lambda own: own.assign(date=own["date"].astype(str)), r"^prices: column date: found values that "),
    ("unsorted", lambda own: own.iloc[::-1], r"^BBB: found .* after the same or a later date; accepted: rising dates"),
    ("doubled", lambda own: own.iloc[[*range(len(own)), -1]], r"^BBB: found 2002-08-09 after the same or "),
    ("not above 0", lambda own: own.assign(close=0.0), r"^BBB: found on 2001-01-01: price not above zero; close "),
    (
        "high below low",
        lambda own: own.assign(high=own["low"] / 2),
        r"^BBB: found on 2001-01-01: high below low; .*; accepted: possible values$",
    ),
    ("infinite", lambda own: own.assign(volume=np.inf), r"^BBB: found on 2001-01-01: not a finite number; accepted: "),
    ("no names", lambda own: own.assign(ticker=None), r"^prices: column ticker: found rows without a ticker; "),
    ("zoned", lambda own: own.assign(date=own["date"].dt.tz_localize("UTC")), r"^prices: column date: found values "),
    ("no rows", lambda own: own.iloc[:0], r"^prices: found no rows; accepted: the rows of at least one ticker$"),
]


@pytest.mark.parametrize(("change", "line"), [own[1:] for own in REFUSED], ids=[own[0] for own in REFUSED])
def test_prices_with_a_fault_are_rejected(
    change: Callable[[pd.DataFrame], pd.DataFrame], line: str, forecaster: Forecaster, prices: pd.DataFrame
) -> None:
    with pytest.raises(UserError, match=line):
        forecaster.forecast(change(prices[prices["ticker"] == "BBB"]))


@pytest.mark.parametrize("rows", [lambda own: own.drop(own.index[-9]), lambda own: own.iloc[::2]])
def test_a_missing_step_is_rejected(
    rows: Callable[[pd.DataFrame], pd.DataFrame], of_heat: Forecaster, walked_heat: Path
) -> None:
    oslo = read_table(walked_heat / "data/prices.parquet").query("ticker == 'Oslo'")
    with pytest.raises(UserError, match=r"^Oslo: found 2020-\d\d-\d\d.* after a step of another length; accepted: "):
        of_heat.forecast(rows(oslo))


def test_a_broken_or_missing_model_file_is_named(walked: Path, tmp_path: Path) -> None:
    shutil.copytree(walked / "data", tmp_path / "data")
    (tmp_path / "data/model/price/2.keras").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"model/price/2.keras: found no model that Keras can load; accepted: a file "):
        Forecaster.load(tmp_path / "data")
    (tmp_path / "data/model/price/1.keras").rename(tmp_path / "data/model/price/3.keras")
    with pytest.raises(UserError, match=r"model/price/1.keras: no such file; `dvc repro` makes it$"):
        Forecaster.load(tmp_path / "data")


def test_every_ticker_with_a_fault_is_named(forecaster: Forecaster, prices: pd.DataFrame) -> None:
    changed = prices.copy()
    changed.loc[[100, 600], "close"] = -1.0
    with pytest.raises(UserError) as error:
        forecaster.forecast(changed)
    assert [line[:3] for line in str(error.value).splitlines()] == ["AAA", "BBB"]


def test_a_ticker_without_its_own_scaler_is_rejected_if_it_needs_one(of_heat: Forecaster, walked_heat: Path) -> None:
    heat = read_table(walked_heat / "data/prices.parquet")
    paris = heat[heat["ticker"] == "Rome"].assign(ticker="Paris")
    with pytest.raises(UserError, match=r"^Paris: found no fitted numbers for this ticker; accepted: Oslo, Rome$"):
        of_heat.forecast(paris)


def test_it_needs_no_dvc_no_mlflow_no_params_and_no_repository(walked: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from pipeline.forecaster.forecaster import Forecaster\n"
        "import pandas as pd\n"
        f"folder = Path({str(walked / 'data')!r})\n"
        "found = Forecaster.load(folder).forecast(pd.read_parquet(folder / 'prices.parquet'))\n"
        "print(len(found), sorted({'dvc', 'mlflow', 'arch', 'ruamel'} & set(sys.modules)))\n"
    )
    done = run(tmp_path, sys.executable, "-c", code)
    assert (done.returncode, done.stdout) == (0, "6 []\n"), done.stderr
