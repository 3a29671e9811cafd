"""`make verify`: rebuild a commit from nothing and compare each output with the hash in its dvc.lock."""
