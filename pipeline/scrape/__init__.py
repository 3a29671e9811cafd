"""The stage scrape: read prices from a source and check each row."""
