"""A client of the database that dies in the middle of a student's transaction."""

import os
import signal
import subprocess
import sys

KILLED = """
import sys, psycopg
connection = psycopg.connect(sys.argv[1], prepare_threshold=None)
connection.execute("SELECT set_config('role', 'aada_student', true), set_config('aada.student_id', '1', true)")
assert connection.execute("SELECT current_user").fetchone() == ("aada_student",)
print("in the middle", flush=True)
sys.stdin.read()
"""


def killed_in_the_middle(url: str) -> None:
    """A client that dies in a student's transaction."""
    client = subprocess.Popen(
        [sys.executable, "-c", KILLED, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "in the middle\n"
    client.send_signal(signal.SIGKILL)
    client.communicate(timeout=60)
