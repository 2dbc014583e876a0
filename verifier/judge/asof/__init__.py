"""How a certificate stood at an instant, in the words of that time's block, and what has changed since."""
