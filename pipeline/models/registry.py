"""The one list of simple models: params.yaml's choices, sentences, tables and tests all come from it."""

from pipeline.models import garch, naive, regressors, variance
from pipeline.models.model import Model
from pipeline.models.yearly import yearly

MODELS: tuple[Model, ...] = (
    naive.PERSISTENCE,
    naive.DRIFT,
    naive.SEASONAL_NAIVE,
    variance.EWMA,
    variance.HAR,
    yearly(variance.HAR),
    variance.LHAR,
    yearly(variance.LHAR),
    garch.GJR_GARCH,
    *regressors.RIDGE,
    *regressors.BOOSTING,
)
NAMES = tuple(dict.fromkeys(model.name for model in MODELS))
TITLES = {model.name: model.title for model in MODELS}


def of(name: str) -> list[Model]:
    """The models of a name: one for each target that it forecasts."""
    return [model for model in MODELS if model.name == name]
