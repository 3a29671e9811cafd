"""Studies make the figures of the docs, with the same bytes each time. They take hours, and no stage uses them."""

import pipeline  # noqa: F401  # selects the CPU code paths before a study loads numpy
