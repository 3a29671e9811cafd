"""What evaluate alone needs: scores, tests, bands and sentences."""
