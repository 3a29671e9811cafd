"""Where prices come from: each module's `prices()` gives a price table as tables/prices.py describes it."""
