"""Figures as ratios against peers measured in the same run on the same core."""
