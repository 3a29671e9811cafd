"""Series that all tests share, made from a seed."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.quality import TickerReport


def made_heat(ticker: str, hours: int, seed: int) -> pd.DataFrame:
    """An hourly temperature, below zero at times: a daily wave, weather that stays for hours, and some gaps."""
    rng, weather = np.random.default_rng(seed), [0.0]
    for _ in range(hours - 1):
        weather.append(0.95 * weather[-1] + rng.normal(0, 0.5))
    dates = pd.date_range("2020-01-01", periods=hours, freq="1h").as_unit("us")
    heat = pd.Series(3 - 6 * np.cos(dates.hour.to_numpy() * 2 * np.pi / 24) + weather)
    heat[rng.choice(np.arange(1, hours - 1), hours // 50, replace=False)] = np.nan
    return pd.DataFrame({"ticker": ticker, "date": dates, "heat": heat, "wind": rng.gamma(2, 2, hours)})


def made_prices(ticker: str, sessions: int, seed: int) -> pd.DataFrame:
    """Daily prices whose volatility clusters: GARCH(1,1) returns, each session's range from 20 steps within it."""
    rng = np.random.default_rng(seed)
    variance, steps = 1e-4, []
    for _ in range(sessions):
        own = rng.normal(0, np.sqrt(variance / 20), 20)
        steps.append(own)
        variance = 5e-6 + 0.1 * own.sum() ** 2 + 0.85 * variance
    return prices_of(ticker, np.array(steps), rng.integers(1000, 9000, sessions).astype(float))


def prices_of(ticker: str, steps: np.ndarray, volume: np.ndarray) -> pd.DataFrame:
    """Daily prices from the log returns of the steps within each session, (sessions, steps), and its volume."""
    path = 100 * np.exp(np.cumsum(steps)).reshape(steps.shape)
    opened = np.concatenate([[100.0], path[:-1, -1]])
    return pd.DataFrame({
        "ticker": ticker,
        "date": pd.bdate_range("2001-01-01", periods=len(steps)).as_unit("us"),
        "open": opened,
        "high": np.maximum(path.max(axis=1), opened),
        "low": np.minimum(path.min(axis=1), opened),
        "close": path[:, -1],
        "adj_close": path[:, -1],
        "volume": volume,
        "dividends": np.nan,
        "splits": np.nan,
    })  # fmt: skip


def made_report(**found: Any) -> TickerReport:
    """What reports/scrape.json says of a ticker of 1,000 sessions in which nothing is odd, but for `found`."""
    none: dict[str, Any] = {name: [] for name in TickerReport.model_fields}
    none |= {
        "calendar": "24/5",
        "sessions": 1000,
        "first": "",
        "last": "",
        "unit": "",
        "unchecked_sessions": 0,
        "zero_volumes": 0,
    }
    return TickerReport(**{**none, "missing_values": {}, "irregular": {}, **found})
