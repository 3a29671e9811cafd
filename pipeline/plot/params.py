"""Section plot of params.yaml."""

from pydantic import Field

from pipeline.io.params import Section


class Params(Section):
    """Section plot of params.yaml, where each key is explained."""

    sessions: int = Field(ge=20)
