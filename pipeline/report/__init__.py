"""What both pages use: charts, HTML templates, and the figures that both show."""
