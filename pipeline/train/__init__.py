"""What train alone needs: its parameters, and a member's fit."""
