"""The chaos run: real processes, real databases, and a seed that says what breaks and when.

``python -m tests.chaos --jobs 2000 --seed 7 --database postgres``. People submit jobs of mixed kinds by REST;
the
AI service stalls, cuts, lies and refuses; workers, web processes, hosts, Redis and database connections are
killed. What must hold afterwards is in `verdict`; how to read the report, in CONTRIBUTING.md.
"""
