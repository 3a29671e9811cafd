"""The parameters of the backtest: studies/backtest/params.yaml, and four sections of the repository's params.yaml."""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field

from pipeline.benchmark.params import Name
from pipeline.benchmark.params import Params as Benchmark
from pipeline.evaluate.params import Params as Evaluate
from pipeline.io.params import FILE, Section, each_once, load, load_all
from pipeline.prepare.params import Params as Prepare
from pipeline.train.params import Params as Train

SECTIONS = ("scrape", "backtest")
PIPELINE = Path("../..") / FILE

Pooling = Literal["together", "by_ticker", "alone"]
Year = Annotated[int, Field(ge=1900, le=2200)]


def not_refitted(name: str) -> str:
    """Reject a model that refits itself, because here every model is fitted again each year."""
    if name.endswith("_yearly"):
        raise ValueError(f"found {name!r}; accepted: {name.removesuffix('_yearly')}, which is fitted again each year")
    return name


class Params(Section):
    """Section backtest of studies/backtest/params.yaml, where each key is explained."""

    first_year: Year
    train_years: Annotated[int, Field(ge=1)] | Literal["expanding"]
    validation_years: Annotated[int, Field(ge=1)]
    pooling: Annotated[list[Pooling], Field(min_length=1), AfterValidator(each_once)]
    refit: bool
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1)]
    models: Annotated[
        list[Annotated[Name, AfterValidator(not_refitted)]], Field(min_length=1), AfterValidator(each_once)
    ]
    exclude_features: Annotated[list[str], AfterValidator(each_once)]


class Settings(NamedTuple):
    """Everything that a task needs to know, besides the prices."""

    backtest: Params
    prepare: Prepare
    train: Train
    window: int
    """The number of sessions that ridge and boosting see."""
    coverage: float
    """The share of values that a band should hold."""


def settings() -> Settings:
    """Read the parameters. Raises UserError with a line for each mistake."""
    backtest = load("backtest", Params, load_all(FILE, SECTIONS))
    pipeline: dict[str, Any] = load_all(PIPELINE)
    prepare = load("prepare", Prepare, pipeline)
    features = [name for name in prepare.features if name not in backtest.exclude_features]
    return Settings(
        backtest=backtest,
        prepare=prepare.model_copy(update={"features": features}),
        train=load("train", Train, pipeline),
        window=load("benchmark", Benchmark, pipeline).window,
        coverage=load("evaluate", Evaluate, pipeline).coverage,
    )
