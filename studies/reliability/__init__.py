"""Show that nothing is lost, whatever happens to a run."""
