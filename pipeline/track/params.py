"""Section track of params.yaml."""

from pydantic import Field

from pipeline.io.params import Section


class Params(Section):
    """Section track of params.yaml, where each key is explained."""

    experiment: str = Field(pattern=r"^\w[\w .+-]*$")
