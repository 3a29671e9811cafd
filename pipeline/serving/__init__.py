"""What people do with the recorded models: look at them, promote one, serve it."""
