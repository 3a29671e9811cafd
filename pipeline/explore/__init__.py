"""What explore alone needs: the summary, the figures and the page."""
