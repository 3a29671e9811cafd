"""The summary says what was found, for every outcome, and claims no more than was tested."""

import re
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from pipeline.scoring import summary
from pipeline.scoring.verdict import Comparison, Verdict
from pipeline.series import SeriesInfo
from tests.results import CLOSE

HEAT = SeriesInfo("heat", "°C", "hour", priced=False)
NUMBERS = {  # skill and p-value by outcome
    "better": (0.1, 0.001),
    "worse": (-0.1, 0.001),
    "no significant difference": (0.1, 0.3),
    "undefined": (None, None),
}


BOTH = ("price", "variance")


def comparison(target: str, model: str, outcome: str, **changes: Any) -> Comparison:
    skill, p_value = NUMBERS[outcome]
    values = {"target": target, "horizon": 1, "n": 100, "rmse": 2.0, "model": model, "model_rmse": 2.1}
    return Comparison(**{**values, "skill": skill, "p_value": p_value, **changes})


def verdict(
    price: str, variance: str | None = None, *, series: SeriesInfo = CLOSE, better: Sequence[str] = (), **changes: Any
) -> Verdict:
    """A verdict with these outcomes. better: simple models that are significantly better than the price's baseline."""
    baselines = {"price": "persistence"} | ({"variance": "har"} if variance else {})
    outcomes = {"price": price, "variance": variance or ""}
    values = {
        "series": series,
        "name": "ABC",
        "tickers": 1,
        "baselines": baselines,
        "trained": list(baselines),
        "coverage": 0.9,
        "band_method": "network",
        "comparisons": [comparison(name, model, outcomes[name]) for name, model in baselines.items()],
        "best_simple": {name: comparison(name, "ridge", "no significant difference") for name in baselines},
        "better_than_baseline": {name: list(better) for name in baselines},
        "headline": "",
        "evidence": [],
        "band": "",
    }
    return Verdict(**{**values, **changes})


@pytest.mark.parametrize(("price", "variance"), list(product(NUMBERS, [None, *NUMBERS])))
def test_the_headline_is_one_sentence_that_claims_what_was_found(price: str, variance: str | None) -> None:
    found = summary.headline(verdict(price, variance))
    assert re.fullmatch(r"[A-Z].+\.", found)
    claims = re.split(r", (?:but|and) ", found.rstrip("."))
    assert len(claims) == 1 + bool(variance)
    for claim, outcome in zip(claims, filter(None, (price, variance)), strict=True):
        assert (" better than " in claim or "can be forecast" in claim) == (
            outcome in ("better", "no significant difference")
        )
        assert ("significantly better" in claim) == (outcome == "no significant difference")
        assert (" worse than " in claim) == (outcome == "worse")
        assert ("cannot compare" in claim) == (outcome == "undefined")
        assert bool(re.search(r"\(p = 0\.0010\)", claim)) == (outcome in ("better", "worse"))
        assert "direction" not in claim


def test_a_price_that_the_network_does_not_forecast_is_judged_by_the_models_that_do() -> None:
    alone: dict[str, Any] = {
        "trained": ["variance"],
        "best_simple": {name: comparison(name, "drift", "better") for name in BOTH},
    }
    found = summary.headline(verdict("undefined", "better", **alone))
    assert found.startswith("The network does not forecast the next ABC close; no model here forecasts it ")
    assert "drift forecasts it" in summary.headline(verdict("undefined", "better", better=["drift"], **alone))
    assert "does not forecast it" in summary.evidence(verdict("undefined", "better", **alone))[0]


def test_the_headline_names_what_is_forecast() -> None:
    tie = "no significant difference"
    for series, tickers, name, words in (
        (CLOSE, 1, "ABC", 'the next ABC close significantly better than "same as today"'),
        (CLOSE, 9, "9 tickers", 'the next close of 9 tickers significantly better than "same as today"'),
        (HEAT, 1, "Oslo", 'the next Oslo heat significantly better than "same as the last hour"'),
    ):
        assert words in summary.headline(verdict(tie, series=series, tickers=tickers, name=name))
    seasonal = [comparison("price", "seasonal_naive", tie)]
    assert "same as one season earlier" in summary.headline(verdict(tie, series=HEAT, comparisons=seasonal))


def test_no_model_here_is_said_only_if_no_simple_model_is_better() -> None:
    tie = "no significant difference"
    assert summary.headline(verdict(tie)).startswith("No model here ")
    assert summary.headline(verdict(tie, better=["drift"])).startswith("The network does not forecast ")
    assert summary.headline(verdict(tie, better=["ridge"])).endswith(" (ridge regression does).")


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        (0.1146, "5.9% less error than HAR"),
        (-0.0038, "0.2% more error than HAR"),
        (0.0, "about the same error as HAR"),
        (-158.17, "12.6 times the error of HAR"),
        (None, "an error that cannot be compared with that of HAR"),
    ],
)
def test_a_skill_is_told_as_less_or_more_error(skill: float | None, words: str) -> None:
    assert summary.error_difference(skill, "HAR") == words


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(0.6478, "p = 0.65"), (0.0496, "p = 0.0496"), (0.00001, "p < 0.0001"), (None, "p is undefined")],
)
def test_a_p_value_never_rounds_to_the_level(p_value: float | None, text: str) -> None:
    assert summary.p_text(p_value) == text


def test_the_evidence_has_a_sentence_for_each_target_and_one_on_the_best_simple_model() -> None:
    found = summary.evidence(verdict("no significant difference", "better"))
    assert len(found) == 3
    assert 'than "same as today" (p = 0.30, not significant)' in found[0]
    assert "than HAR (p = 0.0010)" in found[1]
    assert "ridge regression" in found[2]
    alone = verdict("better", best_simple={"price": comparison("price", "persistence", "better")})
    assert "no simple model was better than the baseline" in summary.evidence(alone)[1]


def test_the_summary_is_markdown_with_a_row_for_each_comparison() -> None:
    found = verdict("better", "worse")
    found = found.model_copy(update={"headline": summary.headline(found), "evidence": summary.evidence(found)})
    text = summary.markdown(found)
    assert text.startswith(f"**{found.headline}**\n\n- ")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(found.comparisons)
    assert rows[2].startswith("| close | 1 session | 2.000 | persistence | 5.1% less | +0.1000 | 0.0010 |")
    assert rows[3].startswith("| log variance | 1 session | 2.000 | har | 4.9% more | -0.1000 | 0.0010 |")


@pytest.mark.parametrize(
    ("skill", "cell"),
    [(0.1, "5.1% less"), (-0.1, "4.9% more"), (-8.0, "3 times"), (0.0, "about the same"), (None, "undefined")],
)
def test_the_table_has_the_difference_of_the_errors(skill: float | None, cell: str) -> None:
    found = verdict("better", comparisons=[comparison("price", "persistence", "better", skill=skill)])
    assert summary.table(found).rows[0][4] == cell


@pytest.mark.parametrize("name", ["<script>", "a|b", "*bold*", "[link](x)", "_x_", "`code`", "two\nlines"])
def test_a_name_is_text_and_no_markup(name: str) -> None:
    found = verdict("better", name=name)
    text = summary.markdown(found.model_copy(update={"headline": summary.headline(found)}))
    assert not re.search(r"(?<!\\)(<s|\*bold|\[link|`code)", text.removeprefix("**"))
    assert len(text.split("\n\n")[0].splitlines()) == 1
