"""Studies: what was tried before the defaults were chosen; heavier than the pipeline, and no part of it."""

import pipeline  # noqa: F401  # pins the CPU code paths before a study loads numpy
