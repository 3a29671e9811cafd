"""Models that are fitted again each year (walk-forward)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.forecaster.samples import date_column
from pipeline.models.model import Floats, Model, Samples


def refit_yearly(model: Model) -> Model:
    """Return the model with a new fit on each 1 January after the year of the last train origin.

    The fit on train is used until then. Each later fit uses train and every other sample whose target for that horizon
    is before that day, purged samples included. Their target columns are null, so the model must take its targets from
    later rows, as the models of the variance do.
    """

    def fit(samples: Samples, horizons: Sequence[int]) -> dict[int, list[Any]]:
        """Return the fits by the first year in which they are used, then by horizon."""
        split, years = samples.rows["split"], samples.rows["date"].dt.year
        is_train = split == "train"
        first_year = int(years[is_train].max())
        fits = {first_year: [model.fit(samples, [h]) for h in horizons]}
        for year in sorted(int(year) for year in years[years > first_year].unique()):
            fits[year] = []
            for h in horizons:
                is_past = samples.rows[date_column(h)] < pd.Timestamp(year, 1, 1)
                used = is_train | (is_past & (split != "warmup"))
                refit = replace(samples, rows=samples.rows.assign(split=np.where(used, "train", "later")))
                fits[year].append(model.fit(refit, [h]))
        return fits

    def forecast(fitted: dict[int, list[Any]], samples: Samples) -> Floats:
        years, first_year = samples.rows["date"].dt.year.to_numpy(), min(fitted)
        forecasts = np.full((len(years), len(fitted[first_year])), np.nan)
        for year, fits in fitted.items():
            in_year = years <= first_year if year == first_year else years == year
            for column, fit_of_horizon in enumerate(fits):
                forecasts[in_year, column] = model.forecast(fit_of_horizon, samples)[in_year, 0]
        return forecasts

    return Model(f"{model.name}_yearly", model.target, fit, forecast)
