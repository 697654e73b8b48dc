"""The test of a spectrum against a law: parts with a p-value each, and what ensembles know of their fluctuations."""
