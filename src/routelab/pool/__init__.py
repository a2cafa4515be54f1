"""Where queries run: live endpoints and local models. Grades nothing and decides nothing."""
