"""What is shown of scores and bands is of one ticker, or pooled, in order; and it is told in sentences."""

import numpy as np
import pandas as pd

from pipeline.artifacts import read_record, write_record
from pipeline.results import held, lines, models, percent, skills, ways
from pipeline.sentences import verdict_of
from pipeline.slices import THIRDS
from pipeline.tables.forecasts import NETWORK
from pipeline.tables.scores import POOLED
from pipeline.verdict import Verdict
from tests.results import BANDS, CLOSE, REFERENCES, SCORES


def told(scores: pd.DataFrame = SCORES, bands: pd.DataFrame = BANDS) -> Verdict:
    return verdict_of(scores, bands, REFERENCES, CLOSE, NETWORK, 0.9)


def test_lines_are_the_test_scores_in_order() -> None:
    found = [(line.title, line.horizon, line.reference.name) for line in lines(SCORES, REFERENCES, CLOSE)]
    assert found == [
        ("close", 1, "drift"),
        ("close", 2, "drift"),
        ("log variance", 1, "har"),
        ("log variance", 2, "har"),
    ]
    first = next(lines(SCORES, REFERENCES, CLOSE))
    assert first.network["skill"] == 0.1
    assert first.members.to_dict() == {"1": 0.05, "2": 0.15}


def test_several_tickers_are_shown_pooled() -> None:
    several = pd.concat([SCORES, SCORES.assign(ticker="B"), SCORES.assign(ticker=POOLED, mse=7.0)])
    assert {line.network["mse"] for line in lines(several, REFERENCES, CLOSE)} == {7.0}
    assert told(several, pd.concat([BANDS, BANDS.assign(ticker=POOLED)])).tickers == 2


def test_models_and_ways_come_the_best_first_and_without_members() -> None:
    assert models(SCORES, "variance")["model"].tolist() == ["ridge", NETWORK, "har"]
    ranked = BANDS.assign(interval_score=BANDS["scale"].map({NETWORK: 3.2, "constant": 4.0}))
    assert list(ways(ranked)) == [NETWORK, f"{NETWORK}: stopping half", "constant"]


def test_bands_stand_beside_constant_ones_and_those_calibrated_where_training_stopped() -> None:
    first, second = held(BANDS, NETWORK)
    assert (first.horizon, second.horizon) == (1, 2)
    assert [row["coverage"] for row in (first.own, first.constant, first.shared)] == [0.91, 0.95, 0.88]
    assert first.thirds == dict.fromkeys(THIRDS, 0.91)
    assert first.constant_thirds == {}


def test_there_is_a_sentence_for_each_target_one_on_simpler_models_and_one_on_the_band() -> None:
    found = told()
    assert list(found.sentences) == ["price", "variance", "simpler"]
    assert found.sentences["price"].startswith("On the close one session ahead the network beats drift: skill +0.100")
    assert found.sentences["variance"].startswith("On the log variance one session ahead the network beats HAR")
    assert found.sentences["simpler"].count("ridge regression") == 2
    assert found.band.startswith("The 90% band one session ahead held 91.0% of 99 test values (91.0% in low")
    assert "a band of constant width 95.0%, with" in found.band
    assert (percent(0.9), percent(0.995)) == ("90%", "99.5%")
    undefined = told(SCORES.assign(skill=np.nan, p_value=np.nan))
    assert "ties with" in undefined.sentences["price"]


def test_the_verdict_comes_back_from_its_file_as_it_was(tmp_path) -> None:
    write_record(tmp_path / "verdict.json", told())
    assert read_record(tmp_path / "verdict.json", Verdict) == told()


def test_skills_have_a_row_for_each_target_and_horizon() -> None:
    found = skills(SCORES, REFERENCES, CLOSE)
    assert found[["target", "horizon"]].to_numpy().tolist()[-1] == ["log variance", 2]
    assert found["skill"].tolist() == [0.1, 0.2, 0.1, 0.2]
