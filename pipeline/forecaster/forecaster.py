"""The forecaster: what the pipeline has fitted, ready to forecast prices that it has not seen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.artifacts import read_bytes, read_record
from pipeline.errors import UserError
from pipeline.findings import moment
from pipeline.forecaster import bands, calendars, network, samples
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.features import FEATURES
from pipeline.forecaster.forecasts import forecasts
from pipeline.forecaster.preparation import Preparation, fitted
from pipeline.forecaster.volatility import change
from pipeline.forecaster.windows import origins
from pipeline.prices import impossible
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

        Raises UserError where one of them is missing, or was written in another form.
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
    def columns(self) -> list[str]:
        """The columns that a price table must have, beside ticker and date."""
        own = self.preparation
        needs = [FEATURES[name].needs if name in FEATURES else (name,) for name in own.names]
        names = {own.column, *(name for need in needs for name in need)} - {"date"}
        by_range = self.bands.scale == "current" and own.ranged
        if "log_variance" in names or own.target == "return" or own.variance or by_range:
            names = names - {"log_variance"} | set(OHLC)
        return sorted(names)

    def forecast(self, prices: pd.DataFrame, *, stale: bool = False) -> pd.DataFrame:
        """The next sessions of each ticker, as many as the horizon, from its last row.

        prices: ticker, date (datetime64, no zone) and `columns`, numbers; the dates of each ticker rise. A forecast
        depends on `window` + 250 sessions; `least` are enough, but give another one. stale: where there is no forecast
        from the last row, take the last row that has one, instead of refusing.

        Gives ticker, origin, date, horizon, forecast, lower, upper (values of the forecast column; the band is NaN
        where nothing moves) and volatility (the median of the session's, 0.01 for 1 %; NaN where it is not forecast).

        Raises UserError, a line for each ticker, for prices without a forecast.
        """
        prices = self._checked(prices)
        rows = self._rows(prices)
        at = origins(rows["ticker"].to_numpy(), rows["complete"].to_numpy(), self.window)
        last = pd.Series(at).groupby(rows["ticker"].to_numpy()[at]).max()
        self._refuse_incomplete(prices, rows, last, stale=stale)
        return self._answer(rows, last.to_numpy())

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

    def _checked(self, prices: pd.DataFrame) -> pd.DataFrame:
        """The columns that are needed, as float64. Raises UserError for a table that is none of prices."""
        wanted = ["ticker", "date", *self.columns]
        if lacking := [name for name in wanted if name not in prices.columns]:
            raise UserError(f"prices: found no column {', '.join(lacking)}; accepted: {', '.join(wanted)}")
        if doubled := [name for name in wanted if list(prices.columns).count(name) > 1]:
            raise UserError(f"prices: found the column {doubled[0]} twice; accepted: each once")
        if prices.empty:
            raise UserError("prices: found no rows; accepted: at least one ticker's")
        if prices["ticker"].isna().any():
            raise UserError("prices: column ticker: found rows without one; accepted: a name in each")
        if not pd.api.types.is_datetime64_dtype(prices["date"]) or prices["date"].isna().any():
            raise UserError("prices: column date: found values that are no dates; accepted: datetime64 without a zone")
        for name in self.columns:
            if not pd.api.types.is_numeric_dtype(prices[name]):
                raise UserError(f"prices: column {name}: found {prices[name].dtype}; accepted: numbers")
        kinds = {"date": "datetime64[us]", **dict.fromkeys(self.columns, "float64")}
        checked = prices[wanted].astype(kinds).reset_index(drop=True)
        if lines := [line for ticker, own in checked.groupby("ticker") for line in self._faults(str(ticker), own)]:
            raise UserError("\n".join(lines))
        return checked

    def _faults(self, ticker: str, prices: pd.DataFrame) -> list[str]:
        """What is wrong with the rows of one ticker: a line, or none."""
        falls = prices["date"][prices["date"].diff() <= pd.Timedelta(0)]
        if len(falls):
            late = moment(falls.iloc[0])
            return [f"{ticker}: found {late} after a date as late; accepted: dates that rise, each once"]
        if len(prices) < self.least:
            return [f"{ticker}: found {len(prices)} rows; accepted: at least {self.least}"]
        step = calendars.step(fitted(self.preparation.calendars, ticker).name)
        uneven = prices["date"][prices["date"].diff().iloc[1:].reindex(prices.index) != step].iloc[1:]
        if step is not None and len(uneven):
            accepted = f"a row every {step}, its value missing where there is none"
            return [f"{ticker}: found {moment(uneven.iloc[0])} after another step; accepted: {accepted}"]
        if empty := [name for name in self.columns if prices[name].tail(self.least).isna().all()]:
            return [f"{ticker}: found no value of {empty[0]} in the last {self.least} rows; accepted: numbers"]
        # What is known of a close is known of it beside the other three, and of the volume.
        ranged = set(OHLC) <= set(self.columns)
        asked = prices.assign(volume=prices.get("volume", 0.0)) if ranged else prices.rename(columns={"close": "value"})
        for row in impossible(asked, None).itertuples():
            return [f"{ticker} {moment(row.date)}: {row.reason}; accepted: rows that can be true"]
        column, names = self.preparation.column, self.preparation.names
        low = prices[prices[column] <= 0]
        if len(low) and (self.preparation.target == "return" or any(name.startswith("return_") for name in names)):
            found = f"{column} {low[column].iloc[0]:g} on {moment(low['date'].iloc[0])}"
            return [f"{ticker}: found {found}, which has no return; accepted: values above 0"]
        return []

    def _refuse_incomplete(
        self, prices: pd.DataFrame, rows: pd.DataFrame, last: "pd.Series[Any]", *, stale: bool
    ) -> None:
        """Raise UserError for tickers without a forecast from their last row; if stale, from any row."""
        lines = []
        for ticker, own in rows.groupby("ticker"):
            if ticker in last.index and (stale or last[ticker] == own.index[-1]):
                continue
            lines.append(self._gap(str(ticker), prices[prices["ticker"] == ticker]))
        if lines:
            raise UserError("\n".join(f"{line}; accepted: prices without such gaps" for line in lines))

    def _gap(self, ticker: str, prices: pd.DataFrame) -> str:
        """Why there is no forecast from the last row: the last value that is missing of those it rests on."""
        seen = prices.tail(self.least)
        columns = sorted({self.preparation.column} | (set(OHLC) & set(self.columns)))
        gaps = np.argwhere(seen[columns].isna().to_numpy())
        origin = f"{ticker}: no forecast from {moment(prices['date'].iloc[-1])}"
        if not len(gaps):
            return f"{origin}: found no whole season before it"
        row, column = gaps[-1]
        return f"{origin}: found no {columns[column]} on {moment(seen['date'].iloc[row])}"
