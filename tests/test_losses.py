import numpy as np

from studies.losses import losses_of, qlike_of


def test_the_loss_of_scaled_departures_is_qlike_of_the_variances() -> None:
    rng = np.random.default_rng(0)
    log_variance, forecast, baseline = rng.normal(size=(3, 4, 2))
    scale = np.array([0.5, 2.0])
    ratio = np.exp(log_variance) / np.exp(forecast)
    expected = ratio - np.log(ratio) - 1
    departures = ((values - baseline) / scale for values in (log_variance, forecast))
    found = qlike_of(scale)(*(values.astype(np.float32) for values in departures))
    np.testing.assert_allclose(found, expected.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(losses_of(log_variance, forecast, np.ones(2)), expected)
