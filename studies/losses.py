"""Is the network's variance better by QLIKE too, and would it be, fitted on QLIKE? Writes docs/studies/losses.csv.

QLIKE is v / f - log(v / f) - 1 of a variance v and its forecast f: Patton (2011), "Volatility forecast comparison using
imperfect volatility proxies", Journal of Econometrics 160(1). A forecast of the log variance becomes one of the
variance by exp and, where smeared, times the mean over train of exp(actual - predicted): Duan (1983), "Smearing
estimate: a nonparametric retransformation method", Journal of the American Statistical Association 78(383).

On the sample, scored on the later half of validation, which early stopping has not seen. The networks are means of the
members, with a variance head alone.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from keras import ops
from numpy.typing import NDArray

from pipeline.artifacts import read_record, write_csv
from pipeline.forecaster import network, splits
from pipeline.forecaster.preparation import ALL, Preparation
from pipeline.forecaster.targets import ahead
from pipeline.forecaster.windows import origins, windows
from pipeline.models.model import Samples
from pipeline.models.variance import LHAR
from pipeline.scores import qlike, smearing
from pipeline.sources import canonical, sample
from pipeline.tables import samples as table
from studies import candidates, study
from studies.choices import CHOSEN, CONFIGURATIONS, START

LOSSES = study.ROOT / "docs/studies/losses.csv"

Floats = NDArray[np.float64]


def main() -> None:
    start = study.changed(study.committed("params.yaml"), START)
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        candidates.write(folder, canonical(sample.prices().prices))
        for name in ("start", CHOSEN):
            params = study.changed(start, CONFIGURATIONS[name])
            study.run(folder, params, last="prepare")
            rows = study.samples_in(folder)
            preparation = read_record(folder / "data/preparation.json", Preparation)
            found.append(compared(rows, preparation, params["train"]).assign(configuration=name))
    whole = pd.concat(found)[["configuration", "model", "horizon", "mse", "qlike", "qlike_smeared", "smear"]]
    write_csv(LOSSES, whole.round(4))
    print(whole.to_string(index=False))


def compared(rows: pd.DataFrame, preparation: Preparation, params: dict[str, Any]) -> pd.DataFrame:
    """`scores` of HAR, LHAR and both networks."""
    steps = range(1, table.horizon_of(rows) + 1)
    scale = np.array([scaler.scale for scaler in preparation.targets["variance"].scalers[ALL]])
    at = origins(rows["ticker"].to_numpy(), (rows["split"] != "warmup").to_numpy(), params["window"])
    chosen, actual = rows.iloc[at], ahead(rows, "log_variance", len(steps))[at]
    har = chosen[[table.baseline("variance", h) for h in steps]].to_numpy(np.float64)
    inputs = windows(rows[table.features_of(rows)].to_numpy(np.float32), at, params["window"])
    samples = Samples(rows, preparation, window=1)
    forecasts = {"HAR": har, "LHAR": LHAR.forecast(LHAR.fit(samples, steps), samples)[at]}
    for name, loss in {"network": "mse", "network fitted on QLIKE": qlike_of(scale)}.items():
        forecasts[name] = har + scale * departures(chosen, inputs, params, loss)
    return pd.concat([scores(chosen, actual, forecast).assign(model=name) for name, forecast in forecasts.items()])


def qlike_of(scale: Floats) -> Any:
    """QLIKE as a loss of scaled departures: log(v / f) is the scale times the departures' difference."""

    def loss(actual: Any, predicted: Any) -> Any:
        log = ops.cast(scale, "float32") * (actual - predicted)
        return ops.mean(ops.exp(log) - log - 1, axis=-1)

    return loss


def departures(rows: pd.DataFrame, inputs: network.Floats, params: dict[str, Any], loss: Any) -> Floats:
    """The mean of the members' scaled departures from HAR: (rows, horizon)."""
    scaled, horizon = table.scaled_of(rows, "variance"), table.horizon_of(rows)
    shape = {name: params[name] for name in ("cell", "units", "bidirectional", "dropout")}
    how = {name: params[name] for name in ("optimizer", "learning_rate", "weight_decay", "batch_size", "epochs")}
    train, stopping = (
        (inputs[part], {"variance": scaled[part]}) for part in (rows["split"] == "train", splits.stopping(rows))
    )
    found = []
    for member in range(params["members"]):
        network.seed(params["seed"] + member)
        model = network.build(inputs.shape[1:], ["variance"], horizon, **shape)
        how |= {"loss_weights": {"variance": 1.0}, "patience": params["patience"]}
        history = network.fit(model, train, stopping, **how, loss=loss, progress=False)
        print(f"best epoch {history['val_loss'].argmin() + 1}", flush=True)
        found.append(network.answers(model, inputs)["variance"].astype(np.float64))
    return np.mean(found, axis=0)


def scores(rows: pd.DataFrame, actual: Floats, predicted: Floats) -> pd.DataFrame:
    """MSE of log variances and QLIKE by horizon, on the later half of validation."""
    train, later = (rows["split"] == "train").to_numpy(), splits.calibration(rows).to_numpy()
    smear = smearing_of(actual[train], predicted[train])
    measures = {
        "mse": (actual - predicted)[later] ** 2,
        "qlike": losses_of(actual[later], predicted[later], np.ones(len(smear))),
        "qlike_smeared": losses_of(actual[later], predicted[later], smear),
    }
    means = {name: values.mean(axis=0) for name, values in measures.items()}
    return pd.DataFrame({"horizon": np.arange(1, len(smear) + 1), **means, "smear": smear})


def smearing_of(actual: Floats, predicted: Floats) -> Floats:
    """Each horizon's smearing estimate: (rows, horizon) twice -> (horizon,)."""
    return np.concatenate([smearing(own, theirs[:, None]) for own, theirs in zip(actual.T, predicted.T, strict=True)])


def losses_of(actual: Floats, predicted: Floats, smear: Floats) -> Floats:
    """QLIKE of each forecast, (rows, horizon)."""
    columns = zip(actual.T, predicted.T, smear, strict=True)
    return np.column_stack([qlike(own, theirs[:, None], np.array([factor])) for own, theirs, factor in columns])


if __name__ == "__main__":
    main()
