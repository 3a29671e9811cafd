"""The parameters of the backtest, and the names of the models that only it has."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipeline.benchmark.params import Name
from pipeline.forecaster.forecasts import NETWORK
from pipeline.io.params import FILE, Section, each_once

PIPELINE = Path("../..") / FILE  # its sections prepare, benchmark, train and evaluate hold for the backtest too

REFIT = f"{NETWORK}_refit"
BASELINES = {"price": "persistence", "variance": "har"}  # by target, what the others are compared with
BOOSTING, BOOSTING_TRAIN, FIRST_HAR = "boosting", "boosting_train", "har_first"

Pooling = Literal["together", "by_ticker", "alone"]
Year = Annotated[int, Field(ge=1900, le=2200)]


def not_refitted(name: str) -> str:
    """Reject a model that refits itself, because here every model is fitted again each year."""
    if name.endswith("_yearly"):
        raise ValueError(f"found {name!r}; accepted: {name.removesuffix('_yearly')}, which is fitted again each year")
    return name


def years_or_expanding(value: object) -> object:
    """Reject what is neither a number of years nor the word expanding."""
    if value == "expanding" or (type(value) is int and value >= 2):
        return value
    raise ValueError(f"found {value!r}; accepted: expanding, or a number of years of at least 2")


def with_baselines(names: list[str]) -> list[str]:
    """Reject a list without the models that the others are compared with."""
    for name in BASELINES.values():
        if name not in names:
            raise ValueError(f"found {', '.join(names)}; accepted: models with {name}, which is the baseline")
    return each_once(names)


class Params(Section):
    """Section backtest of studies/backtest/params.yaml, where each key is explained."""

    first_year: Year
    train_years: Annotated[int | Literal["expanding"], BeforeValidator(years_or_expanding)]
    validation_years: Annotated[int, Field(ge=1)]
    pooling: Annotated[list[Pooling], Field(min_length=1), AfterValidator(each_once)]
    refit: bool
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1)]
    models: Annotated[
        list[Annotated[Name, AfterValidator(not_refitted)]], Field(min_length=1), AfterValidator(with_baselines)
    ]
    exclude_features: Annotated[list[str], AfterValidator(each_once)]
