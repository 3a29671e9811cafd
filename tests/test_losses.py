import numpy as np
import pandas as pd
import statsmodels.api as sm

from pipeline.targets import ahead
from studies.losses import lhar, qlike, qlike_of


def test_lhar_is_ordinary_least_squares_on_variances_and_losses(two_tickers_rows: pd.DataFrame) -> None:
    rows = two_tickers_rows[two_tickers_rows["ticker"] == "AAA"].reset_index(drop=True)
    r = np.log(rows["last"] / rows["last"].shift())
    columns = {f"g{n}": rows["log_variance"].rolling(n).mean() for n in (1, 5, 22)}
    columns |= {f"r{n}": np.minimum(r.rolling(n).sum() / n, 0) for n in (1, 5, 22)}
    exog = sm.add_constant(pd.DataFrame(columns))
    known = exog.notna().all(axis=1)
    train, future = (rows["split"] == "train") & known, ahead(rows, "log_variance", 3)
    found = lhar(rows, 3)
    for h in range(3):
        fit = sm.OLS(future[train, h], exog[train]).fit()
        np.testing.assert_allclose(found[known, h], fit.predict(exog[known]), rtol=1e-6)


def test_the_loss_of_scaled_departures_is_qlike_of_the_variances() -> None:
    rng = np.random.default_rng(0)
    log_variance, forecast, baseline = rng.normal(size=(3, 4, 2))
    scale = np.array([0.5, 2.0])
    ratio = np.exp(log_variance) / np.exp(forecast)
    expected = ratio - np.log(ratio) - 1
    departures = ((values - baseline) / scale for values in (log_variance, forecast))
    found = qlike_of(scale)(*(values.astype(np.float32) for values in departures))
    np.testing.assert_allclose(found, expected.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(qlike(log_variance - forecast), expected)
