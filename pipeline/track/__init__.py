"""What track alone needs: MLflow."""
