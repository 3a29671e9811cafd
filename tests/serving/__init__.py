"""Tests of pipeline/serving."""
