"""The forecaster: everything that the pipeline has fitted, ready to forecast new prices."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.forecaster import bands, checks, ensemble, inputs, network, samples
from pipeline.forecaster.bands import Bands
from pipeline.forecaster.features import FEATURES, uses_returns
from pipeline.forecaster.forecasts import NETWORK
from pipeline.forecaster.preparation import Preparation, for_ticker
from pipeline.forecaster.targets import typical_change
from pipeline.formats import format_date
from pipeline.io.artifacts import read_record
from pipeline.io.errors import UserError
from pipeline.prices import OHLC, PRICES


@dataclass(frozen=True)
class Forecaster:
    """preparation: how samples are made; bands: the calibrated quantiles; members: the networks of each target."""

    preparation: Preparation
    bands: Bands
    members: dict[str, network.Ensemble]

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """Load preparation.json, bands.json and the networks model/price/1.keras, ... of a folder.

        Raises UserError for a file that is missing or has another form. The number of members is the number of files.
        """
        preparation = read_record(folder / "preparation.json", Preparation)
        members = ensemble.load_members(folder / "model", preparation)
        return cls(preparation, read_record(folder / "bands.json", Bands), members)

    def warm_up(self) -> None:
        """Trace the networks, so that the first forecast takes no longer than the next ones."""
        features = np.zeros((self.window, len(self.preparation.feature_names)), np.float32)
        for networks in self.members.values():
            networks.predict(features, np.array([self.window - 1]))

    @property
    def window(self) -> int:
        """The number of sessions in the network's window."""
        return self.members["price"].window

    @property
    def min_sessions(self) -> int:
        """The number of sessions of a ticker that a forecast needs."""
        return self.window + inputs.min_earlier_rows(self.preparation.feature_names, self.preparation.season_length)

    @property
    def max_sessions(self) -> int:
        """The number of sessions of a ticker that a forecast can depend on. With fewer, it differs a little."""
        lookbacks = [FEATURES[name].max_lookback for name in self.preparation.feature_names if name in FEATURES]
        return self.window + max([self.min_sessions - self.window, *lookbacks])

    @property
    def columns(self) -> list[str]:
        """The columns that a price table must have, besides ticker and date."""
        return inputs.price_columns(self.preparation, band_method=self.bands.method)

    def forecast(self, prices: pd.DataFrame, *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Forecast the next sessions of each ticker from its last row, up to the horizon.

        prices: ticker, date (datetime64, no time zone) and the numeric `columns`. The dates of each ticker must rise.
        Each ticker needs `min_sessions` rows. With `max_sessions` rows, more rows change nothing.
        since: forecast from each row on or after this date that has no gap in its window, not from the last row only.
        A ticker without rows since then has no forecast.

        The result has ticker, origin, date, horizon, forecast, lower, upper and volatility. forecast, lower and upper
        are values of the forecast column. The band is NaN where the series does not move. volatility is the median
        volatility of the session, such as 0.01 for 1 %. It is NaN where the variance is not forecast.

        Raises UserError, with one line for each ticker that has no forecast.
        """
        prices = checks.checked_prices(prices, self.columns)
        prices_by_ticker = dict(iter(prices.groupby("ticker")))
        checks.raise_faults({name: self._fault(str(name), table) for name, table in prices_by_ticker.items()})
        rows = self._rows(pd.concat(prices_by_ticker.values()))
        is_wanted = ~rows.duplicated("ticker", keep="last") if since is None else rows["date"] >= since
        positions = samples.origins(rows, self.window)
        positions = positions[is_wanted.to_numpy()[positions]]
        needed = sorted({self.preparation.column} | (set(OHLC) & set(self.columns)))
        if not is_wanted.any():
            raise UserError(f"prices: found no row on or after {format_date(since)}; accepted: rows since then")
        without = set(rows["ticker"][is_wanted]) - set(rows["ticker"].iloc[positions])
        tails = {name: prices_by_ticker[name].tail(self.min_sessions) for name in sorted(without)}
        checks.raise_faults({name: checks.gap_message(tail, needed) for name, tail in tails.items()})
        return self._forecast_from(rows, positions)

    def _fault(self, ticker: str, prices: pd.DataFrame) -> str | None:
        """Describe the first fault in the rows of one ticker, if any."""
        preparation = self.preparation
        takes_returns = uses_returns(preparation.target, preparation.feature_names)
        calendar = for_ticker(preparation.calendars, ticker).name
        return checks.first_fault(prices, self.min_sessions, calendar, preparation.column if takes_returns else None)

    def _rows(self, prices: pd.DataFrame) -> pd.DataFrame:
        """Return the samples of these prices, without targets."""
        fitted = self.preparation
        required = inputs.required_columns(fitted.target, variance=fitted.variance is not None)
        rows = inputs.unscaled_rows(
            prices,
            fitted.column,
            fitted.feature_names,
            fitted.calendars,
            fitted.horizon,
            fitted.season_length,
            required,
        )
        rows = rows.assign(split=np.where(rows["complete"], "future", "warmup"))
        return inputs.prepared_rows(rows, fitted)

    def _forecast_from(self, rows: pd.DataFrame, positions: NDArray[np.intp]) -> pd.DataFrame:
        """Return the forecast with its band from these positions of the rows."""
        origins, horizon = rows.iloc[positions], self.preparation.horizon
        by_target = ensemble.forecasts(self.members, rows, positions, self.preparation)
        forecasts = {target: by_model[NETWORK] for target, by_model in by_target.items()}
        if self.bands.method == NETWORK:
            scale = bands.scale_from_variance(origins["last"].to_numpy(), forecasts["variance"])
        else:
            change = typical_change(rows, priced=self.preparation.column in PRICES).to_numpy()[positions]
            scale = bands.scale_from_change(change, horizon)
        half_width = bands.half_widths(scale, self.bands.quantiles, origins["ticker"])
        log_variance = forecasts.get("variance", np.full(half_width.shape, np.nan))
        table = samples.by_horizon(
            origins,
            date=samples.target_dates(origins),
            forecast=forecasts["price"],
            lower=forecasts["price"] - half_width,
            upper=forecasts["price"] + half_width,
            volatility=np.exp(log_variance / 2),
        )
        columns = ["ticker", "origin", "date", "horizon", "forecast", "lower", "upper", "volatility"]
        return table[columns].reset_index(drop=True)
