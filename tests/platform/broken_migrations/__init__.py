"""An app whose migration can't be run."""
