"""What plot alone needs: figures, tables and the page."""
