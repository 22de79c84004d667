from tests.fake_openai.fixtures import fake_openai, fake_server

__all__ = ["fake_openai", "fake_server"]
