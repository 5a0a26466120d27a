"""The executor that trains on the nodes of a Ray cluster."""
