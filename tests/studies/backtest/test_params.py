"""A mistake in the backtest's parameters gets one line that names the key and what is accepted."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.io.errors import UserError
from studies.backtest.fitting import settings
from tests.conftest import small_params
from tests.studies.backtest import made

MISTAKES: dict[str, tuple[str, Any]] = {
    "a model that refits itself": ("models", ["persistence", "har", "har_yearly"]),
    "no baseline": ("models", ["persistence", "ridge"]),
    "an unknown pooling": ("pooling", ["apart"]),
    "no seed": ("seeds", []),
    "no validation": ("validation_years", 0),
    "a text for a number": ("first_year", "2008"),
    "an unknown key": ("first", 2008),
    "neither a number nor expanding": ("train_years", "rolling"),
}


def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, Any], **pipeline: Any) -> None:
    here = tmp_path / "studies/backtest"
    here.mkdir(parents=True)
    params = small_params(**pipeline)
    YAML().dump(params, tmp_path / "params.yaml")
    YAML().dump({"scrape": params["scrape"], "backtest": {**made.BACKTEST, **own}}, here / "params.yaml")
    monkeypatch.chdir(here)


@pytest.mark.parametrize(("key", "value"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_one_line(key: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, monkeypatch, {key: value})
    with pytest.raises(UserError, match=rf"^params.yaml: backtest\.{key}.*accepted: ") as refused:
        settings()
    assert "\n" not in str(refused.value)


def test_the_pipeline_must_forecast_the_variance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, monkeypatch, {}, prepare={"variance": "none"})
    with pytest.raises(UserError, match=r"params.yaml: prepare.variance: found none"):
        settings()


def test_features_that_a_market_lacks_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, monkeypatch, {"exclude_features": ["volume_month"]})
    assert "volume_month" not in settings().prepare.features
    assert len(settings().prepare.features) > 3
