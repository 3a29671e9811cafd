"""Show the forecast and how far to trust it."""

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from pipeline import charts, verdict
from pipeline.artifacts import read_json, read_table, write_bytes, write_csv
from pipeline.metrics import caption
from pipeline.pages import forecast, page
from pipeline.params import Section, load
from pipeline.stages import run
from pipeline.subject import Subject


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)


FIGURES = 6  # tickers with figures, the first by name; data/predictions.parquet has all


def main() -> None:
    params = load("plot", Params)
    predictions, history = read_table(Path("data/predictions.parquet")), read_table(Path("data/history.parquet"))
    metrics, scaler = read_json(Path("reports/metrics.json")), read_json(Path("data/scaler.json"))
    subject = Subject(**metrics["subject"])
    tested = forecast.tested(predictions)
    # The tickers that reach into test come first, for they have all figures.
    reaching = set(tested["ticker"])
    names = sorted(predictions["ticker"].unique(), key=lambda name: (name not in reaching, name))
    tickers = []
    for name in names[:FIGURES]:
        own = replace(subject, unit=scaler["units"][name])
        tickers.append(forecast.section(predictions[predictions["ticker"] == name], name, own, params.sessions))
    losses = [charts.loss(own) for _, own in history.groupby("member")]

    heads, lines = forecast.scores(metrics)
    html = page(
        "forecast.html",
        verdict=metrics["verdict"].values(),
        rule=verdict.rule(subject.step),
        caption=caption(metrics),
        heads=heads,
        lines=lines,
        tickers=tickers,
        count=len(names),
        losses=losses,
        missing=[f"{name} ({count})" for name, count in scaler["missing"].items() if count],
    )
    write_bytes(Path("reports/forecast.html"), html)
    pictures = {**tickers[0]["specs"], "loss": losses[0]}
    write_bytes(Path("reports/forecast.png"), charts.png(pictures.pop("predicted")))
    for name, spec in pictures.items():
        write_bytes(Path(f"reports/forecast/{name}.png"), charts.png(spec))
    shown = tested[tested["ticker"] == names[0]]
    write_csv(Path("reports/predicted.csv"), shown[["date", "actual", "predicted", "persistence"]])
    write_csv(Path("reports/loss.csv"), history[["member", "epoch", "loss", "val_loss"]])


if __name__ == "__main__":
    run("plot", main)
