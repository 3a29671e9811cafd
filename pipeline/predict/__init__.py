"""Stage predict needs nothing that the forecaster does not have."""
