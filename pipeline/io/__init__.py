"""What all stages share: start, parameters, files and error messages."""
