"""Where events come from. What is here only speaks Kafka and files; it never imports Spark."""
