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

        Raises UserError where one of them is missing.
        """
        network.make_deterministic()
        files = sorted((folder / "model").glob("*.keras"), key=lambda path: int(path.stem))
        models = [network.loaded(read_bytes(path)) for path in files or [folder / "model/1.keras"]]
        preparation = read_record(folder / "preparation.json", Preparation)
        return cls(preparation, read_record(folder / "bands.json", Bands), models)

    @property
    def window(self) -> int:
        """How many sessions the network sees."""
        return network.window_of(self.models[0])

    @property
    def columns(self) -> list[str]:
        """The columns that a price table must have, beside ticker and date."""
        needs = [FEATURES[name].needs if name in FEATURES else (name,) for name in self.preparation.names]
        known = {name for own in needs for name in own} - {"date"}
        if "log_variance" in known or self.preparation.target == "return" or self.preparation.variance:
            known = known - {"log_variance"} | set(OHLC)
        return sorted(known | {self.preparation.column})

    def forecast(self, prices: pd.DataFrame, *, stale: bool = False) -> pd.DataFrame:
        """The next sessions of each ticker, as many as the horizon, from its last row.

        prices: ticker, date (datetime64, without zone) and `columns`, float64; the dates of each ticker rise. What a
        row sees reaches back `window` + 250 sessions; of fewer rows the answer may differ. stale: where the last row
        cannot be forecast from, take the last one that can, instead of refusing.

        Gives ticker, origin, date, horizon, forecast, lower, upper (values of the forecast column; the band is NaN
        where nothing moves) and volatility (the median of the session's, NaN where it is not forecast).

        Raises UserError, a line for each ticker, for prices that cannot be forecast from.
        """
        self._refuse(prices)
        rows = self._rows(prices)
        at = origins(rows["ticker"].to_numpy(), rows["complete"].to_numpy(), self.window)
        last = pd.Series(at).groupby(rows["ticker"].to_numpy()[at]).max()
        self._refuse_incomplete(prices, rows, last, stale=stale)
        return self._answer(rows, last.to_numpy())

    def _rows(self, prices: pd.DataFrame) -> pd.DataFrame:
        own, following = self.preparation, {}
        for ticker, end in prices.groupby("ticker")["date"].max().items():
            calendar = fitted(own.calendars, str(ticker))
            following[str(ticker)] = calendars.following(calendar.name, end, own.horizon)
        needed = samples.needed(own.target, variance=own.variance is not None)
        rows = samples.known(prices, own.column, own.names, following, own.season, needed)
        return samples.prepared(rows, own)

    def _answer(self, rows: pd.DataFrame, at: NDArray[np.intp]) -> pd.DataFrame:
        own, chosen = self.preparation, rows.iloc[at]
        answers = forecasts(self.models, rows, at, own)[NETWORK]
        if self.bands.scale == NETWORK:
            scale = bands.by_variance(chosen["last"].to_numpy(), answers["variance"])
        else:
            moves = change(rows, priced=own.column in PRICES).to_numpy()[at]
            scale = bands.by_change(moves, own.horizon)
        half = bands.half_widths(scale, self.bands, chosen["ticker"])
        variance = answers.get("variance", np.full(half.shape, np.nan))
        dates = chosen[[table.date(h) for h in range(1, own.horizon + 1)]].to_numpy()
        found = table.by_horizon(
            chosen,
            date=dates,
            forecast=answers["price"],
            lower=answers["price"] - half,
            upper=answers["price"] + half,
            volatility=np.exp(variance / 2),
        )
        columns = ["ticker", "origin", "date", "horizon", "forecast", "lower", "upper", "volatility"]
        return found[columns].reset_index(drop=True)

    def _refuse(self, prices: pd.DataFrame) -> None:
        """Raise UserError for a table that is none of prices, or that returns cannot be taken of."""
        lacking = [name for name in ("ticker", "date", *self.columns) if name not in prices.columns]
        if lacking:
            raise UserError(
                f"prices: found no column {', '.join(lacking)}; accepted: ticker, date, {', '.join(self.columns)}"
            )
        if prices.empty:
            raise UserError("prices: found no rows; accepted: at least one ticker's")
        for name in self.columns:
            if prices[name].isna().all():
                raise UserError(f"prices: found no value of {name}; accepted: numbers")
            if not pd.api.types.is_numeric_dtype(prices[name]):
                raise UserError(f"prices: column {name}: found {prices[name].dtype}; accepted: numbers")
        if not pd.api.types.is_datetime64_dtype(prices["date"]) or prices["date"].isna().any():
            raise UserError("prices: column date: found values that are no dates; accepted: datetime64 without a zone")
        lines = [line for ticker, own in prices.groupby("ticker") for line in self._faults(str(ticker), own)]
        if lines:
            raise UserError("\n".join(lines))

    def _faults(self, ticker: str, prices: pd.DataFrame) -> list[str]:
        """What is wrong with the rows of one ticker: a line, or none."""
        falls = prices["date"][prices["date"].diff() <= pd.Timedelta(0)]
        if len(falls):
            return [
                f"{ticker}: found {moment(falls.iloc[0])} after a date as late; accepted: dates that rise, each once"
            ]
        least = self.window + samples.earlier(self.preparation.names, self.preparation.season)
        if len(prices) < least:
            return [f"{ticker}: found {len(prices)} rows; accepted: at least {least}"]
        logs = [name for name in self.preparation.names if name.startswith("return_")]
        positive = [self.preparation.column] if self.preparation.target == "return" or logs else []
        positive += [name for name in OHLC if set(OHLC) <= set(self.columns)]
        for name in positive:
            low = prices[prices[name] <= 0]
            if len(low):
                found = f"{name} {low[name].iloc[0]:g} on {moment(low['date'].iloc[0])}"
                return [f"{ticker}: found {found}, which has no return; accepted: values above 0"]
        return []

    def _refuse_incomplete(
        self, prices: pd.DataFrame, rows: pd.DataFrame, last: "pd.Series[Any]", *, stale: bool
    ) -> None:
        """Raise UserError for tickers that cannot be forecast from their last row; if stale, from no row."""
        lines = []
        for ticker, own in rows.groupby("ticker"):
            if ticker in last.index and (stale or last[ticker] == own.index[-1]):
                continue
            lines.append(self._gap(str(ticker), prices[prices["ticker"] == ticker]))
        if lines:
            accepted = "prices without such gaps" + ("" if stale else ", or stale=True to forecast from an earlier row")
            raise UserError("\n".join(f"{line}; accepted: {accepted}" for line in lines))

    def _gap(self, ticker: str, prices: pd.DataFrame) -> str:
        """Why the last row has no whole window: the last value that is missing of those it rests on."""
        seen = prices.tail(self.window + samples.earlier(self.preparation.names, self.preparation.season))
        columns = sorted({self.preparation.column} | (set(OHLC) & set(self.columns)))
        gaps = np.argwhere(seen[columns].isna().to_numpy())
        origin = f"{ticker}: no forecast from {moment(prices['date'].iloc[-1])}"
        if not len(gaps):
            return f"{origin}: found no whole season before it"
        row, column = gaps[-1]
        return f"{origin}: found no {columns[column]} on {moment(seen['date'].iloc[row])}"
