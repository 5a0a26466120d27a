"""What several test modules share: small studies, invented results, data files."""
