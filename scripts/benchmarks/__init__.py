"""What ``scripts/bench`` runs: whole programs against a simulated AWS that answers at once or after a set delay."""
