"""Key policies as values: parsing, meaning, editing and evaluating them. Nothing here talks to AWS."""
