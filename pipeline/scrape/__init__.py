"""What scrape alone needs: the sources, and the rows that can be true."""
