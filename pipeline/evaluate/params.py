"""Section evaluate of params.yaml."""

from pydantic import Field

from pipeline.io.params import Section


class Params(Section):
    """Section evaluate of params.yaml, where each key is explained."""

    coverage: float = Field(gt=0, lt=1)
