"""An app whose `kinds.py` registers kinds made for testing the engine."""
