"""Bundle Vega, which draws the charts of the pages."""

from pathlib import Path

import vl_convert

from pipeline.io.artifacts import write_bytes
from pipeline.io.stage import run


def script() -> str:
    """Return Vega, Vega-Lite and vega-embed as one script."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def main() -> None:
    write_bytes(Path("reports/vega.js"), script().encode())


if __name__ == "__main__":
    run("vega", main)
