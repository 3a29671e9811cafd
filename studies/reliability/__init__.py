"""What the pipeline does when something goes wrong: bad input, faults, and what is promised."""
