"""Augmentation: `augment(images)`, a batch (n, 3, side, side) in [0, 1], each image with its own random draw."""
