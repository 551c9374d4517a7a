"""Parts of the mutation campaign: what is changed, and how the tests meet it."""
