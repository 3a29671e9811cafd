"""The forecaster: what the pipeline has fitted, ready to forecast prices that it has not seen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.artifacts import read_bytes, read_record
from pipeline.errors import UserError
from pipeline.forecaster import bands, calendars, checks, network, samples
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.features import FEATURES
from pipeline.forecaster.forecasts import forecasts
from pipeline.forecaster.preparation import Preparation, fitted
from pipeline.forecaster.volatility import change
from pipeline.forecaster.windows import origins
from pipeline.tables import samples as table
from pipeline.tables.forecasts import NETWORK
from pipeline.tables.prices import OHLC, PRICES


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
        network.make_deterministic()
        count = max(1, len(list((folder / "model").glob("*.keras"))))
        files = [folder / f"model/{number}.keras" for number in range(1, count + 1)]
        models = [network.loaded(str(path), read_bytes(path)) for path in files]
        preparation = read_record(folder / "preparation.json", Preparation)
        return cls(preparation, read_record(folder / "bands.json", Bands), models)

    @property
    def window(self) -> int:
        """How many sessions the network sees."""
        return network.window_of(self.models[0])

    @property
    def least(self) -> int:
        """How many sessions of a ticker it needs."""
        return self.window + samples.earlier(self.preparation.names, self.preparation.season)

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
        by_range = self.bands.scale == "current" and fit.ranged
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
        self._refuse(prices)
        rows = self._rows(prices)
        at = origins(rows["ticker"].to_numpy(), rows["complete"].to_numpy(), self.window)
        last = pd.Series(at).groupby(rows["ticker"].to_numpy()[at]).max()
        self._refuse_gaps(prices, rows, last, stale=stale)
        return self._answer(rows, last.to_numpy())

    def _refuse(self, prices: pd.DataFrame) -> None:
        """Raise UserError, a line for each ticker whose rows are not sound."""
        fit, lines = self.preparation, []
        takes_returns = fit.target == "return" or any(name.startswith("return_") for name in fit.names)
        for ticker, rows in prices.groupby("ticker"):
            calendar = fitted(fit.calendars, str(ticker)).name
            if fault := checks.fault(rows, self.least, calendar, fit.column if takes_returns else None):
                lines.append(f"{ticker}: {fault}")
        if lines:
            raise UserError("\n".join(lines))

    def _refuse_gaps(self, prices: pd.DataFrame, rows: pd.DataFrame, last: pd.Series, *, stale: bool) -> None:
        """Raise UserError, a line for each ticker without a forecast from its last row; if stale, from any row.

        rows: the samples of prices; last: by ticker, the last of them that can be forecast from.
        """
        columns = sorted({self.preparation.column} | (set(OHLC) & set(self.columns)))
        lines = [
            f"{ticker}: {checks.gap(prices[prices['ticker'] == ticker].tail(self.least), columns)}"
            for ticker, index in rows.groupby("ticker").groups.items()
            if ticker not in last.index or not (stale or last[ticker] == index[-1])
        ]
        if lines:
            raise UserError("\n".join(lines))

    def _rows(self, prices: pd.DataFrame) -> pd.DataFrame:
        """The samples of these prices, without targets."""
        fit, following = self.preparation, {}
        for ticker, end in prices.groupby("ticker")["date"].max().items():
            calendar = fitted(fit.calendars, str(ticker))
            following[str(ticker)] = calendars.following(calendar.name, end, fit.horizon)
        needed = samples.needed(fit.target, variance=fit.variance is not None)
        rows = samples.known(prices, fit.column, fit.names, following, fit.season, needed)
        return samples.prepared(rows, fit)

    def _answer(self, rows: pd.DataFrame, at: NDArray[np.intp]) -> pd.DataFrame:
        """The forecast from these positions of the rows."""
        chosen, horizon = rows.iloc[at], self.preparation.horizon
        answers = forecasts(self.models, rows, at, self.preparation)[NETWORK]
        if self.bands.scale == NETWORK:
            scale = bands.by_variance(chosen["last"].to_numpy(), answers["variance"])
        else:
            size = change(rows, priced=self.preparation.column in PRICES).to_numpy()[at]
            scale = bands.by_change(size, horizon)
        half = bands.half_widths(scale, self.bands, chosen["ticker"])
        variance = answers.get("variance", np.full(half.shape, np.nan))
        found = table.by_horizon(
            chosen,
            date=chosen[[table.date(h) for h in range(1, horizon + 1)]].to_numpy(),
            forecast=answers["price"],
            lower=answers["price"] - half,
            upper=answers["price"] + half,
            volatility=np.exp(variance / 2),
        )
        columns = ["ticker", "origin", "date", "horizon", "forecast", "lower", "upper", "volatility"]
        return found[columns].reset_index(drop=True)
