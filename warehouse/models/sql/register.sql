INSERT INTO ops.model_version (model, version, status, manifest_sha256, metrics, data_until, decision)
VALUES (%(model)s, %(version)s, %(status)s, %(manifest_sha256)s, %(metrics)s, %(data_until)s, %(decision)s)
ON CONFLICT (model, version) DO UPDATE SET status = excluded.status, manifest_sha256 = excluded.manifest_sha256,
    metrics = excluded.metrics, data_until = excluded.data_until, decision = excluded.decision;
