"""Ridge regression and boosted trees on the network's own windows and targets: what is left for a network to add."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV

from pipeline.errors import UserError
from pipeline.tables import rows as table
from pipeline.windows import origins, windows

Floats = NDArray[np.float64]
Kind = Literal["ridge", "boosting"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PENALTIES = np.logspace(-1, 5, 25)
# Chosen on the sample's validation part, of 1 to 5 sessions ahead and of both targets.
TREES = {"max_iter": 50, "learning_rate": 0.05, "max_leaf_nodes": 16, "min_samples_leaf": 20}


def answers(kind: Kind, rows: pd.DataFrame, window: int) -> tuple[NDArray[np.intp], dict[str, Floats]]:
    """The rows where the last `window` ones are complete, (origins,), and what is answered there: for each target the
    scaled departures, (origins, horizon) float64. Both kinds are fitted once on train, pooled over tickers.

    rows: of tables/rows. Raises UserError where no train row has its window.
    """
    at = origins(rows["ticker"].to_numpy(), (rows["split"] != "warmup").to_numpy(), window)
    chosen, targets = rows.iloc[at], table.targets_of(rows)
    inputs = windows(rows[table.features_of(rows)].to_numpy(np.float32), at, window).reshape(len(at), -1)
    train = (chosen["split"] == "train").to_numpy()
    if not train.any():
        raise UserError(
            f"params.yaml: benchmark.window: found {window}, which leaves no sample for train; accepted: a smaller one"
        )
    departures = np.column_stack([table.scaled_of(chosen, name) for name in targets]).astype(np.float64)
    answer = {"ridge": ridge, "boosting": boosting}[kind](inputs.astype(np.float64), departures, train)
    return at, dict(zip(targets, np.split(answer, len(targets), axis=1), strict=True))


def ridge(inputs: Floats, targets: Floats, train: NDArray[np.bool_]) -> Floats:
    """Hoerl and Kennard (1970), "Ridge regression: biased estimation for nonorthogonal problems", Technometrics
    12(1); each target's penalty is the one of PENALTIES with the least leave-one-out error over train (Allen 1974, "The
    relationship between variable selection and data augmentation and a method for prediction", Technometrics 16(1)).

    inputs: (rows, inputs); targets: (rows, targets); train: (rows,). Gives (rows, targets).
    """
    model = RidgeCV(PENALTIES, alpha_per_target=True).fit(inputs[train], targets[train])
    return model.predict(inputs).reshape(targets.shape)


def boosting(inputs: Floats, targets: Floats, train: NDArray[np.bool_]) -> Floats:
    """Gradient boosting of trees on squared errors (Friedman 2001, "Greedy function approximation: a gradient boosting
    machine", Annals of Statistics 29(5)), on histograms; as many trees as TREES says, one model for each target.

    Arrays as of `ridge`.
    """
    answer = np.empty(targets.shape)
    for column, target in enumerate(targets.T):
        model = HistGradientBoostingRegressor(**TREES, early_stopping=False, random_state=0)
        answer[:, column] = model.fit(inputs[train], target[train]).predict(inputs)
    return answer
