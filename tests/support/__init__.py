"""What several test modules share: small studies, invented results and data files."""
