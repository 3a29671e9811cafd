"""Walk forward: fit every model again each year on what was known then, and forecast the year. `make backtest`."""

SECTIONS = ("scrape", "backtest")  # of studies/backtest/params.yaml
