"""Simulated serving: hardware, what its steps cost, servers that batch, and policies over them. Grades nothing."""
