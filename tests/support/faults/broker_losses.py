"""What can happen to a topic on the broker: retention, deletion and creation anew, more partitions."""

from kafka import TopicPartition

from streaming.kafka_admin import create_topics, describe_topics, open_admin
from tests.support.stream import StreamBench


def lose_records(bench: StreamBench, topic: str, below: int) -> None:
    """What retention does to partition 0."""
    with open_admin(bench.settings.kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): below})


def recreate(bench: StreamBench, topic: str) -> None:
    """Deletes a topic with its records and creates it again, as empty as at first."""
    old = describe_topics(bench.settings.kafka)[topic].uuid
    with open_admin(bench.settings.kafka) as admin:
        admin.delete_topics([topic])
    while topic in (known := describe_topics(bench.settings.kafka)) and known[topic].uuid == old:
        pass  # each look is a round trip to the broker
    create_topics(bench.settings.kafka)
