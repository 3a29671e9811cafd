"""Section explore of params.yaml."""

from pydantic import Field

from pipeline.io.params import Section


class Params(Section):
    """Section explore of params.yaml, where each key is explained."""

    lags: int = Field(ge=1, le=250)
