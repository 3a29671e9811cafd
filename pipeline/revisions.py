"""`make revisions REV=<git rev>`: what the source has revised between the prices of a git revision and those here."""

import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.artifacts import read_table
from pipeline.errors import UserError
from pipeline.vintages import revisions

PRICES = Path("data/prices.parquet")


def main(revision: str) -> None:
    after = read_table(PRICES)
    with tempfile.TemporaryDirectory(dir=PRICES.parent) as folder:
        before = Path(folder) / "before.parquet"
        command = ["dvc", "get", ".", str(PRICES), "--rev", revision, "--out", str(before), "--quiet"]
        got = subprocess.run(command, capture_output=True, text=True)
        if got.returncode:
            reason = " ".join(got.stderr.split()).removeprefix("ERROR: ")
            raise UserError(f"{PRICES} of revision {revision!r}: {reason}; accepted: a revision whose prices DVC has")
        found = revisions(read_table(before), after)
    columns = [name for name in found.columns[4:] if found[name].any()]
    shown = found[[*found.columns[:4], *columns]]
    print(f"{PRICES}, {revision} and here: sessions, and the largest relative change of each column that has one")
    print(shown.to_string(index=False, float_format="{:.2g}".format))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit("revisions: accepted: one git revision, as in `make revisions REV=HEAD~1`")
    try:
        main(sys.argv[1])
    except UserError as error:
        sys.exit(f"revisions: {error}")
