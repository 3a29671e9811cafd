"""The code that only train needs: its parameters, and the fit of one member."""
