"""What is said of training, skill and bands, on scores of which it is true and on scores of which it is not."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline import charts
from pipeline.figures import skill
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.scores import POOLED

CLOSE = Subject("close", "USD", "session", priced=True)
FALLING, RISEN = [5.0, 4.0, 3.0, 2.0], [5.0, 2.0, 3.0, 4.0]  # losses on validation


def history(*members: list[float]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"member": number, "epoch": range(1, len(own) + 1), "loss": range(len(own), 0, -1), "val_loss": own}
        )
        for number, own in enumerate(members, 1)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (
            [RISEN],
            "Validation was best at epoch 2 of 4; then it rose while the loss on train fell on, and training stopped: "
            "the network had begun to overfit.",
        ),
        (
            [FALLING],
            "Validation was best at epoch 4 of 4; it was still falling at the last epoch: more epochs may help.",
        ),
        (
            [FALLING, RISEN, RISEN],
            "Validation was best at epoch 2 to 4 of 4, in 3 networks; it was still falling at the last epoch for 1 of "
            "them: more epochs may help.",
        ),
        (
            [RISEN, RISEN],
            "Validation was best at epoch 2 of 4, in 2 networks; then it rose while the loss on train fell on, and "
            "training stopped: the network had begun to overfit.",
        ),
    ],
    ids=["risen", "still falling", "one of three still falling", "both risen"],
)
def test_a_loss_that_still_falls_is_told_from_one_that_has_risen(members: list[list[float]], said: str) -> None:
    figure = skill.loss(history(*members))
    assert figure.says == said
    assert len(figure.rows["epochs"]) == sum(map(len, members))


def skills(**targets: list[tuple[float | None, float | None, float | None]]) -> pd.DataFrame:
    """skill, low and high by target and horizon."""
    names = {"price": "close", "variance": "log variance"}
    rows = [(names[target], h, *own) for target, found in targets.items() for h, own in enumerate(found, 1)]
    return pd.DataFrame(rows, columns=["target", "horizon", "skill", "skill_low", "skill_high"])


ABOVE, AROUND, BELOW = (0.2, 0.1, 0.3), (0.05, -0.1, 0.2), (-0.2, -0.3, -0.1)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([ABOVE, ABOVE, AROUND], "above 0 at 2 of 3 horizons"),
        ([AROUND, AROUND, AROUND], "above 0 at 0 of 3 horizons"),
        ([BELOW, AROUND, BELOW], "above 0 at 0 of 3 horizons and below 0 at 2"),
        ([(None, None, None)], "above 0 at 0 of 1 horizons"),
    ],
    ids=["above", "around", "below", "undefined"],
)
def test_an_interval_of_skill_above_0_is_told_from_one_around_or_below_it(found: list, said: str) -> None:
    figure = skill.by_horizon(skills(price=found), CLOSE)
    assert figure.says == f"On the close the interval of the skill lies {said}."
    assert json.dumps(charts.columns(figure.rows["skills"]), allow_nan=False)


def test_each_target_is_told_and_drawn_by_horizon() -> None:
    figure = skill.by_horizon(skills(price=[BELOW, AROUND], variance=[ABOVE, ABOVE]), CLOSE)
    assert figure.says == (
        "On the close the interval of the skill lies above 0 at 0 of 2 horizons and below 0 at 1; on the log variance "
        "the interval of the skill lies above 0 at 2 of 2 horizons."
    )
    assert figure.rows["skills"].to_numpy().tolist()[0] == ["close", 1, *BELOW]
    assert figure.rows["skills"]["group"].tolist() == [1, 2, 1, 2]


def scores(skills: dict[str, dict[str, float]], target: str = "price", n: int = 250) -> pd.DataFrame:
    """skills: by ticker and slice."""
    return pd.DataFrame(
        [(target, ticker, part, n, own) for ticker, found in skills.items() for part, own in found.items()],
        columns=["target", "ticker", "slice", "n", "skill"],
    )


YEARS = {ALL: 0.5, "2001": 0.1, "2002": -0.2, "2003": 0.3, THIRDS[0]: 0.9}


def test_years_in_which_skill_is_above_0_are_counted() -> None:
    figure = skill.by_year(scores({"AAA": YEARS}), CLOSE)
    assert figure is not None
    assert figure.says == "On the close skill is above 0 in 2 of 3 years, between -0.200 and +0.300."
    assert figure.rows["skills"]["group"].tolist() == ["2001", "2002", "2003"]
    assert json.dumps(charts.columns(figure.rows["skills"]), allow_nan=False)


def test_years_of_both_targets_are_told_and_those_with_few_forecasts_are_not() -> None:
    few = scores({"AAA": {"2000": 0.99}}, n=19)
    both = pd.concat([few, scores({"AAA": YEARS}), scores({"AAA": YEARS}, "variance")])
    figure = skill.by_year(both, CLOSE)
    assert figure is not None
    told = "skill is above 0 in 2 of 3 years, between -0.200 and +0.300"
    assert figure.says == f"On the close {told}; on the log variance {told}."


def test_one_year_alone_has_no_figure() -> None:
    assert skill.by_year(scores({"AAA": {ALL: 0.5, "2001": 0.1}}), CLOSE) is None


def test_tickers_with_skill_above_0_are_counted_and_ranked() -> None:
    own = scores({"AAA": YEARS, "BBB": {ALL: -0.1}, "CCC": {ALL: 0.2}, POOLED: {ALL: 0.9}, "DDD": {ALL: np.nan}})
    figure = skill.by_ticker(own, CLOSE)
    assert figure is not None
    assert figure.says == "On the close skill is above 0 for 2 of 3 tickers, median +0.200."
    ranked = figure.rows["skills"].sort_values("rank")
    assert ranked["ticker"].tolist() == ["BBB", "CCC", "AAA"]
    assert ranked["rank"].tolist() == [1, 2, 3]


def test_one_ticker_alone_has_no_figure() -> None:
    assert skill.by_ticker(scores({"AAA": YEARS}), CLOSE) is None
    assert skill.by_ticker(scores({"AAA": YEARS, POOLED: {ALL: 0.9}}), CLOSE) is None


def thirds(*shares: float) -> dict[str, float]:
    return dict(zip(THIRDS, shares, strict=False))


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([0.91, 0.9, 0.89], "holds in calm and in storm alike"),
        ([0.61, 0.6, 0.59], "errs in calm and in storm alike"),
        ([0.99, 0.9, 0.82], "depends on volatility less than one of constant width"),
        ([0.99, 0.9, 0.7], "depends on volatility no less than one of constant width"),
    ],
)
def test_a_band_that_holds_steadily_is_told_from_one_that_depends_on_volatility(own: list[float], said: str) -> None:
    figure = skill.coverage(thirds(*own), thirds(0.99, 0.93, 0.8), 0.9, CLOSE)
    assert figure.says == (
        f"The band {said}: it held between {min(own):.1%} and {max(own):.1%}, one of constant width between 80.0% and "
        "99.0%."
    )
    assert len(figure.rows["parts"]) == 6
    assert figure.rows["nominal"]["coverage"].tolist() == [0.9]


def test_a_band_of_too_few_forecasts_is_said_to_be_so() -> None:
    figure = skill.coverage({}, {}, 0.9, CLOSE)
    assert figure.says == "The volatility of too few forecasts is known."
    assert figure.rows["parts"].empty


def test_a_network_whose_loss_on_train_rose_too_is_not_said_to_overfit() -> None:
    own = history(RISEN).assign(loss=[5.0, 2.0, 3.0, 4.0])
    assert skill.loss(own).says == "Validation was best at epoch 2 of 4; then it rose, and training stopped."


def test_one_epoch_does_not_tell_where_the_loss_goes() -> None:
    assert (
        skill.loss(history([5.0])).says == "Validation was best at epoch 1 of 1: one epoch does not tell where it goes."
    )
