"""What happens to a run that is killed, to a folder that is harmed, and to bad input."""
