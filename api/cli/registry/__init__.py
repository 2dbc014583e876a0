"""Commands of a registry's people, who have its state folder before them."""
