"""What arrives: task generators and graders. Knows nothing of routers or models."""
