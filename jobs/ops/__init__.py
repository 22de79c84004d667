"""The operations page: the whole engine at a glance, for staff, and the handles to act on it."""
