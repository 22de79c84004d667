"""What `manage.py up` does: start the web process and the workers, keep them alive, stop them cleanly."""
