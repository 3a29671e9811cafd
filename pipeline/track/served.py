"""The forecaster as an MLflow model. MLflow copies this file into each model and runs it when it loads the model."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext


class ServedForecaster(PythonModel):
    """Forecasts from a table of prices, as `Forecaster.forecast` does."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the fitted forecaster from the folder of the model."""
        from pipeline.forecaster.forecaster import Forecaster  # the copy of the package in the folder of the model

        self.forecaster = Forecaster.load(Path(context.artifacts["forecaster"]))
        self.forecaster.warm_up()

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return ticker, origin, date, horizon, forecast, lower, upper and volatility.

        model_input: rows of prices: ticker, date and the columns of the signature, the dates of each ticker rising.
        params: `since`: a date such as 2018-12-31. If it is given, there are forecasts from every session since then;
        otherwise from the last session only.

        Raises MlflowException, which the server answers with status 400, if there is no forecast from these prices.
        """
        from pipeline.io.errors import UserError

        try:
            return self.forecaster.forecast(model_input, since=date_of((params or {}).get("since")))
        except (UserError, ValueError) as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


def date_of(text: str | None) -> pd.Timestamp | None:
    """Return the date that a text says; None if there is none. Raises ValueError for another text."""
    if not text:
        return None
    date = pd.to_datetime(text, errors="coerce")
    if pd.isna(date) or date.tzinfo:
        raise ValueError(f"since: found {text!r}; accepted: a date without time zone, such as 2018-12-31")
    return date


mlflow.models.set_model(ServedForecaster())
