"""Stage vega: the script that draws the charts of the pages."""
