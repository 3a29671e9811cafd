"""The stage predict. Its code is in forecaster/."""
