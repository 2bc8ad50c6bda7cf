"""Records that a topic loses on the broker: by retention, or because it is deleted and created again."""

from kafka import TopicPartition

from streaming.kafka_admin import create_topics, describe_topics, open_admin
from tests.support.stream import InProcessStream


def lose_records(stream: InProcessStream, topic: str, below: int) -> None:
    """Deletes the records of partition 0 below an offset, as retention does."""
    with open_admin(stream.settings.kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): below})


def recreate(stream: InProcessStream, topic: str) -> None:
    """Deletes a topic with its records and creates it again, empty and with a new UUID."""
    old = describe_topics(stream.settings.kafka)[topic].uuid
    with open_admin(stream.settings.kafka) as admin:
        admin.delete_topics([topic])
    while topic in (known := describe_topics(stream.settings.kafka)) and known[topic].uuid == old:
        pass  # no sleep: each call is a round trip to the broker
    create_topics(stream.settings.kafka)
