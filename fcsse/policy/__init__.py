"""Key policies as values: parsing, meaning and editing them, with their text kept. Nothing here talks to AWS."""
