"""PostgreSQL and Redis: private servers for tests, and the tests that need them."""
