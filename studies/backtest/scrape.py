"""Fetch the prices of all markets, as the stage scrape of the pipeline does."""

from pipeline.io.params import FILE, load, load_all
from pipeline.io.stage import run
from pipeline.scrape.__main__ import main
from pipeline.scrape.params import SOURCES
from studies.backtest import SECTIONS

if __name__ == "__main__":
    run("scrape", lambda: main(load("scrape", SOURCES, load_all(FILE, SECTIONS))))
