"""The forecaster as a folder that MLflow can load anywhere: the fitted files, and the code that applies them."""

import shutil
import tempfile
import warnings
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

from pipeline.forecaster.bands import Bands
from pipeline.forecaster.inputs import price_columns
from pipeline.forecaster.preparation import Preparation
from pipeline.forecaster.samples import date_column
from pipeline.io.artifacts import digest
from pipeline.prices import PRICES
from pipeline.track import served

# What pipeline.forecaster.forecaster imports. tests/track/test_model.py compares it with the imports.
CODE = (
    "__init__.py",
    "calendars.py",
    "formats.py",
    "forecaster",
    "io/__init__.py",
    "io/artifacts.py",
    "io/errors.py",
    "prices.py",
)
REQUIREMENTS = ("exchange-calendars", "keras", "mlflow", "numpy", "pandas", "pyarrow", "pydantic")
TENSORFLOW = {
    "tensorflow-cpu": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "tensorflow": "sys_platform != 'linux' or platform_machine != 'x86_64'",
}
FITTED = ("preparation.json", "bands.json", "model")


def save(folder: Path, data: Path, preparation: Preparation, bands: Bands, versions: dict[str, str]) -> None:
    """Save the forecaster of the folder `data` as an MLflow model, without pickle. versions: of all packages."""
    package = Path(served.__file__).parents[1]
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*An input example was not provided")  # it would load TensorFlow here
        code, fitted = Path(name, package.name), Path(name, "forecaster")
        for part in CODE:
            copy(package / part, code / part)
        for part in FITTED:
            copy(data / part, fitted / part)
        mlflow.pyfunc.save_model(
            folder,
            python_model=served.__file__,
            artifacts={"forecaster": str(fitted)},
            code_paths=[str(code)],
            signature=signature(preparation, bands),
            pip_requirements=requirements(versions),
        )


def described(preparation: Preparation, train: pd.DataFrame) -> dict[str, str]:
    """Return what tells whether two models can be compared, and the last date on which this one was fitted.

    train: data/samples/train.parquet.
    """
    fitted = train[train["split"] == "train"]
    tickers = sorted(fitted["ticker"].unique())
    many = f"{len(tickers)} tickers, digest {digest(' '.join(tickers).encode())[:12]}"
    return {
        "column": preparation.column,
        "target": preparation.target,
        "variance": preparation.variance.baseline if preparation.variance else "none",
        "horizon": str(preparation.horizon),
        "tickers": many if len(tickers) > 5 else ", ".join(tickers),
        "fitted_until": f"{fitted[date_column(preparation.horizon)].max():%Y-%m-%d %H:%M}",
    }


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without compiled Python."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def signature(preparation: Preparation, bands: Bands) -> ModelSignature:
    """Return the columns that the model takes and returns. Columns of prices that it does not use are optional."""
    needed = price_columns(preparation, band_method=bands.method)
    columns = [ColSpec("string", "ticker"), ColSpec("datetime", "date")]
    columns += [ColSpec("double", name, required=True) for name in needed]
    columns += [ColSpec("double", name, required=False) for name in PRICES if name not in needed]
    forecast = [ColSpec("string", "ticker"), ColSpec("datetime", "origin"), ColSpec("datetime", "date")]
    forecast += [ColSpec("long", "horizon")]
    forecast += [ColSpec("double", name) for name in ("forecast", "lower", "upper", "volatility")]
    return ModelSignature(Schema(columns), Schema(forecast), ParamSchema([ParamSpec("since", "string", "")]))


def requirements(versions: dict[str, str]) -> list[str]:
    """Return the packages that the model needs, in the versions it was made with."""
    lines = [f"{name}=={versions[name]}" for name in REQUIREMENTS]
    return lines + [f"{name}=={versions[name]}; {marker}" for name, marker in TENSORFLOW.items()]
