"""The forecaster: what the pipeline has fitted, ready to forecast prices that it has not seen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import bands, checks, ensemble, inputs, network
from pipeline.forecaster import samples as table
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.features import FEATURES, take_returns
from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.preparation import Preparation, fitted
from pipeline.forecaster.targets import change
from pipeline.io.artifacts import read_record
from pipeline.prices import OHLC, PRICES


@dataclass(frozen=True)
class Forecaster:
    """preparation: how samples are made; bands: how wide they are; models: the members of the network."""

    preparation: Preparation
    bands: Bands
    models: list[network.Model]

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """The one whose files lie in a folder: preparation.json, bands.json, model/1.keras ...

        Raises UserError for a file that is missing, or was written in another form. The network has as many members as
        there are files.
        """
        models = ensemble.loaded(folder / "model")
        preparation = read_record(folder / "preparation.json", Preparation)
        return cls(preparation, read_record(folder / "bands.json", Bands), models)

    @property
    def window(self) -> int:
        """How many sessions the network sees."""
        return network.window_of(self.models[0])

    @property
    def least(self) -> int:
        """How many sessions of a ticker it needs."""
        return self.window + inputs.earlier(self.preparation.names, self.preparation.season_length)

    @property
    def reach(self) -> int:
        """How many sessions of a ticker a forecast may depend on; made of fewer, it differs a little."""
        features = [FEATURES[name].reach for name in self.preparation.names if name in FEATURES]
        return self.window + max([self.least - self.window, *features])

    @property
    def columns(self) -> list[str]:
        """The columns that a price table must have, beside ticker and date."""
        fit = self.preparation
        needs = [FEATURES[name].needs if name in FEATURES else (name,) for name in fit.names]
        names = {fit.column, *(name for need in needs for name in need)} - {"date"}
        by_range = self.bands.method == "current" and fit.ranged
        if "log_variance" in names or fit.target == "return" or fit.variance or by_range:
            names = names - {"log_variance"} | set(OHLC)
        return sorted(names)

    def forecast(self, prices: pd.DataFrame, *, stale: bool = False) -> pd.DataFrame:
        """The next sessions of each ticker, as many as the horizon, from its last row.

        prices: ticker, date (datetime64, no zone) and `columns`, numbers; the dates of each ticker rise. A forecast
        may depend on `reach` sessions; `least` are enough, but give a slightly other one. stale: where there is no
        forecast from the last row, take the last row that has one, instead of refusing.

        Gives ticker, origin, date, horizon, forecast, lower, upper (values of the forecast column; the band is NaN
        where nothing moves) and volatility (the median of the session's, 0.01 for 1 %; NaN where it is not forecast).

        Raises UserError, a line for each ticker, for prices without a forecast.
        """
        prices = checks.checked(prices, self.columns)
        by_ticker = dict(iter(prices.groupby("ticker")))
        checks.refuse({ticker: self._fault(str(ticker), own) for ticker, own in by_ticker.items()})
        rows = self._rows(prices)
        at = pd.Series(table.origins(rows, self.window))
        last = at.groupby(rows["ticker"].to_numpy()[at]).max().reindex(list(by_ticker))
        ends = pd.Series(np.arange(len(rows))).groupby(rows["ticker"]).max()
        lacking = last.isna() if stale else last != ends
        rests_on = sorted({self.preparation.column} | (set(OHLC) & set(self.columns)))
        gaps = {ticker: checks.gap(by_ticker[ticker].tail(self.least), rests_on) for ticker in last.index[lacking]}
        checks.refuse(gaps)
        return self._answer(rows, last.to_numpy(np.intp))

    def _fault(self, ticker: str, prices: pd.DataFrame) -> str | None:
        """What is wrong with the rows of one ticker."""
        fit = self.preparation
        returns_of = fit.column if take_returns(fit.target, fit.names) else None
        return checks.fault(prices, self.least, fitted(fit.calendars, ticker).name, returns_of)

    def _rows(self, prices: pd.DataFrame) -> pd.DataFrame:
        """The samples of these prices, without targets."""
        fit = self.preparation
        needed = inputs.needed(fit.target, variance=fit.variance is not None)
        rows = inputs.known(prices, fit.column, fit.names, fit.calendars, fit.horizon, fit.season_length, needed)
        rows = rows.assign(split=np.where(rows["complete"], "future", "warmup"))
        return inputs.prepared(rows, fit)

    def _answer(self, rows: pd.DataFrame, at: NDArray[np.intp]) -> pd.DataFrame:
        """The forecast from these positions of the rows."""
        chosen, horizon = rows.iloc[at], self.preparation.horizon
        answers = ensemble.forecasts(self.models, rows, at, self.preparation)[NETWORK]
        if self.bands.method == NETWORK:
            scale = bands.by_variance(chosen["last"].to_numpy(), answers["variance"])
        else:
            size = change(rows, priced=self.preparation.column in PRICES).to_numpy()[at]
            scale = bands.by_change(size, horizon)
        half = bands.half_widths(scale, self.bands, chosen["ticker"])
        variance = answers.get("variance", np.full(half.shape, np.nan))
        found = table.by_horizon(
            chosen,
            date=table.dates_of(chosen),
            forecast=answers["price"],
            lower=answers["price"] - half,
            upper=answers["price"] + half,
            volatility=np.exp(variance / 2),
        )
        columns = ["ticker", "origin", "date", "horizon", "forecast", "lower", "upper", "volatility"]
        return found[columns].reset_index(drop=True)
