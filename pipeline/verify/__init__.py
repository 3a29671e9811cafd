"""`make verify`: rebuild a commit from scratch and compare each output with the hash in its dvc.lock."""
