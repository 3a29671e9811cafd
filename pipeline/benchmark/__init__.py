"""The code that only benchmark needs: its parameters."""
