"""Studies: the figures of the docs, the same to the byte each time; heavier than the pipeline, and no part of it."""

import pipeline  # noqa: F401  # pins the CPU code paths before a study loads numpy
