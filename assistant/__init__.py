"""roadcall: a voice-first in-car assistant for people who live in meetings."""
