"""Figures of all tickers together: training, skill by horizon, year and ticker, and where the band held."""

import numpy as np
import pandas as pd

from pipeline import charts
from pipeline.figures import Figure
from pipeline.results import named
from pipeline.slices import ALL, THIRDS
from pipeline.subject import Subject
from pipeline.tables.scores import POOLED

FEW = 20  # forecasts: a year with fewer is not drawn
STEADY = 0.05  # of coverage, between thirds and from what it is to be


def loss(history: pd.DataFrame) -> Figure:
    """history: tables/history."""
    best = history.loc[history.groupby("member")["val_loss"].idxmin()].set_index("member")
    ends = history.groupby("member").last()
    fell = bool((ends["loss"] < best["loss"]).all())
    best, last = best["epoch"], ends["epoch"]
    at = f"{best.min()}" if best.min() == best.max() else f"{best.min()} to {best.max()}"
    many = len(best) > 1
    still = int((best == last).sum())
    says = f"Validation was best at epoch {at} of {last.max()}" + (f", in {len(best)} networks" if many else "")
    if last.max() == 1:
        says += ": one epoch does not tell where it goes."
    elif still:
        whose = f" for {still} of them" if many else ""
        says += f"; it was still falling at the last epoch{whose}: more epochs may help."
    elif fell:
        says += (
            "; then it rose while the loss on train fell on, and training stopped: the network had begun to overfit."
        )
    else:
        says += "; then it rose, and training stopped."
    rows = {"epochs": history[["member", "epoch", "loss", "val_loss"]]}
    return Figure("Loss by epoch, on train (loss) and on validation (val_loss)", says, charts.loss(), rows)


def by_horizon(skills: pd.DataFrame, subject: Subject) -> Figure:
    """skills: as results.skills gives them."""
    table = skills.astype(dict.fromkeys(("skill", "skill_low", "skill_high"), float))
    table = table.set_axis(["target", "group", "skill", "low", "high"], axis=1)
    clauses = []
    for target, own in table.groupby("target", sort=False):
        above, below = int((own["low"] > 0).sum()), int((own["high"] < 0).sum())
        sure = f"above 0 at {above} of {len(own)} horizons" + (f" and below 0 at {below}" if below else "")
        clauses.append(f"on the {target} the interval of the skill lies {sure}")
    targets = tuple(table["target"].unique())
    shape = charts.skill(
        targets,
        f"{subject.step}s ahead",
        "Dots of the skill on test by horizon, with the 95 % interval of a block bootstrap.",
        bounded=True,
    )
    return Figure(
        "Skill on test by horizon: 0 is as good as the simple forecast",
        f"{_sentence(clauses)}.",
        shape,
        {"skills": table},
    )


def _sentence(clauses: list[str]) -> str:
    joined = "; ".join(clauses)
    return joined[0].upper() + joined[1:]


def by_year(scores: pd.DataFrame, subject: Subject) -> Figure | None:
    """scores: tables/scores of the network one step ahead on test, of one ticker or pooled. None where there is one
    year.
    """
    own = scores[~scores["slice"].isin((ALL, *THIRDS)) & (scores["n"] >= FEW)]
    own = own.dropna(subset="skill").sort_values(["target", "slice"])
    table = pd.DataFrame({
        "target": own["target"].map(lambda target: named(target, subject)),
        "group": own["slice"],
        "skill": own["skill"],
        "low": np.nan,
        "high": np.nan,
    })  # fmt: skip
    if table["group"].nunique() < 2:
        return None
    clauses = [
        f"on the {target} skill is above 0 in {(part['skill'] > 0).sum()} of {len(part)} years, "
        f"between {part['skill'].min():+.3f} and {part['skill'].max():+.3f}"
        for target, part in table.groupby("target", sort=False)
    ]
    shape = charts.skill(tuple(table["target"].unique()), "year", "Dots of the skill on test by year.", bounded=False)
    return Figure(f"Skill one {subject.step} ahead by year", f"{_sentence(clauses)}.", shape, {"skills": table})


def by_ticker(scores: pd.DataFrame, subject: Subject) -> Figure | None:
    """scores: tables/scores of the network one step ahead on test, every ticker. None where there is one."""
    own = scores[(scores["slice"] == ALL) & (scores["ticker"] != POOLED)].dropna(subset="skill")
    if own["ticker"].nunique() < 2:
        return None
    table = own.assign(target=own["target"].map(lambda target: named(target, subject)))[["target", "ticker", "skill"]]
    table["rank"] = table.groupby("target")["skill"].rank(method="first").astype(int)
    clauses = [
        f"on the {target} skill is above 0 for {(part['skill'] > 0).sum()} of {len(part)} tickers, median "
        f"{part['skill'].median():+.3f}"
        for target, part in table.groupby("target", sort=False)
    ]
    shape = charts.ranked(tuple(table["target"].unique()))
    return Figure(f"Skill one {subject.step} ahead by ticker", f"{_sentence(clauses)}.", shape, {"skills": table})


def coverage(own: dict[str, float], constant: dict[str, float], nominal: float, subject: Subject) -> Figure:
    """own, constant: the share of values that the forecast's bands and those of constant width held one step ahead, by
    third of volatility; nominal: the share that they are to hold.
    """
    rows = [(part, "this band", share) for part, share in own.items()]
    rows += [(part, "constant width", share) for part, share in constant.items()]
    table = pd.DataFrame(rows, columns=["part", "band", "coverage"])
    if not rows:
        says = "The volatility of too few forecasts is known."
    else:
        spread, other = max(own.values()) - min(own.values()), max(constant.values()) - min(constant.values())
        off = max(abs(share - nominal) for share in own.values())
        how = "depends on volatility no less than one of constant width"
        if spread <= STEADY:
            how = f"{'holds' if off <= STEADY else 'errs'} in calm and in storm alike"
        elif spread < other:
            how = "depends on volatility less than one of constant width"
        says = (
            f"The band {how}: it held between {min(own.values()):.1%} and {max(own.values()):.1%}, one of constant "
            f"width between {min(constant.values()):.1%} and {max(constant.values()):.1%}."
        )
    line = pd.DataFrame({"coverage": [nominal]})
    title = f"Share of values that the band held one {subject.step} ahead, by volatility"
    return Figure(title, says, charts.coverage(THIRDS), {"parts": table, "nominal": line})
