"""Predictions on images, folders, videos and cameras."""
