"""What all models share: `store` (versions on disk, each with a manifest), `registry` (their status in PostgreSQL)."""
