"""The free calculus: operations on laws, and what follows from subordination."""
