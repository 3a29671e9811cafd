"""Show the forecast and how far to trust it."""

from pathlib import Path

from pydantic import Field

from pipeline import charts, verdict
from pipeline.artifacts import read_json, read_table, write_bytes, write_csv
from pipeline.pages import forecast, page
from pipeline.params import Section, load
from pipeline.stages import run


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)


def main() -> None:
    params = load("plot", Params)
    predictions, history = read_table(Path("data/predictions.parquet")), read_table(Path("data/history.parquet"))
    metrics, scaler = read_json(Path("reports/metrics.json")), read_json(Path("data/scaler.json"))
    column = scaler["column"]
    tickers = [
        forecast.section(own, str(ticker), column, params.sessions) for ticker, own in predictions.groupby("ticker")
    ]
    losses = [charts.loss(own) for _, own in history.groupby("member")]

    heads, lines = forecast.scores(metrics)
    html = page(
        "forecast.html",
        verdict=metrics["verdict"].values(),
        rule=verdict.RULE,
        heads=heads,
        lines=lines,
        tickers=tickers,
        losses=losses,
        missing=[f"{name} ({count})" for name, count in scaler["missing"].items() if count],
    )
    write_bytes(Path("reports/forecast.html"), html)
    first = next(ticker for ticker in tickers if "predicted" in ticker["specs"])
    pictures = {**first["specs"], "loss": losses[0]}
    write_bytes(Path("reports/forecast.png"), charts.png(pictures.pop("predicted")))
    for name, spec in pictures.items():
        write_bytes(Path(f"reports/forecast/{name}.png"), charts.png(spec))
    closes = forecast.tested(predictions[predictions["ticker"] == first["name"]])
    write_csv(Path("reports/closes.csv"), closes[["date", "actual", "predicted", "persistence"]])
    write_csv(Path("reports/loss.csv"), history[["member", "epoch", "loss", "val_loss"]])


if __name__ == "__main__":
    run("plot", main)
