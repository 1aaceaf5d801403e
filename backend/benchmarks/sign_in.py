"""What a sign-in costs beside the bcrypt it is made of: `python benchmarks/sign_in.py [rounds of measuring]`.

Signs in through the whole program (middleware, route, two transactions on a real PostgreSQL 17) at the production
cost of bcrypt, alternating with a bare bcrypt check of the same password, and prints the ratio of the medians.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import bcrypt
from fastapi.testclient import TestClient

from app.accounts.bootstrap import ensure_first_admin
from app.db.session import Database
from app.main import create_app
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings

EMAIL, PASSWORD = "admin@school.example", "mulberry lantern gravel"
COST = 12


def main(measured: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with EmbeddedServer(Path(folder) / "postgres") as server:
            server.ensure_database()
            settings = Settings(
                _env_file=None,
                database_url=server.url(),
                secret_key="a key for measuring alone, of good length",
                aada_app_password="for measuring",
                data_dir=Path(folder) / "data",
                bcrypt_rounds=COST,
                log_level="ERROR",
            )
            migrations.upgrade(settings)
            roles.set_app_password(settings)
            measure(settings, measured)


def measure(settings: Settings, measured: int) -> None:
    database = Database(settings)
    with database.begin() as session:
        ensure_first_admin(session, settings, EMAIL, PASSWORD)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST))
    whole, bare = [], []
    with TestClient(
        create_app(settings, database), base_url=settings.app_origin, follow_redirects=False
    ) as client:
        for number in range(measured + 2):
            start = time.perf_counter()
            answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
            middle = time.perf_counter()
            assert bcrypt.checkpw(PASSWORD.encode(), hashed)
            end = time.perf_counter()
            assert answer.status_code == 303, answer.text
            if number >= 2:  # the first ones open connections and compile templates
                whole.append(middle - start)
                bare.append(end - middle)
    database.close()
    sign_in, verify = statistics.median(whole), statistics.median(bare)
    print(f"bcrypt cost {COST}, medians of {measured}")
    print(f"bare bcrypt check {verify * 1000:.1f} ms, whole sign-in {sign_in * 1000:.1f} ms")
    print(f"sign-in / bcrypt check = {sign_in / verify:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
