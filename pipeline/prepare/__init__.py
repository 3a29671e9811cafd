"""What prepare alone needs: the splits, and what is learnt from train."""
