"""Models that answer for real: any OpenAI-compatible endpoint, and llama.cpp in this process."""
