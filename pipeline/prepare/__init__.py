"""The code that only prepare needs: the splits, and what is fitted on train."""
