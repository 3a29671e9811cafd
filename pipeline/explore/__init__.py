"""Stage explore: the summary, the figures and the page on the data."""
