"""Check the whole of params.yaml. Each stage checks its own section only, when it starts."""

from collections.abc import Mapping

from pipeline.benchmark.params import Params as Benchmark
from pipeline.evaluate.params import Params as Evaluate
from pipeline.explore.params import Params as Explore
from pipeline.io.errors import UserError
from pipeline.io.params import FILE, Section, load, load_all
from pipeline.models.regressors import BOOSTING, RIDGE
from pipeline.plot.params import Params as Plot
from pipeline.prepare.params import Params as Prepare
from pipeline.scrape.params import SOURCES
from pipeline.track.params import Params as Track
from pipeline.train.params import Params as Train

SECTION_MODELS: dict[str, type[Section] | Mapping[str, type[Section]]] = {
    "scrape": SOURCES,
    "explore": Explore,
    "prepare": Prepare,
    "benchmark": Benchmark,
    "train": Train,
    "evaluate": Evaluate,
    "plot": Plot,
    "track": Track,
}


def check() -> None:
    """Raise UserError with a line for each mistake in params.yaml."""
    params, lines = load_all(), []
    for section, models in SECTION_MODELS.items():
        try:
            load(section, models, params)
        except UserError as error:
            lines.append(str(error))
    if lines:
        raise UserError("\n".join(lines))
    simple, window = params["benchmark"], params["train"]["window"]
    if simple["window"] > window and {model.name for model in (*RIDGE, *BOOSTING)} & set(simple["models"]):
        found = f"found {simple['window']}, with train.window {window}"
        raise UserError(f"{FILE}: benchmark.window: {found}; accepted: at most train.window")
