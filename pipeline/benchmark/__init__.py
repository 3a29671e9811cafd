"""What benchmark alone needs: its parameters."""
