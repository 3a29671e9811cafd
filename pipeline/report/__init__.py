"""What both pages are made of: charts, the page, and the figures that both show."""
