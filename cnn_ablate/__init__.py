"""Ablation studies of small image-classification CNNs that can be trusted."""
