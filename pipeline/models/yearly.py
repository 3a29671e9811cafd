"""Walking forward: a model that is fitted again each year."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.forecaster import samples as table
from pipeline.models.model import Floats, Model, Samples


def yearly(model: Model) -> Model:
    """A model that takes its targets from later rows, as those of the variance do, for purged samples hold none. It is
    fitted again each 1 January after the year of the last train origin: each horizon on train and on
    every other sample, purged ones included, whose target for that horizon lies before that day. The train fit serves
    until then.
    """

    def fit(samples: Samples, horizons: Sequence[int]) -> dict[int, list[Any]]:
        """By the year in which it begins to serve, then by horizon."""
        split, years = samples.rows["split"], samples.rows["date"].dt.year
        train = split == "train"
        first = int(years[train].max())
        fits = {first: [model.fit(samples, [h]) for h in horizons]}
        for year in sorted(int(year) for year in years[years > first].unique()):
            fits[year] = []
            for h in horizons:
                past = samples.rows[table.date(h)] < pd.Timestamp(year, 1, 1)
                seen = train | (past & (split != "warmup"))
                refit = replace(samples, rows=samples.rows.assign(split=np.where(seen, "train", "later")))
                fits[year].append(model.fit(refit, [h]))
        return fits

    def forecast(fitted: dict[int, list[Any]], samples: Samples) -> Floats:
        years, first = samples.rows["date"].dt.year.to_numpy(), min(fitted)
        found = np.full((len(years), len(fitted[first])), np.nan)
        for year, fits in fitted.items():
            at = years <= first if year == first else years == year
            for column, own in enumerate(fits):
                found[at, column] = model.forecast(own, samples)[at, 0]
        return found

    return Model(f"{model.name}_yearly", model.target, fit, forecast)
