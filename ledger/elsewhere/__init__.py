"""What people of the registry decide and sign on machines of their own, and how it is carried out (S18)."""
