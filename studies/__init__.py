"""The figures of the docs: each module makes one study's files under docs/studies/, the same to the byte each time."""

import pipeline  # noqa: F401  # pins the CPU code paths before numpy is first imported
