"""Analysis without any AI service: real language tools, and honest about being no more than that.

scikit-learn, yake and numpy are heavy to import (seconds on a cold disk): they are imported inside the
functions that use them, which run in threads of workers.
"""
