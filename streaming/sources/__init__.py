"""What Spark reads: Kafka topics as streams. Where records come from is `streaming.producers`."""
