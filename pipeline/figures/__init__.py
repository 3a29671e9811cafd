"""A figure of a report: what is drawn, and one sentence that says what these data show."""

from typing import Any, NamedTuple

import pandas as pd

from pipeline.charts import Spec


class Figure(NamedTuple):
    """title: of any ticker; says: of these data; shape: of any ticker; rows: its tables by name; start: values of its
    parameters by name; spans: by label the values of its parameter `brush` to choose from.
    """

    title: str
    says: str
    shape: Spec
    rows: dict[str, pd.DataFrame]
    start: dict[str, Any] | None = None
    spans: dict[str, Any] | None = None
