"""From prices to a forecast with its band, with what was fitted before: nothing here learns from data."""
