"""Forecast with an MLflow model in a process that does not import this repository, but only the model's own code.

Two models that are loaded in one process share the code of the first. The address of the store is in the environment.

Usage: python -P forecast_with.py MODEL PRICES SINCE RESULT, where PRICES and RESULT are Parquet files.
"""

import sys

import mlflow.pyfunc
import pandas as pd

if __name__ == "__main__":
    model, prices, since, result = sys.argv[1:]
    forecasts = mlflow.pyfunc.load_model(model).predict(pd.read_parquet(prices), params={"since": since})
    forecasts.to_parquet(result)
