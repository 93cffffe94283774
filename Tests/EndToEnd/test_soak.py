"""A short siege (`make soak` is the long one): honest readers scrub, fourteen others do all they can, versions come and go."""

import pytest
from soaking import BESIDE_CACHE_MIB, MEMORY, Crowd, Watch, allowed, make_store, serve

CACHE_MIB, SECONDS = 64, 10


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("soak"), neurons=16_384, rows=90, classes=9, instances=64)


def test_a_crowd_does_not_take_the_server_from_others(tiles):
    with (
        serve(tiles, cache_mib=CACHE_MIB, build_threads=2, build_queue=64, idle_seconds=10) as server,
        Crowd(server, SECONDS, "dishonest", 14, nice=10) as dishonest, Crowd(server, SECONDS, "honest", 12) as honest,
        Watch(server, tiles, interval=1) as watch,
    ):  # fmt: skip
        readers, attackers = honest.end(), dishonest.end()
        watch.measure()
        assert server.stop() == 0
        said = "".join(server.errors)
    print(readers["statuses"], readers["requests"], readers["renewals"], attackers, f"{watch.memory_mib:.0f} MiB")
    assert readers["failures"] == []
    assert watch.flips > 0
    assert min(readers["requests"]) * 4 > max(readers["requests"]), "every reader gets on"
    for kind, statuses in attackers.items():
        assert statuses and allowed(statuses), (kind, statuses)
    assert watch.memory_mib < CACHE_MIB + BESIDE_CACHE_MIB, MEMORY
    assert "fault" not in said and "damaged" not in said, said


def test_a_storm_of_orders_leaves_the_server_to_others(tiles):
    """Forty-eight connections ask for orders of whole layers by groups of the moment, each another one: what is kept of them is bounded."""
    with (
        serve(tiles, cache_mib=CACHE_MIB, build_threads=2, build_queue=64, idle_seconds=10) as server,
        Crowd(server, SECONDS / 2, "orders_of_the_moment", 4, nice=10) as storm, Crowd(server, SECONDS / 2, "honest", 6) as honest,
        Watch(server, tiles, interval=3600) as watch,
    ):  # fmt: skip
        readers, statuses = honest.end(), storm.end()["orders_of_the_moment"]
        assert server.stop() == 0
        said = "".join(server.errors)
    print(readers["statuses"], statuses, f"{watch.memory_mib:.0f} MiB")
    assert readers["failures"] == [] and min(readers["requests"]) > 0
    assert statuses.get("200", 0) > 0 and statuses.keys() <= {"200", "429", "503"}
    assert watch.memory_mib < CACHE_MIB + BESIDE_CACHE_MIB, MEMORY
    assert "fault" not in said and "damaged" not in said, said
