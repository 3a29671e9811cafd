"""Section train of params.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.forecaster import network
from pipeline.io.params import Section
from pipeline.train import training

Count = Annotated[int, Field(ge=1)]
AtLeast0 = Annotated[float, Field(ge=0)]


class LossWeights(Section):
    """The weight of each target in the loss."""

    price: AtLeast0
    variance: AtLeast0


class Params(Section):
    """Section train of params.yaml, where each key is explained."""

    window: Count
    cell: network.Cell
    units: list[Count] = Field(min_length=1)
    bidirectional: bool
    dropout: float = Field(ge=0, lt=1)
    optimizer: training.Optimizer
    learning_rate: float = Field(gt=0)
    weight_decay: AtLeast0
    loss: training.Loss
    loss_weights: LossWeights
    batch_size: Count
    epochs: Count
    patience: Count
    members: Count
    seed: int = Field(ge=0, lt=2**31)

    @model_validator(mode="after")
    def is_bidirectional_only_if_recurrent(self) -> "Params":
        if self.bidirectional and self.cell == "dense":
            raise ValueError("found bidirectional: true with cell: dense; accepted: with lstm, gru or rnn")
        return self
